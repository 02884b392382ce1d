"""Splunk's HTTP Event Collector: events of every kind, raw lines, and every answer."""

import base64
import json
from typing import Any

import pytest

from ingest.api.dialect import Record
from ingest.api.dialects.splunk_hec import DIALECT
from ingest.api.request import Request
from ingest.contract.errors import Rejected
from tests.unit.ingest.conftest import Ingest

EVENT = "/services/collector/event"
RAW = "/services/collector/raw"


def _read(body: bytes, path: str = EVENT, **query: str) -> list[Record | Rejected]:
    return list(DIALECT.read(Request({}, query, body, path)).records)


def _one(body: bytes) -> Record:
    (record,) = _read(body)
    assert isinstance(record, Record), record
    return record


def _event(body: bytes, path: str = EVENT, method: str = "POST", **headers: str) -> dict[str, Any]:
    return {
        "headers": {"x-tenant-id": "acme", "content-type": "application/x-www-form-urlencoded"} | headers,
        "requestContext": {"requestId": "r-1", "http": {"method": method, "path": path}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _answer(response: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return response["statusCode"], json.loads(response["body"])


@pytest.mark.parametrize(
    ("event", "text", "left"),
    [
        ('"hi\\u0000\\uffff"', "hi\x00\uffff", None),
        ('{"message":"m","user":"bob"}', "m", {"user": "bob"}),
        ('{"msg":"m","level":"warn"}', "m", {"level": "warn"}),
        ('{"message":""}', "", {}),
        ('{"message":{"msg":"m","pid":1},"severity":"info"}', "m", {"message": {"pid": 1}, "severity": "info"}),
        ('{"message":{"pid":1}}', '{"pid":1}', {"message": {"pid": 1}}),
        ('{"user":1}', '{"user":1}', {"user": 1}),
        ("{}", "{}", {}),
        ("9007199254740993", "9007199254740993", 9007199254740993),
        ("0", "0", 0),
        ("false", "false", False),
        ("[1,[2]]", "[1,[2]]", [1, [2]]),
        ("0.1", "0.1", 0.1),
    ],
)
def test_an_event_of_every_type_is_kept(event: str, text: str, left: Any) -> None:
    """A string or message is the text; the rest of an object, and a value of any other type, is kept under `event`."""
    record = _one(f'{{"event":{event},"host":"web-1","x":1}}'.encode())
    fields = record.fields or {}
    assert (record.text, fields.get("event"), fields["host"], fields["x"]) == (text, left, "web-1", 1)
    assert ("event" in fields) == (left is not None)


@pytest.mark.parametrize(
    ("members", "event_at"),
    [
        ('"time":1764000000.123456789', "2025-11-24T16:00:00.123456789Z"),
        ('"time":"1764000000.5"', "2025-11-24T16:00:00.5Z"),
        ('"time":1764000000123', "2025-11-24T16:00:00.123Z"),
        ('"time":0', "1970-01-01T00:00:00Z"),
        ('"time":"soon"', "2026-01-01T00:00:00Z"),
        ('"host":"h"', "2026-01-01T00:00:00Z"),
    ],
)
def test_the_time_is_the_envelope_s_or_else_the_event_s(members: str, event_at: str) -> None:
    """The time is the envelope's, as number or string with every digit, or else the event's own."""
    record = _one(f'{{{members},"event":{{"ts":"2026-01-01T00:00:00Z","message":"m"}}}}'.encode())
    assert record.event_at == event_at


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        (b'{"event":{"message":"m","severity":"warn"},"fields":{"level":"info"}}', "warn"),
        (b'{"event":{"message":{"msg":"m","level":50}},"fields":{"level":"info"}}', "error"),
        (b'{"event":"m","fields":{"level":"error"}}', "error"),
        (b'{"event":"m","severity":"debug"}', "debug"),
        (b'{"event":"m"}', None),
    ],
)
def test_the_severity_is_the_event_s_or_else_the_fields(body: bytes, severity: str | None) -> None:
    """The severity is read from the event, or else from the fields or the envelope."""
    assert _one(body).severity == severity


@pytest.mark.parametrize(
    "body",
    [
        b'{"event":"a"}{"event":"b"}',
        b'{"event":"a"} {"event":"b"}',
        b'{"event":"a"}\n\r\n{"event":"b"}\n',
        b'{\n"event":"a"}\n{"event":\n"b"}',
        b'[{"event":"a"},{"event":"b"}]',
        b'\xef\xbb\xbf{"event":"a"}{"event":"b"}',
    ],
)
def test_events_stand_one_after_another(body: bytes) -> None:
    """Events are read with or without line ends between them, and from an array."""
    assert [record.text for record in _read(body) if isinstance(record, Record)] == ["a", "b"]


def test_an_object_without_an_event_is_a_log_where_it_has_a_message() -> None:
    """An object without `event` but with a message, as from Fluent Bit's `splunk_send_raw`, is a log."""
    record = _one(b'{"message":"m","level":"info","ts":"2026-01-01T00:00:00Z"}')
    assert (record.text, record.severity, record.event_at) == ("m", "info", "2026-01-01T00:00:00Z")


def test_a_blank_event_with_fields_is_a_log() -> None:
    """A blank event that has fields is a log with an empty text."""
    record = _one(b'{"event":"","fields":{"a":1}}')
    assert (record.text, record.fields) == ("", {"fields": {"a": 1}})


def test_raw_lines_are_logs() -> None:
    """Each raw line that is not blank is a log with the query's values, and invalid text is refused alone."""
    found = _read(b"a\tb \r\n\n\r\nc\xff\n\xc3\xa9", RAW, sourcetype="st", host="h", channel="c", other="x")
    of_all = {"sourcetype": "st", "host": "h", "channel": "c"}
    assert [record.reason if isinstance(record, Rejected) else record for record in found] == [
        Record("a\tb ", fields=of_all),
        "invalid_encoding",
        Record("é", fields=of_all),
    ]


def test_success_is_code_0(ingest: Ingest) -> None:
    """Success is a 200 with code 0, whatever type the body had."""
    assert _answer(ingest(_event(b'{"event":"a"}'))) == (200, {"text": "Success", "code": 0})
    assert [message.source for message in ingest.enqueued] == ["splunk_hec"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [(b'{"event":""}', 13), (b'{"host":"h"}', 12), (b"{nonsense}", 6), (b"7", 6), (b'{"event":"\xff"}', 6)],
)
def test_a_refused_event_costs_no_neighbour_and_is_named(bad: bytes, code: int, ingest: Ingest) -> None:
    """A partly refused request is a 200 with the event's number: after a 400, good events are repeated or lost."""
    status, said = _answer(ingest(_event(b'{"event":"a"}\n' + bad + b'\n{"event":"b"}')))
    assert (status, said["code"], said["invalid-event-number"]) == (200, code, 1)
    assert [message.text for message in ingest.enqueued] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", {"text": "No data", "code": 5}),
        (b" \n", {"text": "No data", "code": 5}),
        (b'{"host":"h"}', {"text": "Event field is required", "code": 12, "invalid-event-number": 0}),
        (b'{"event":null}', {"text": "Event field is required", "code": 12, "invalid-event-number": 0}),
        (b'{"event":""}', {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0}),
        (b"nonsense", {"text": "Invalid data format", "code": 6, "invalid-event-number": 0}),
    ],
)
def test_a_request_of_nothing_good_is_a_400(body: bytes, said: dict[str, Any], ingest: Ingest) -> None:
    """A request without a valid event is a 400 with Splunk's text and code, and nothing is stored."""
    assert _answer(ingest(_event(body))) == (400, said)
    assert ingest.enqueued == []


def test_a_reason_that_splunk_has_no_word_for_is_ours(ingest: Ingest) -> None:
    """A reason that Splunk does not have is told by ingest's own text."""
    status, said = _answer(ingest(_event(b'{"event":"a"}', **{"x-tenant-id": ""})))
    assert (status, said["text"], said["code"]) == (400, "Missing X-Tenant-ID header", 6)


def test_what_the_queue_did_not_take_is_asked_for_again() -> None:
    """If the queue does not take the logs, the answer is a 503 "Server is busy" with Retry-After."""
    response = Ingest(remaining_ms=1_500)(_event(b'{"event":"a"}'))
    assert _answer(response) == (503, {"text": "Server is busy", "code": 9})
    assert response["headers"]["retry-after"] == "5"


@pytest.mark.parametrize(
    ("rejected", "status", "code"),
    [
        (Rejected("over_quota", 7), 429, 9),
        (Rejected("credentials_unchecked", 7), 503, 9),
        (Rejected("missing_credentials"), 401, 2),
        (Rejected("unknown_credentials"), 403, 4),
        (Rejected("tenant_forbidden"), 403, 4),
        (Rejected("body_too_large"), 413, 6),
    ],
)
def test_refusals_of_the_door_are_in_splunk_s_words(rejected: Rejected, status: int, code: int) -> None:
    """Refusals of quota and credentials have Splunk's codes, and Retry-After if a retry can help."""
    response = DIALECT.refuse(rejected, Request({}, {}, b""))
    said = json.loads(response["body"])
    assert (response["statusCode"], said["code"]) == (status, code)
    assert said["text"]
    assert response["headers"].get("retry-after") == (str(rejected.retry_after_s) if rejected.retry_after_s else None)


def test_health_is_answered_without_credentials(ingest: Ingest) -> None:
    """The health check needs no credentials, nor does the OPTIONS request with which Docker's log driver begins."""
    healthy = (200, {"text": "HEC is healthy", "code": 17})
    assert _answer(ingest(_event(b"", "/services/collector/health", "GET"))) == healthy
    assert _answer(ingest(_event(b"", "/services/collector/health/1.0", "GET"))) == healthy
    assert ingest(_event(b"", "/services/collector/event/1.0", "OPTIONS"))["statusCode"] == 200


def test_acknowledgements_are_said_to_be_off(ingest: Ingest) -> None:
    """A request for acknowledgements is told that they are off, and no answer has an ackId."""
    asked = ingest(_event(b'{"acks":[1]}', "/services/collector/ack"))
    assert _answer(asked) == (400, {"text": "ACK is disabled", "code": 14})
    given = ingest(_event(b'{"event":"a"}', **{"x-splunk-request-channel": "00872DC6-AC83-4EDE-8AFE-8413C3825C4C"}))
    assert "ackId" not in json.loads(given["body"])


@pytest.mark.parametrize(("body", "path"), [(b"{}" * 20_001, EVENT), (b"a\n" * 20_001, RAW)])
def test_more_events_than_a_request_may_hold_are_refused_whole(body: bytes, path: str) -> None:
    """A request with too many events is refused whole."""
    with pytest.raises(Rejected) as caught:
        _read(body, path)
    assert caught.value.reason == "too_many_records"


_QUERY = {"host": "h", "source": "s", "sourcetype": "st", "index": "i", "time": "1764000000.5"}


def test_the_query_holds_for_each_event_that_says_nothing_itself() -> None:
    """Host, source, sourcetype, index and time from the query are each event's, unless the event has its own."""
    silent, own, null = _read(b'{"event":"a"}{"event":"b","host":"own","time":1}{"event":"c","index":null}', **_QUERY)
    assert isinstance(silent, Record)
    assert isinstance(own, Record)
    assert isinstance(null, Record)
    assert (silent.fields, silent.event_at) == (_QUERY, "2025-11-24T16:00:00.5Z")
    assert (own.fields, own.event_at) == (_QUERY | {"host": "own", "time": 1}, "1970-01-01T00:00:01Z")
    assert null.fields == _QUERY


def test_the_query_holds_for_each_raw_line() -> None:
    """The query's values, its time included, are those of each raw line."""
    lines = _read(b"one\ntwo", RAW, **_QUERY)
    assert lines == [Record(text, fields=_QUERY, event_at="2025-11-24T16:00:00.5Z") for text in ("one", "two")]


def test_a_slash_behind_the_path_is_no_other_path(ingest: Ingest) -> None:
    """A path with one slash at its end is accepted, because some clients send it."""
    assert _answer(ingest(_event(b'{"event":"a"}', "/services/collector/")))[0] == 200
    assert ingest(_event(b"a", "/services/collector//"))["statusCode"] == 404
