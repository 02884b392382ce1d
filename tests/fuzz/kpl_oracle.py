"""What must hold for any Kinesis record, whatever its bytes. Pure: an AssertionError or any exception is a finding.

The first line of the fuzzer's bytes says how the rest is meant, and names the Kinesis record's own partition key:

    r key   the record's data as it is
    w key   the body of an aggregated record: it gets the magic and the right digest, which no mutation would find
    s key   a description of a sound body: a line of partition keys and a line of explicit hash keys (with commas), then
            one line for each user record: `index[:hash key index] data`

The second reader is AWS's `aws_kinesis_agg`.
"""

import contextlib
import hashlib
import io
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, get_args

from consumer.replay.aggregated_record import AggregatedRecord
from consumer.replay.deaggregate import Broken, BrokenReason, UserRecord, deaggregate
from consumer.replay.select import read_log
from ingest.contract.kpl import DIGEST_SIZE, MAGIC
from ingest.contract.message import InternalMessage, encode
from tests.fuzz.shapes import shapes
from tests.reference_kpl import iter_deaggregate_records

Piece = UserRecord | Broken

_OF_THE_WHOLE: Final = frozenset({"truncated", "wrong_digest", "broken_body"})
_OF_A_LOG: Final = frozenset({"undecodable", "unknown_schema_version", "tenant_mismatch"})
_REASONS: Final = _OF_THE_WHOLE | _OF_A_LOG | {"index_out_of_range"}
assert frozenset(get_args(BrokenReason)) == _REASONS
_FRAME_BYTES: Final = len(MAGIC) + DIGEST_SIZE


class Reader(NamedTuple):
    """The two functions under test; a planted bug stands in for one of them."""

    deaggregate: Callable[[str, bytes], list[Piece]] = deaggregate
    read_log: Callable[[UserRecord], InternalMessage | Broken] = read_log


REAL: Final = Reader()


def check(data: bytes, reader: Reader = REAL) -> list[InternalMessage | Broken]:
    """Check all that must hold; return what the reader makes of these bytes, a log or a broken piece each."""
    first, _, rest = data.partition(b"\n")
    key = first[2:].decode(errors="replace")
    if first[:1] == b"w":
        return _check_aggregated(key, rest, reader)
    if first[:1] == b"s":
        body, expected = _made(key, rest)
        logs = _check_aggregated(key, body, reader)
        assert reader.deaggregate(key, wrapped(body)) == expected
        return logs
    return _check_any(key, rest, reader)


def wrapped(body: bytes) -> bytes:
    """Return the body as a record with the magic and the right digest."""
    return bytes(MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest())


def _check_aggregated(key: str, body: bytes, reader: Reader) -> list[InternalMessage | Broken]:
    """Check that a record is read as AWS reads it, and with a byte changed or cut off is broken as a whole."""
    record = wrapped(body)
    logs = _check_any(key, record, reader)
    digest = record[-DIGEST_SIZE:]
    place = len(MAGIC) + int.from_bytes(digest[:4]) % (len(record) - len(MAGIC))
    flipped = record[:place] + bytes([record[place] ^ (digest[4] or 1)]) + record[place + 1 :]
    for damaged in (flipped, record[:-1], record + b"\0"):
        reason: BrokenReason = "truncated" if len(damaged) < _FRAME_BYTES else "wrong_digest"
        assert reader.deaggregate(key, damaged) == [Broken(0, key, damaged, reason)]
    return logs


def _check_any(key: str, record: bytes, reader: Reader) -> list[InternalMessage | Broken]:
    pieces = reader.deaggregate(key, record)
    for piece in pieces:
        assert isinstance(piece.partition_key, str)
        assert isinstance(piece.data, bytes)
        assert isinstance(piece, UserRecord) or piece.reason in _REASONS
    if not record.startswith(MAGIC):
        assert pieces == [UserRecord(0, key, record)]
    elif len(record) < _FRAME_BYTES:
        assert pieces == [Broken(0, key, record, "truncated")]
    elif [piece.reason for piece in pieces if isinstance(piece, Broken) and piece.reason in _OF_THE_WHOLE]:
        assert pieces in ([Broken(0, key, record, "wrong_digest")], [Broken(0, key, record, "broken_body")])
    else:
        assert [piece.sub_sequence_number for piece in pieces] == list(range(len(pieces)))
        _check_against_aws(key, record, pieces)
    return [_checked_log(piece, reader) if isinstance(piece, UserRecord) else piece for piece in pieces]


def _checked_log(piece: UserRecord, reader: Reader) -> InternalMessage | Broken:
    """Return the record's log, complete and under its own tenant's key, or the unchanged broken user record."""
    found = reader.read_log(piece)
    if isinstance(found, Broken):
        assert found == (*piece, found.reason)
        assert found.reason in _OF_A_LOG
        return found
    assert found.tenant_id == piece.partition_key
    assert not found.stream_pending
    assert datetime.fromisoformat(found.received_at).tzinfo is not None
    assert reader.read_log(piece._replace(data=encode(found))) == found
    return found


def _check_against_aws(key: str, record: bytes, pieces: list[Piece]) -> None:
    """Check that the answer has all that AWS's protobuf class holds, and good records as AWS's reader gives them."""
    held = AggregatedRecord.FromString(record[len(MAGIC) : -DIGEST_SIZE])
    assert [piece.data for piece in pieces] == [one.data for one in held.records]
    if any(isinstance(piece, Broken) for piece in pieces):
        return  # AWS's reader stops at the first broken one.
    given = {"SequenceNumber": "1", "PartitionKey": key, "Data": record, "ApproximateArrivalTimestamp": 0}
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        found = [one["kinesis"] for one in iter_deaggregate_records([given], data_format="Boto3")]
    assert errors.getvalue() == ""
    if len(record) == _FRAME_BYTES:  # AWS's reader takes an empty body for a plain record; it holds no user record.
        assert not pieces
        return
    assert all(one["aggregated"] for one in found)
    theirs = [(one["subSequenceNumber"], one["partitionKey"], b64decode(one["data"])) for one in found]
    assert [tuple(piece) for piece in pieces] == theirs


def _made(key: str, text: bytes) -> tuple[bytes, list[Piece]]:
    """Return a sound body with these keys and user records, and the pieces that any reader must find in it."""
    keys_line, _, rest = text.partition(b"\n")
    hash_keys_line, _, rest = rest.partition(b"\n")
    keys = keys_line.decode(errors="replace").split(",") if keys_line else []
    hash_keys = hash_keys_line.decode(errors="replace").split(",") if hash_keys_line else []
    made: Any = AggregatedRecord(partition_key_table=keys, explicit_hash_key_table=hash_keys)
    expected: list[Piece] = []
    for position, line in enumerate(rest.split(b"\n") if rest else []):
        indices, _, data = line.partition(b" ")
        key_index, colon, hash_key_index = indices.partition(b":")
        one = made.records.add(partition_key_index=_index(key_index), data=data)
        if colon:
            one.explicit_hash_key_index = _index(hash_key_index)
        if _index(key_index) < len(keys) and (not colon or _index(hash_key_index) < len(hash_keys)):
            expected.append(UserRecord(position, keys[_index(key_index)], data))
        else:
            expected.append(Broken(position, key, data, "index_out_of_range"))
    return made.SerializeToString(), expected


def _index(digits: bytes) -> int:
    return int(digits) if digits.isdigit() and len(digits) < 19 else 0


def kinds(logs: list[InternalMessage | Broken]) -> set[str]:
    """Return the number of pieces (by powers of two, up to 8), what is wrong with them, and the logs' fields."""
    broken = {log.reason for log in logs if isinstance(log, Broken)}
    fields = (shapes(log.fields) for log in logs[:3] if isinstance(log, InternalMessage))
    return {str(min(len(logs), 8).bit_length())}.union(broken, *fields)
