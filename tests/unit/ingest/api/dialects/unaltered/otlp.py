"""OTLP in protobuf and in JSON; protobuf's own library gives the expected results."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import json_format

from tests.unit.ingest.api.dialects.unaltered.case import Case, decoded
from tests.unit.ingest.api.dialects.unaltered.values import AT, NS, VALUES
from tests.unit.ingest.api.otlp import published

_ANY: Final[dict[str, tuple[dict[str, Any], Any]]] = {
    "text": ({"string_value": "a\0\ufffe\uffff\U0001f600"}, "a\0\ufffe\uffff\U0001f600"),
    "empty text": ({"string_value": ""}, ""),
    "false": ({"bool_value": False}, False),
    "least of 64 bits": ({"int_value": -(2**63)}, -(2**63)),
    "most of 64 bits": ({"int_value": 2**63 - 1}, 2**63 - 1),
    "zero": ({"int_value": 0}, 0),
    "double": ({"double_value": 1.5}, 1.5),
    "double, whole": ({"double_value": 3.0}, 3.0),
    "least double": ({"double_value": 5e-324}, 5e-324),
    "no number": ({"double_value": float("nan")}, {"doubleValue": "NaN"}),
    "infinity": ({"double_value": float("-inf")}, {"doubleValue": "-Infinity"}),
    "bytes": ({"bytes_value": b"\0\xff\xfe"}, {"bytesValue": "AP/+"}),
    "empty bytes": ({"bytes_value": b""}, {"bytesValue": ""}),
    "array": ({"array_value": {"values": [{"int_value": 1}, {}, {"string_value": ""}]}}, [1, None, ""]),
    "empty array": ({"array_value": {}}, []),
    "map": (
        {"kvlist_value": {"values": [{"key": "a", "value": {"kvlist_value": {}}}, {"key": "b"}]}},
        {"a": {}, "b": None},
    ),
    "a name twice": (
        {"kvlist_value": {"values": [{"key": "a", "value": {"int_value": 1}}, {"key": "a"}]}},
        [["a", 1], ["a", None]],
    ),
    "nothing": ({}, None),
}

_LOGS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "nanoseconds": ({"time_unix_nano": NS}, {"event_at": AT}),
    "the last nanosecond": ({"time_unix_nano": 2**64 - 1}, {"event_at": "2554-07-21T23:34:33.709551615Z"}),
    "the first nanosecond": ({"time_unix_nano": 1}, {"event_at": "1970-01-01T00:00:00.000000001Z"}),
    "observed alone": (
        {"observed_time_unix_nano": NS},
        {"event_at": AT, "fields": {"observed_time_unix_nano": NS}},
    ),
    "severity unset": ({"severity_number": 0}, {}),
    "severity": ({"severity_number": 17}, {"severity": "error", "fields": {"severity_number": 17}}),
    "severity unknown": ({"severity_number": 99}, {"fields": {"severity_number": 99}}),
    "severity as text": ({"severity_text": "Warning"}, {"severity": "warn", "fields": {"severity_text": "Warning"}}),
    "trace of 32 bytes": ({"trace_id": b"\xab" * 32}, {"fields": {"trace_id": "ab" * 32}}),
    "trace of 16 bytes": (
        {"trace_id": bytes(range(16)), "span_id": b"\xff" * 8},
        {"fields": {"trace_id": bytes(range(16)).hex(), "span_id": "ff" * 8}},
    ),
    "flags and counts": (
        {"flags": 2**32 - 1, "dropped_attributes_count": 7, "event_name": "e"},
        {"fields": {"flags": 2**32 - 1, "dropped_attributes_count": 7, "event_name": "e"}},
    ),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield OTLP's cases."""
    for odd, (value, said) in _ANY.items():
        text: Any = said if isinstance(said, str) else {"json": said}
        if odd in {"no number", "infinity", "bytes", "empty bytes"}:
            (text,) = said.values()
        fields = {} if isinstance(said, str) else {"body": said}
        yield from _of_both(f"body, {odd}", {"body": value}, {"text": "" if said is None else text, "fields": fields})
        attributes = {"attributes": [{"key": "k", "value": value}]}
        yield from _of_both(f"attribute, {odd}", attributes, {"fields": {"body": None, "attributes": {"k": said}}})
    for odd, (members, due) in _LOGS.items():
        yield from _of_both(odd, members, {**due, "fields": {"body": None} | due.get("fields", {})})
    yield from _of_both("no body, no time, no resource", {}, {"fields": {"body": None}})
    serialized = _request({"body": {"string_value": "BAD!"}}).SerializeToString()
    refused = [_sound("before"), {"refused": "invalid_encoding"}, _sound("after")]
    body = serialized.replace(b"BAD!", b"BAD\xff")
    yield Case("otlp_protobuf: no UTF-8", "/v1/logs", "application/x-protobuf", body, refused)
    for odd, (literal, reason) in VALUES.items():
        if not literal.startswith(b'"'):
            continue
        log = b'{"body":{"stringValue":%s},"attributes":[{"key":"k","value":{"stringValue":%s}}]}' % (literal, literal)
        around = [b'{"body":{"stringValue":"%s"}}' % text for text in (b"before", b"after")]
        logs = b",".join([around[0], log, around[1]])
        body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}' % logs
        log_due: dict[str, Any] = {"refused": reason}
        if not reason:
            log_due = {"text": decoded(literal), "fields": {"attributes": {"k": decoded(literal)}}}
        yield Case(
            f"otlp_json: text, {odd}",
            "/v1/logs",
            "application/json",
            body,
            [_sound("before"), log_due, _sound("after")],
        )
    for content_type, empty in (("application/json", b"{}"), ("application/x-protobuf", b"")):
        yield Case(f"otlp: an empty request, {content_type}", "/v1/logs", content_type, empty, [])


def _sound(text: str) -> dict[str, Any]:
    return {"text": text, "event_at": None, "severity": None, "fields": {}}


def _request(members: dict[str, Any]) -> Any:
    logs = [{"body": {"string_value": "before"}}, members, {"body": {"string_value": "after"}}]
    return published.Request(resource_logs=[{"scope_logs": [{"log_records": logs}]}])


def _of_both(odd: str, members: dict[str, Any], due: dict[str, Any]) -> Iterator[Case]:
    """Yield the case in protobuf, and in JSON with ids in hex."""
    request = _request(members)
    whole = [_sound("before"), {"text": "", "event_at": None, "severity": None} | due, _sound("after")]
    yield Case(f"otlp_protobuf: {odd}", "/v1/logs", "application/x-protobuf", request.SerializeToString(), whole)
    document = json_format.MessageToDict(request)
    for log in document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
        log |= {name: base64.b64decode(log[name]).hex() for name in ("traceId", "spanId") if name in log}
    yield Case(f"otlp_json: {odd}", "/v1/logs", "application/json", json.dumps(document).encode(), whole)
