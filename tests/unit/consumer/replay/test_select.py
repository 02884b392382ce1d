"""How user records become logs, and which logs are wanted."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from consumer import redact
from consumer.replay.deaggregate import Broken, UserRecord
from consumer.replay.select import Selection, read_log, redacted, selector, withheld
from consumer.unpack import unpack
from ingest.contract.errors import UnreadableReason
from ingest.contract.message import encode
from tests.messages import message
from tests.unit.consumer.fakes import delivery


def user_record(data: bytes, key: str = "acme") -> UserRecord:
    """Return a user record at place 3."""
    return UserRecord(3, key, data)


def test_a_log_comes_back_as_it_was_written() -> None:
    """A log is read as ingest encoded it."""
    log = message(text="é ￾ \x00", fields={"a": [1, {"b": None}]})
    assert read_log(user_record(encode(log))) == log


def test_the_pending_mark_does_not_outlive_the_stream() -> None:
    """A log read from the stream has no pending mark, so that a copy in the queue is not put on the stream again."""
    assert read_log(user_record(encode(message(stream_pending=True)))) == message()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "undecodable"),
        (b"not json", "undecodable"),
        (b"\xff\xfe", "undecodable"),
        (encode(message()).replace(b'"hello"', b"7"), "undecodable"),
        (encode(message(received_at="yesterday")), "undecodable"),
        (encode(message(received_at="2026-11-24T05:40:00")), "undecodable"),
        (encode(message(received_at="0001-01-01T00:00:00+23:59")), "undecodable"),
        (encode(message(received_at="9999-12-31T23:59:59-00:01")), "undecodable"),
        (encode(message(schema_version=99)), "unknown_schema_version"),
        (encode(message(tenant_id="globex")), "tenant_mismatch"),
    ],
)
def test_what_is_no_log_of_the_tenant_is_broken(data: bytes, reason: str) -> None:
    """A user record that is no log of its tenant is returned whole, with its place and the reason."""
    read = read_log(user_record(data))
    assert isinstance(read, Broken)
    assert (read.sub_sequence_number, read.partition_key, read.data, read.reason) == (3, "acme", data, reason)


_UNREADABLE: dict[UnreadableReason, bytes] = {
    "undecodable": b'{"half',
    "unknown_schema_version": encode(message(schema_version=99)),
}


@pytest.mark.parametrize("reason", get_args(UnreadableReason))
def test_the_consumer_and_a_replay_name_what_decode_refuses_alike(reason: UnreadableReason) -> None:
    """Consumer and replay give the same reason for each body that `decode` refuses."""
    data = _UNREADABLE[reason]
    (spoiled,) = unpack([delivery(body=data.decode())]).spoiled
    read = read_log(user_record(data))
    assert isinstance(read, Broken)
    assert (spoiled.poison.reason, read.reason) == (reason, reason)


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(since=datetime(2025, 11, 24, 15, 59, tzinfo=UTC)), True),
        (Selection(since=datetime(2025, 11, 24, 15, 59, 0, 1000, tzinfo=UTC)), False),
        (Selection(until=datetime(2025, 11, 24, 15, 59, tzinfo=UTC)), False),
        (Selection(until=datetime(2025, 11, 24, 15, 59, 0, 1000, tzinfo=UTC)), True),
        (Selection(tenants=frozenset({"acme", "other"})), True),
        (Selection(tenants=frozenset({"other"})), False),
    ],
)
def test_selection(selection: Selection, *, wanted: bool) -> None:
    """`since` is inclusive, `until` exclusive, and without tenants all are wanted."""
    assert selector(selection)(message()) is wanted


def test_redaction_changes_text_and_fields_only() -> None:
    """Redaction changes only text and fields, and a log without fields stays without them."""
    redactor = redact.build()
    log = message(
        text="call 555-0199",
        fields={"note": ["555-0199", 7]},
        event_at="2026-11-24T05:40:00.123456789Z",
        severity="warn",
        arrived_at="01a2d1e0-1c2b-7123-8000-0123456789ab",
    )
    expected = msgspec.structs.replace(log, text="call [REDACTED]", fields={"note": ["[REDACTED]", 7]})
    assert redacted(log, redactor) == expected
    assert redacted(message(), redactor) == message()


def test_a_pattern_that_never_ends_withholds_its_log() -> None:
    """The replay goes on; the log has nothing of text and fields."""
    slow = redact.build((), ("(a+)+$",))
    log = message(text=f"{'a' * 27}b", fields={"n": 1})
    assert redacted(log, slow) == withheld(log)
    assert (withheld(log).text, withheld(log).fields, withheld(log).log_id) == ("[REDACTED]", None, log.log_id)
    quick = message(text="bb", fields={"n": 1})
    assert redacted(quick, slow) == quick
