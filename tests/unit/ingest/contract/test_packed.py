"""The wire format of several logs in one message, and how an older program reads it."""

from pathlib import Path

import pytest

from ingest.contract.errors import Unreadable
from ingest.contract.message import SCHEMA_VERSION, InternalMessage, decode, encode
from ingest.contract.packed import FRAME_BYTES, PACKED_VERSION, apart, is_packed, joined
from tests.unit.ingest import fakes


def _log(number: int, text: str = "hello") -> InternalMessage:
    return fakes.message(log_id=f"log-{number}", text=text, schema_version=SCHEMA_VERSION)


_GOLDEN = Path(__file__).parents[3] / "golden"
_VECTORS = {
    "v3_two_logs": ("v2_plain", "v2_time_and_level"),
    "v3_odd_texts": ("v1_json_in_text", "v1_noncharacters", "v1_control_characters", "v1_beyond_ascii"),
    "v3_pending_and_numbers": ("v2_stream_pending", "v2_numbers_of_fields", "v2_own_id"),
}

_LOGS = [encode(_log(1)), encode(_log(2, '"logs":[1],\ufffe]}')), encode(_log(3, ""))]


def test_what_is_joined_comes_apart_byte_for_byte() -> None:
    """Joined logs come apart into the same bytes, in order, whatever their texts contain."""
    body = joined(_LOGS)
    assert len(body) == FRAME_BYTES + sum(map(len, _LOGS)) + len(_LOGS) - 1
    assert is_packed(body.decode())
    assert [log.encode() for log in apart(body.decode())] == _LOGS
    assert [decode(log) for log in apart(body.decode())] == [
        _log(1), _log(2, '"logs":[1],\ufffe]}'), _log(3, ""),
    ]  # fmt: skip


def test_a_log_alone_is_its_own_body() -> None:
    """A single log has the body that every consumer reads, without a frame."""
    assert joined(_LOGS[:1]) == _LOGS[0]
    assert not is_packed(_LOGS[0].decode())


def test_a_program_of_before_finds_a_version_that_it_does_not_know() -> None:
    """An older consumer puts a packed message aside as of an unknown version, and a redrive brings it back."""
    with pytest.raises(Unreadable) as caught:
        decode(joined(_LOGS))
    assert caught.value.reason == "unknown_schema_version"
    assert SCHEMA_VERSION < PACKED_VERSION, "a log's next version is not this number"


@pytest.mark.parametrize("cut", [0, 1, 2, 40])
def test_a_damaged_one_is_undecodable(cut: int) -> None:
    """A packed message that is cut short or has no log is undecodable as a whole."""
    whole = joined(_LOGS).decode()
    damaged = f'{{"schema_version":{PACKED_VERSION},"logs":[]}}' if cut == 0 else whole[:-cut]
    assert is_packed(damaged)
    with pytest.raises(Unreadable) as caught:
        apart(damaged)
    assert caught.value.reason == "undecodable"


def test_what_is_no_log_in_it_stands_alone() -> None:
    """An element that is no log is returned as it is, and its neighbours are unchanged."""
    body = joined([_LOGS[0], b'{"text": 7}', b"null", _LOGS[2]]).decode()
    assert apart(body) == [_LOGS[0].decode(), '{"text": 7}', "null", _LOGS[2].decode()]


def test_a_packed_message_in_one_is_no_log() -> None:
    """A packed message inside another is refused as a log of an unknown version."""
    (inner,) = apart(f'{{"schema_version":{PACKED_VERSION},"logs":[{joined(_LOGS).decode()}]}}')
    with pytest.raises(Unreadable, match="unknown_schema_version"):
        decode(inner)


def test_every_vector_has_its_logs() -> None:
    """Each golden vector has its expected logs."""
    assert {path.stem for path in (_GOLDEN / "packed").iterdir()} == set(_VECTORS)


@pytest.mark.parametrize("name", _VECTORS)
def test_golden_vectors_stay_as_they_are(name: str) -> None:
    """The golden bytes come apart into the golden logs, and joining these gives the same bytes."""
    vector = (_GOLDEN / "packed" / f"{name}.json").read_bytes()
    logs = [(_GOLDEN / "messages" / f"{log}.json").read_bytes() for log in _VECTORS[name]]
    assert [log.encode() for log in apart(vector.decode())] == logs
    assert joined(logs) == vector
