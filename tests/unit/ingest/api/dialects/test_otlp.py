"""OTLP over HTTP: what is read, in both encodings, and every answer."""

import base64
import json
from typing import Any

import pytest

from ingest.api.dialect import Record
from ingest.api.dialects.otlp import DIALECT
from ingest.api.protobuf import message
from ingest.api.request import Request
from ingest.api.wire_values import MAX_LISTED, MAX_PAIRS
from ingest.contract.errors import Rejected
from tests.unit.ingest.api.otlp.published import CLASSES
from tests.unit.ingest.conftest import Ingest

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
NS = 1_764_000_000_123_456_789
AT = "2025-11-24T16:00:00.123456789Z"


def _request(*logs: dict[str, Any], resource: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"resource_logs": [{"resource": resource or {}, "scope_logs": [{"log_records": list(logs)}]}]}


def _read(content_type: str, *logs: dict[str, Any], **members: Any) -> list[Record | Rejected]:
    request = _request(*logs, **members)
    is_json = content_type == JSON
    body = json.dumps(request).encode() if is_json else CLASSES["Request"](**request).SerializeToString()
    return list(DIALECT.read(Request({"content-type": content_type}, {}, body)).records)


def _event(body: bytes, content_type: str = PROTOBUF, **headers: str) -> dict[str, Any]:
    return {
        "headers": {"content-type": content_type, "x-tenant-id": "acme"} | headers,
        "requestContext": {"requestId": "r-1", "http": {"method": "POST", "path": "/v1/logs"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _body(response: dict[str, Any], kind: str) -> Any:
    assert response["headers"]["content-type"] == PROTOBUF
    encoded = base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode()
    return CLASSES[kind].FromString(encoded)


@pytest.mark.parametrize(
    ("body", "text", "field"),
    [
        ({"string_value": "hi\x00\ufffe"}, "hi\x00\ufffe", "absent"),
        ({"string_value": ""}, "", "absent"),
        ({"int_value": 2**63 - 1}, "9223372036854775807", 2**63 - 1),
        ({"int_value": -1}, "-1", -1),
        ({"double_value": 0.1}, "0.1", 0.1),
        ({"bool_value": False}, "false", False),
        ({"array_value": {"values": [{"int_value": 1}, {}]}}, "[1,null]", [1, None]),
        ({"array_value": {}}, "[]", []),
        (
            {"kvlist_value": {"values": [{"key": "a", "value": {"kvlist_value": {}}}]}},
            '{"a":{}}',
            {"a": {}},
        ),
        ({}, "", None),
    ],
)
@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_a_body_of_every_type_is_kept(content_type: str, body: dict[str, Any], text: str, field: Any) -> None:
    """A string body is the text; any other body is the text as JSON, and a field too; an absent body is null."""
    (record,) = _read(content_type, {"body": body})
    assert isinstance(record, Record)
    assert (record.text, (record.fields or {}).get("body", "absent")) == (text, field)
    assert type((record.fields or {}).get("body")) is type(None if field == "absent" else field)


def test_bytes_and_numbers_that_json_has_none_of_are_kept_by_their_names() -> None:
    """Bytes and NaN, which JSON cannot hold, are stored in the same form from both encodings."""
    nan = {"key": "x", "value": {"double_value": float("nan")}}
    (of_protobuf,) = _read(PROTOBUF, {"body": {"bytes_value": b"\x00\xff"}, "attributes": [nan]})
    said = {"bytesValue": "AP8="}
    (of_json,) = _read(JSON, {"body": said, "attributes": [{"key": "x", "value": {"doubleValue": "NaN"}}]})
    assert of_protobuf == of_json
    assert isinstance(of_json, Record)
    assert of_json.text == "AP8="
    assert of_json.fields == {"body": said, "attributes": {"x": {"doubleValue": "NaN"}}}


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_the_time_is_the_event_s_to_the_nanosecond_or_else_the_observer_s(content_type: str) -> None:
    """A log's time is its event time, else its observed time, to the nanosecond; 0 is no time."""
    records = _read(
        content_type,
        {"time_unix_nano": NS, "observed_time_unix_nano": NS + 1},
        {"observed_time_unix_nano": NS},
        {"time_unix_nano": 0},
        {"time_unix_nano": 2**64 - 1},
        {"time_unix_nano": 1},
    )
    times = [record.event_at if isinstance(record, Record) else record for record in records]
    assert times == [AT, AT, None, "2554-07-21T23:34:33.709551615Z", "1970-01-01T00:00:00.000000001Z"]
    first = records[0]
    assert isinstance(first, Record)
    assert first.fields == {"body": None, "observed_time_unix_nano": NS + 1}


@pytest.mark.parametrize(
    ("number", "text", "severity"),
    [
        (9, "", "info"),
        (24, "weird", "fatal"),
        (0, "WARN", "warn"),
        (99, "error", "error"),
        (0, "", None),
        (0, "loud", None),
    ],
)
@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_the_severity_is_the_number_s_or_else_the_text_s(
    content_type: str, number: int, text: str, severity: str | None
) -> None:
    """The severity comes from the number, else from the text; both are also kept as sent."""
    (record,) = _read(content_type, {"severity_number": number, "severity_text": text, "body": {"string_value": "x"}})
    assert isinstance(record, Record)
    assert record.severity == severity
    said = {"severity_number": number, "severity_text": text}
    assert record.fields == {name: value for name, value in said.items() if value}


def test_where_logs_come_from_is_kept_with_each() -> None:
    """Each log keeps its resource, scope, schema URLs, dropped counts, flags, and ids of any length in hex."""
    request = CLASSES["Request"](
        resource_logs=[
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"string_value": "shop"}}],
                    "dropped_attributes_count": 1,
                },
                "schema_url": "https://r",
                "scope_logs": [
                    {
                        "scope": {
                            "name": "lib",
                            "version": "1",
                            "attributes": [{"key": "a", "value": {"int_value": 1}}],
                        },
                        "schema_url": "https://s",
                        "log_records": [
                            {
                                "body": {"string_value": "x"},
                                "trace_id": bytes(range(32)),
                                "span_id": b"\xff" * 8,
                                "flags": 1,
                                "dropped_attributes_count": 2,
                                "event_name": "e",
                            }
                        ],
                    }
                ],
            }
        ]
    )
    (record,) = DIALECT.read(Request({"content-type": PROTOBUF}, {}, request.SerializeToString())).records
    assert isinstance(record, Record)
    assert record.fields == {
        "resource": {
            "attributes": {"service.name": "shop"},
            "dropped_attributes_count": 1,
            "schema_url": "https://r",
        },
        "scope": {"name": "lib", "version": "1", "attributes": {"a": 1}, "schema_url": "https://s"},
        "trace_id": bytes(range(32)).hex(),
        "span_id": "ff" * 8,
        "flags": 1,
        "dropped_attributes_count": 2,
        "event_name": "e",
    }


@pytest.mark.parametrize(
    "sent", ["0123456789abcdef0123456789abcdef", "0123456789ABCDEF", "AAECAwQFBgcICQoLDA0ODw==", "x"]
)
def test_ids_in_json_are_kept_as_they_were_sent(sent: str) -> None:
    """An id in JSON is kept as it was sent, whether it is hex, base64 or another text."""
    (record,) = _read(JSON, {"traceId": sent})
    assert isinstance(record, Record)
    assert record.fields == {"body": None, "trace_id": sent}


def test_names_that_a_map_cannot_hold_are_kept_as_pairs() -> None:
    """Attributes in which a name occurs twice are kept as a list of pairs."""
    twice = [{"key": "a", "value": {"int_value": 1}}, {"key": "a", "value": {"int_value": 2}}]
    for content_type in (JSON, PROTOBUF):
        (record,) = _read(content_type, {"attributes": twice})
        assert isinstance(record, Record)
        assert (record.fields or {})["attributes"] == [["a", 1], ["a", 2]]


def test_unknown_members_are_kept() -> None:
    """Unknown members are kept, by their names in JSON and by their numbers in protobuf."""
    (of_json,) = _read(JSON, {"new": {"a": 1}}, resource={"entityRefs": [{"type": "host"}], "other": 2})
    assert isinstance(of_json, Record)
    assert of_json.fields == {
        "body": None,
        "unknown_fields": {"new": {"a": 1}},
        "resource": {"entity_refs": [{"type": "host"}], "unknown_fields": {"other": 2}},
    }
    log = b"\xa0\x06\x07\xaa\x06\x01x"
    body = b"\x0a" + bytes([len(log) + 4]) + b"\x12" + bytes([len(log) + 2]) + b"\x12" + bytes([len(log)]) + log
    (of_protobuf,) = DIALECT.read(Request({"content-type": PROTOBUF}, {}, body)).records
    assert isinstance(of_protobuf, Record)
    assert of_protobuf.fields == {"body": None, "unknown_fields": [[100, 7], [101, {"bytesValue": "eA=="}]]}


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"int_value": 1}
    for _ in range(levels):
        value = {"array_value": {"values": [value]}}
    return value


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_what_nests_too_deep_is_refused_alone(content_type: str) -> None:
    """A log that nests too deeply is refused alone, without a RecursionError at any depth."""
    records = _read(content_type, {"body": _nested(8)}, {"body": _nested(9)}, {"body": _nested(60)}, {})
    assert [record.reason if isinstance(record, Rejected) else "taken" for record in records] == [
        "taken",
        "invalid_fields",
        "invalid_fields",
        "taken",
    ]


@pytest.mark.parametrize(
    "log",
    [
        {"timeUnixNano": "x"},
        {"timeUnixNano": -1},
        {"timeUnixNano": str(2**64)},
        {"timeUnixNano": "9" * 5000},
        {"timeUnixNano": 1.5},
        {"timeUnixNano": True},
        {"body": "text"},
        {"body": {"stringValue": 1}},
        {"body": {"boolValue": 1}},
        {"body": {"doubleValue": "1.5"}},
        {"body": {"doubleValue": True}},
        {"body": {"intValue": "1.5"}},
        {"body": {"otherValue": 1}},
        {"body": {"stringValue": "a", "intValue": 1}},
        {"body": {"arrayValue": []}},
        {"body": {"arrayValue": {"values": {}}}},
        {"body": {"kvlistValue": {"values": [1]}}},
        {"body": {"kvlistValue": {"values": [{"key": 1}]}}},
        {"attributes": {"a": 1}},
        {"attributes": [{"key": "a", "value": {"stringValue": "x"}, "more": 1}]},
        7,
        None,
    ],
)
def test_json_that_is_no_log_is_refused_alone(log: Any) -> None:
    """A malformed log in JSON is refused, and the logs beside it are taken."""
    records = _read(JSON, {"body": {"stringValue": "a"}}, log, {"body": {"stringValue": "b"}})
    assert [isinstance(record, Rejected) for record in records] == [False, True, False]


def test_json_s_other_ways_to_say_a_value_are_taken() -> None:
    """A 64-bit integer as a number, a whole number with a point, null, and a severity by its name are accepted."""
    (record,) = _read(
        JSON,
        {
            "timeUnixNano": NS,
            "severityNumber": "SEVERITY_NUMBER_WARN2",
            "body": {"arrayValue": {"values": [{"intValue": 1.0}, {"intValue": "-2"}, {"stringValue": None}, None]}},
            "attributes": None,
            "droppedAttributesCount": 0,
        },
    )
    assert isinstance(record, Record)
    assert (record.text, record.event_at, record.severity) == ("[1,-2,null,null]", AT, "warn")
    assert record.fields == {"body": [1, -2, None, None], "severity_number": 14}


def test_invalid_protobuf_or_utf8_in_one_log_costs_no_neighbour() -> None:
    """A malformed log is refused alone, and a malformed resource refuses only its own logs."""
    good, broken, no_text = b"\x2a\x03\x0a\x01a", b"\x2a\x7f", b"\x2a\x03\x0a\x01\xff"
    logs = b"".join(b"\x12" + bytes([len(log)]) + log for log in (good, broken, no_text, good))
    scope = b"\x12" + bytes([len(logs)]) + logs
    resource = b"\x0a\x02\x0a\x05"
    body = b"".join(b"\x0a" + bytes([len(message)]) + message for message in (scope, resource + scope))
    records = DIALECT.read(Request({"content-type": PROTOBUF}, {}, body)).records
    reasons = [record.reason if isinstance(record, Rejected) else record.text for record in records]
    assert reasons == ["a", "invalid_protobuf", "invalid_encoding", "a", *["invalid_protobuf"] * 4]


def test_scopes_without_logs_are_counted_as_logs() -> None:
    """Empty resources and scopes count towards the limit of records, so that millions of them are refused fast."""
    for body in (b"\x0a\x00" * 30_000, b"\x0a\xe0\xa7\x12" + b"\x12\x00" * 150_000):
        with pytest.raises(Rejected) as caught:
            DIALECT.read(Request({"content-type": PROTOBUF}, {}, body))
        assert caught.value.reason in {"too_many_records", "invalid_protobuf"}


@pytest.mark.parametrize(
    ("content_type", "body", "count"),
    [("", b' {"resourceLogs":[]}', 0), ("application/x-www-form-urlencoded", b"\x0a\x06\x12\x04\x12\x00\x12\x00", 2)],
)
def test_a_body_without_a_type_is_what_it_looks_like(content_type: str, body: bytes, count: int) -> None:
    """A body without a type, or with a form's type as from `curl -d`, is read as what it looks like."""
    assert len(DIALECT.read(Request({"content-type": content_type}, {}, body)).records) == count


@pytest.mark.parametrize(
    "body", [b"[]", b"7", b'{"logs":[{"text":"a"}]}', b"{", b'{"resourceLogs":{}}', b'{"resourceLogs":[1]}']
)
def test_json_that_is_no_request_is_refused_whole(body: bytes) -> None:
    """JSON of another shape is refused whole, because a success would lose another dialect's logs."""
    with pytest.raises(Rejected) as caught:
        DIALECT.read(Request({"content-type": JSON}, {}, body))
    assert caught.value.reason == "invalid_json"


LOG = CLASSES["Request"](**_request({"body": {"string_value": "x"}})).SerializeToString()
JSON_LOG = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}'
PARTLY = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}},{"body":7}]}]}]}'


def test_success_is_empty(ingest: Ingest) -> None:
    """Success is a 200 with an empty body in protobuf and an empty partial success in JSON."""
    response = ingest(_event(LOG))
    assert (response["statusCode"], response["body"]) == (200, "")
    assert response["headers"]["content-type"] == PROTOBUF
    assert ingest(_event(JSON_LOG, JSON))["body"] == '{"partialSuccess":{}}'
    assert ingest(_event(b"{}", JSON))["body"] == "{}"
    assert ingest(_event(b""))["statusCode"] == 200
    assert [message.source for message in ingest.enqueued] == ["otlp", "otlp"]


def test_refused_records_are_counted_beside_the_others(ingest: Ingest) -> None:
    """A partly refused request is a 200 with the count and the reasons, so the good logs are not sent again."""
    response = ingest(_event(PARTLY, JSON))
    said = json.loads(response["body"])["partialSuccess"]
    assert (response["statusCode"], said["rejectedLogRecords"]) == (200, "1")
    assert said["errorMessage"].startswith("1 refused as invalid_record, first record 1: ")
    large = CLASSES["Request"](**_request({"body": {"string_value": "x" * 170_001}}, {}, {})).SerializeToString()
    partial = _body(ingest(_event(large)), "Response").partial_success
    assert partial.rejected_log_records == 1
    assert "text_too_large" in partial.error_message


def test_a_request_of_nothing_but_refused_records_is_bad(ingest: Ingest) -> None:
    """A request without a valid log is a 400 with a Status, and nothing is stored."""
    response = ingest(_event(b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[7]}]}]}', JSON))
    assert (response["statusCode"], json.loads(response["body"])["code"]) == (400, 3)
    assert ingest.enqueued == []


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_what_the_queue_did_not_take_is_asked_for_again(content_type: str) -> None:
    """If the queue does not take the logs, the answer is a 503 with Retry-After, after which clients try again."""
    ingest = Ingest(remaining_ms=1_500)  # Too little time for a call.
    response = ingest(_event(JSON_LOG if content_type == JSON else LOG, content_type))
    assert response["statusCode"] == 503
    assert response["headers"]["retry-after"] == "5"
    code = json.loads(response["body"])["code"] if content_type == JSON else _body(response, "Status").code
    assert code == 14


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (_event(b"\x0a\x7f"), 400, 3),
        (_event(LOG, **{"x-tenant-id": "no tenant"}), 400, 3),
        (_event(LOG, **{"content-encoding": "br"}), 400, 3),
    ],
)
def test_a_bad_request_is_told_in_its_own_encoding(
    ingest: Ingest, event: dict[str, Any], status: int, code: int
) -> None:
    """A bad protobuf request gets a Status in protobuf."""
    response = ingest(event)
    said = _body(response, "Status")
    assert (response["statusCode"], said.code) == (status, code)
    assert said.message


def test_another_type_is_told_so(ingest: Ingest) -> None:
    """A body of an unsupported type gets a 415, as from the Collector."""
    response = ingest(_event(b"x", "text/plain"))
    assert response["statusCode"] == 415


@pytest.mark.parametrize(
    ("rejected", "code"),
    [
        (Rejected("over_quota", 7), 8),
        (Rejected("credentials_unchecked", 7), 14),
        (Rejected("missing_credentials"), 16),
        (Rejected("unknown_credentials"), 16),
        (Rejected("tenant_forbidden"), 7),
    ],
)
def test_refusals_of_the_door_have_their_codes(rejected: Rejected, code: int) -> None:
    """Each refusal of quota and credentials has its gRPC code, and Retry-After if a retry can help."""
    response = DIALECT.refuse(rejected, Request({"content-type": JSON}, {}, b""))
    assert (response["statusCode"], json.loads(response["body"])["code"]) == (rejected.status, code)
    assert response["headers"].get("retry-after") == ("7" if rejected.retry_after_s else None)


def test_more_members_than_any_log_may_have_are_not_all_kept() -> None:
    """A log with more attributes than allowed is refused without filling the memory, and its neighbour is taken."""
    distinct: list[dict[str, Any]] = [{"key": str(i)} for i in range(MAX_PAIRS + 1)]
    nameless: list[dict[str, Any]] = [{}] * (MAX_LISTED + 1)
    for attributes in (distinct, nameless):
        for content_type in (JSON, PROTOBUF):
            refused, taken = _read(content_type, {"attributes": attributes}, {"body": {"string_value": "x"}})
            assert isinstance(refused, Rejected)
            assert refused.reason == "invalid_fields"
            assert isinstance(taken, Record)
    (refused,) = _read(PROTOBUF, {"body": {"array_value": {"values": [{}] * (MAX_PAIRS + 1)}}})
    assert isinstance(refused, Rejected)


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceLogs":[' + b"{}," * 20_000 + b"{}]}",
        b'{"resourceLogs":[{"scopeLogs":[' + b"{}," * 20_000 + b"{}]}]}",
    ],
)
def test_resources_and_scopes_of_json_are_counted_as_logs(body: bytes) -> None:
    """In JSON too, resources and scopes without logs count towards the limit of records."""
    with pytest.raises(Rejected) as caught:
        DIALECT.read(Request({"content-type": JSON}, {}, body))
    assert caught.value.reason == "too_many_records"


_OLD_SCOPE = {"instrumentationLibrary": {"name": "lib", "version": "1"}, "schemaUrl": "u"}


@pytest.mark.parametrize("name", ["logRecords", "log_records", "logs"])
def test_logs_of_instrumentation_libraries_are_taken(name: str) -> None:
    """Logs under `instrumentationLibraryLogs`, the name before version 1.0, are read beside those in `scopeLogs`."""
    logs = [{"body": {"stringValue": "x"}}]
    resource_logs = {
        "scopeLogs": [{"scope": {"name": "new"}, "logRecords": [{"body": {"stringValue": "y"}}]}],
        "instrumentationLibraryLogs": [{**_OLD_SCOPE, name: logs}],
    }
    body = json.dumps({"resourceLogs": [resource_logs]}).encode()
    new, old = DIALECT.read(Request({"content-type": JSON}, {}, body)).records
    assert new == Record("y", fields={"scope": {"name": "new"}})
    assert old == Record("x", fields={"scope": {"name": "lib", "version": "1", "schema_url": "u"}})


def test_logs_of_instrumentation_libraries_are_taken_in_protobuf() -> None:
    """In protobuf, logs of instrumentation libraries are read from field 2 and from field 1000."""
    scope_logs = message({1: message({1: "lib"}), 2: message({5: message({1: "x"})}), 3: "u"})
    for number in (2, 1000):
        body = message({1: message({number: scope_logs})})
        (found,) = DIALECT.read(Request({"content-type": PROTOBUF}, {}, body)).records
        assert found == Record("x", fields={"scope": {"name": "lib", "schema_url": "u"}})


def test_a_member_under_both_of_its_names_loses_none() -> None:
    """A second spelling of a member is kept as unknown; if that would hide something, the logs are refused."""
    log = {"body": {"stringValue": "x"}}
    both = {"scopeLogs": [{"logRecords": [log], "log_records": [{"body": {"stringValue": "lost"}}]}]}
    (found,) = DIALECT.read(Request({"content-type": JSON}, {}, json.dumps({"resourceLogs": [both]}).encode())).records
    assert isinstance(found, Record)
    assert found.fields == {"scope": {"unknown_fields": {"log_records": [{"body": {"stringValue": "lost"}}]}}}
    twice = {"scopeLogs": [{"scope": {"a": 1}, "a": 2, "logRecords": [log]}]}
    body = json.dumps({"resourceLogs": [twice]}).encode()
    assert [record.reason for record in _rejected(body)] == ["invalid_fields"]


def _rejected(body: bytes) -> list[Rejected]:
    records = DIALECT.read(Request({"content-type": JSON}, {}, body)).records
    return [record for record in records if isinstance(record, Rejected)]


def test_what_no_log_keeps_is_one_that_is_refused(ingest: Ingest) -> None:
    """Unknown members that no log can keep count as refused records, and the other logs are taken."""
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}]}]}, {"x": 1}], "resourceSpans": [1]})
    answer = ingest(_event(body.encode(), JSON))
    assert (answer["statusCode"], len(ingest.enqueued)) == (200, 1)
    assert json.loads(answer["body"])["partialSuccess"]["rejectedLogRecords"] == "2"
