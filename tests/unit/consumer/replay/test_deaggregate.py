"""Deaggregation of a Kinesis record: the golden vectors, and that no part of a record is dropped."""

import hashlib
from pathlib import Path

import pytest

from consumer.replay.deaggregate import Broken, UserRecord, deaggregate

VECTORS = sorted((Path(__file__).parents[3] / "golden" / "kpl").glob("*.txt"))
KEY = "the record's own key"


def vector(path: Path) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """Return a vector's bytes and what is expected of them (see the folder's README)."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    middle = lines.index("=")
    expected = [line.split(" ") for line in lines[middle + 1 :]]
    return bytes.fromhex("".join(lines[:middle])), [
        (key, bytes.fromhex(data[0]) if data or not key.startswith("!") else None) if data else (key, _none(key))
        for key, *data in expected
    ]


def _none(key: str) -> bytes | None:
    return None if key.startswith("!") else b""


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_golden_vector(path: Path) -> None:
    """A record encoded by hand from the format's description gives exactly what its file says, in order."""
    data, expected = vector(path)
    pieces = deaggregate(KEY, data)
    assert [piece.sub_sequence_number for piece in pieces] == list(range(len(pieces)))
    found = [
        (f"!{piece.reason}", None if piece.data == data else piece.data)
        if isinstance(piece, Broken)
        else (piece.partition_key.replace(KEY, "@"), piece.data)
        for piece in pieces
    ]
    assert found == expected


def test_there_are_vectors_of_every_kind() -> None:
    """The golden folder holds each kind of broken record."""
    reasons = {key for path in VECTORS for key, _ in vector(path)[1] if key.startswith("!")}
    assert reasons == {"!truncated", "!wrong_digest", "!broken_body", "!index_out_of_range"}


@pytest.mark.parametrize("position", range(4, 61))
def test_any_flipped_byte_after_the_magic_is_noticed(position: int) -> None:
    """One wrong byte makes the whole record broken, keeps all its bytes, and never gives a wrong log."""
    sound, _ = vector(next(path for path in VECTORS if path.stem == "three_of_one_tenant"))
    if position >= len(sound):
        position = len(sound) - 1
    damaged = sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :]
    assert deaggregate(KEY, damaged) == [Broken(0, KEY, damaged, "wrong_digest")]


def test_a_plain_record_is_its_own_user_record() -> None:
    """A record that does not start with the magic is returned unchanged, under its own key."""
    assert deaggregate(KEY, b"{}") == [UserRecord(0, KEY, b"{}")]


def test_a_key_that_is_no_utf8_breaks_its_own_user_record_only() -> None:
    """A partition key that is no text breaks only its own user record; the neighbouring record is unharmed."""
    body = bytes.fromhex("0a02c3280a0461636d651a0508001a01611a0508011a0162")
    sound = bytes.fromhex("f3899ac2") + body + hashlib.md5(body, usedforsecurity=False).digest()
    assert deaggregate(KEY, sound) == [Broken(0, KEY, b"a", "undecodable"), UserRecord(1, "acme", b"b")]
