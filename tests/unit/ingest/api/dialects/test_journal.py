"""systemd's journal-upload: entries in the journal's export format, and every answer."""

import base64
from typing import Any

import pytest

from ingest.api.dialect import Record
from ingest.api.dialects.journal import DIALECT
from ingest.api.request import Request
from ingest.api.wire_values import MAX_LOG_BYTES
from ingest.contract.errors import Rejected
from tests.unit.ingest.conftest import Ingest


def _read(body: bytes) -> list[Record | Rejected]:
    return list(DIALECT.read(Request({}, {}, body)).records)


def _shown(body: bytes) -> list[str]:
    return [record.reason if isinstance(record, Rejected) else record.text for record in _read(body)]


def _binary(name: bytes, value: bytes) -> bytes:
    return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def _event(body: bytes) -> dict[str, Any]:
    return {
        "headers": {"x-tenant-id": "acme", "content-type": "application/vnd.fdo.journal"},
        "requestContext": {"requestId": "r-1", "http": {"method": "POST", "path": "/upload"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def test_an_entry_is_a_log_under_its_cursor() -> None:
    """An entry's cursor is the log id, its message is the text, and all other fields are kept as strings."""
    fields = {"__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1764000000123456", "PRIORITY": "4", "_PID": "42", "E": ""}
    lines = "".join(f"{name}={value}\n" for name, value in fields.items())
    (record,) = _read(f"{lines}MESSAGE=a=b é\x00\n\n".encode())
    assert record == Record("a=b é\x00", None, "s=1;i=2", fields, "2025-11-24T16:00:00.123456Z", "warn")


def test_a_binary_value_is_read_by_its_length() -> None:
    """A binary value may contain line ends and blank lines."""
    body = _binary(b"MESSAGE", b"two\n\nlines=\n") + b"A=1\n\nMESSAGE=b\n"
    (first, second) = _read(body)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.text, first.fields, second.text) == ("two\n\nlines=\n", {"A": "1"}, "b")


def test_a_field_that_occurs_twice_keeps_its_values() -> None:
    """A field that occurs twice keeps both values, and of several messages the first is the text."""
    (record,) = _read(b"MESSAGE=a\nX=1\nMESSAGE=b\nX=2\nX=3\n\n")
    assert record == Record("a", fields={"MESSAGE": ["a", "b"], "X": ["1", "2", "3"]})


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"\nMESSAGE=a\n\n\n\nMESSAGE=b", ["a", "b"]),
        (b"MESSAGE=\n\nX=1\n", ["", ""]),
        (b"MESSAGE=a\n\nMESSAGE=\xff\n\nMESSAGE=b\n\nX\xff=1\n\n", ["a", "invalid_encoding", "b", "invalid_encoding"]),
        (b"MESSAGE=a\n\nB\n\xff\xff\xff\xff\xff\xff\xff\xffx\n\nMESSAGE=b\n", ["a", "invalid_record"]),
        (b"MESSAGE=a\n\nB\n\x01", ["a", "invalid_record"]),
        (b"MESSAGE=a\n\nX=" + b"x" * MAX_LOG_BYTES + b"\n\nMESSAGE=b\n", ["a", "text_too_large", "b"]),
        (b"X=1\n" * (MAX_LOG_BYTES // 4) + b"\nMESSAGE=b\n", ["text_too_large", "b"]),
    ],
)
def test_what_cannot_be_taken_is_refused_alone(body: bytes, shown: list[str]) -> None:
    """A bad entry is refused alone, but after a binary value without an end no further entry can be read."""
    assert _shown(body) == shown


def test_more_entries_than_a_request_may_hold_are_not_all_read() -> None:
    """Reading stops one entry after the limit, because the request is then refused anyway."""
    assert len(_read(b"A=\n\n" * 30_000)) == 20_001


def test_success_is_a_202(ingest: Ingest) -> None:
    """Success is a 202 as from journal-remote, and the same entries sent again are the same logs."""
    for _ in range(2):
        response = ingest(_event(b"__CURSOR=c1\nMESSAGE=a\n\n"))
        assert (response["statusCode"], response["body"]) == (202, "OK.\n")
    assert [(m.log_id, m.source) for m in ingest.enqueued] == [("c1", "journal")] * 2
    assert ingest(_event(b""))["statusCode"] == 202


def test_a_refused_entry_costs_no_neighbour_and_is_named(ingest: Ingest) -> None:
    """A partly refused upload is a 202 that names the entry; after another status the uploader repeats it for ever."""
    response = ingest(_event(b"MESSAGE=a\n\nMESSAGE=\xff\n\n"))
    assert (response["statusCode"], response["body"].splitlines()[0]) == (202, "OK.")
    assert "entry 1: " in response["body"]
    assert [message.text for message in ingest.enqueued] == ["a"]


def test_an_upload_of_nothing_good_is_a_400(ingest: Ingest) -> None:
    """An upload without a valid entry is a 400 that names the entries, and nothing is stored."""
    response = ingest(_event(b"MESSAGE=\xff\n\n"))
    assert (response["statusCode"], "invalid_encoding" in response["body"]) == (400, True)
    assert ingest.enqueued == []


def test_what_the_queue_did_not_take_is_asked_for_again() -> None:
    """If the queue does not take the logs, the answer is a 503 with Retry-After."""
    response = Ingest(remaining_ms=1_500)(_event(b"MESSAGE=a\n\n"))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")


def test_refusals_are_told_in_plain_text() -> None:
    """A refusal is plain text, and one for the quota has Retry-After."""
    response = DIALECT.refuse(Rejected("over_quota", 7), Request({}, {}, b""))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (429, "7")
