"""What every dialect must give back as it was sent, or refuse, it alone (I13): the corpus, and what writes it.

    python -m tests.unit.ingest.api.dialects.unaltered    writes tests/golden/unaltered/*.jsonl anew

A case is one request: a record with something odd in it, between two sound ones. What is due of each record is said by
others than ingest: Python's json with decimals, protobuf's own library, msgpack's, and by hand what becomes text and
time. A line of a file has `name`, `path`, `content_type`, `body` (base64) and `due`: a log's members, or the reason why
it is refused.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgpack
from cramjam import snappy
from google.protobuf import json_format

from tests.unit.ingest.api.loki_messages import push
from tests.unit.ingest.api.otlp import published

FOLDER: Final = Path(__file__).parents[4] / "golden" / "unaltered"

_NS: Final = 1_764_000_000_123_456_789
_AT: Final = "2025-11-24T16:00:00.123456789Z"


_Logs = list[dict[str, Any]]


class Case(NamedTuple):
    """One request and what is due of each of its records: members of the log, or `{"refused": reason}`.

    A `text` that is `{"json": value}` is any JSON text of that value.
    """

    name: str
    path: str
    content_type: str
    body: bytes
    due: _Logs


# JSON literals as a value beside the text, and why the record is refused where no value of a log can be that.
VALUES: Final[dict[str, tuple[bytes, str | None]]] = {
    "empty text": (b'""', None),
    "null": (b"null", None),
    "true": (b"true", None),
    "zero": (b"0", None),
    "minus zero": (b"-0", None),
    "2^53 + 1": (b"9007199254740993", None),
    "least of 64 bits": (b"-9223372036854775808", None),
    "most of 64 bits": (b"9223372036854775807", None),
    "most of 64 bits without sign": (b"18446744073709551615", None),
    "400 digits": (b"9" * 400, None),
    "double": (b"1.5", None),
    "double with a zero behind": (b"1.50", None),
    "minus zero, double": (b"-0.0", None),
    "thirty digits behind the point": (b"0.123456789012345678901234567891", None),
    "seconds with nanoseconds": (b"1764000000.123456789", None),
    "least double": (b"5e-324", None),
    "beyond doubles": (b"1e400", None),
    "below doubles": (b"1e-400", None),
    "exponent beyond all": (b"1e9999999999999999999", "invalid_json"),
    "map": (b'{"a":{"b":[1,{"c":null}]}}', None),
    "empty map": (b"{}", None),
    "array": (b'[1,"a",null,[],{}]', None),
    "empty array": (b"[]", None),
    "empty name": (b'{"":1}', "invalid_fields"),
    "unusual names": (b'{" ":1,"a.b":2,"\\u0000":3,"\\ufffe":4,"$":5}', None),
    "depth that is taken": (b"[" * 5 + b"1" + b"]" * 5, None),
    "too deep": (b"[" * 9 + b"1" + b"]" * 9, "invalid_fields"),
    "far too deep": (b"[" * 3_000 + b"1" + b"]" * 3_000, "invalid_json"),
    "NUL": (b'"a\\u0000b"', None),
    "noncharacters": (b'"\\ufffe\\uffff"', None),
    "noncharacters, raw": ('"\ufffe\uffff"'.encode(), None),
    "control characters": (b'"\\u0001\\u001f\\u007f\\r\\n\\t"', None),
    "astral": ('"\U0001f600\U0010ffff"'.encode(), None),
    "astral, escaped": (b'"\\ud83d\\ude00"', None),
    "half a pair": (b'"\\ud800"', "invalid_json"),
    "other half of a pair": (b'"\\udc00"', "invalid_json"),
    "no UTF-8": (b'"\xff"', "invalid_json"),
    "surrogate as UTF-8": (b'"\xed\xa0\x80"', "invalid_json"),
    "id of 32 bytes": (b'"' + b"0af7651916cd43dd8448eb211c80319c" * 2 + b'"', None),
    "id in base64": (b'"CvdlGRbNQ92ESOshHIAxnA+/=="', None),
    "escaped slash": (b'"a\\/b"', None),
}

TEXTS: Final[dict[str, tuple[bytes, str | None]]] = {
    name: VALUES[name]
    for name in (
        *("empty text", "NUL", "noncharacters", "noncharacters, raw", "control characters", "astral", "half a pair"),
        *("no UTF-8", "zero", "2^53 + 1", "double", "true", "map", "array"),
    )
}

TIMES: Final[dict[str, tuple[bytes, str | None]]] = {
    "nanoseconds": (b'"2026-11-24T05:40:00.123456789Z"', "2026-11-24T05:40:00.123456789Z"),
    "nanoseconds in another zone": (b'"2026-11-24T07:10:00.000000001+01:30"', "2026-11-24T05:40:00.000000001Z"),
    "the first year": (b'"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00Z"),
    "the last second": (b'"9999-12-31T23:59:59.999999999Z"', "9999-12-31T23:59:59.999999999Z"),
    "1970": (b'"1970-01-01T00:00:00Z"', "1970-01-01T00:00:00Z"),
    "beyond 64 bits of nanoseconds": (b'"2600-01-01T00:00:00.5Z"', "2600-01-01T00:00:00.5Z"),
    "a leap second": (b'"2016-12-31T23:59:60Z"', "2016-12-31T23:59:60Z"),
    "the 30th of February": (b'"2026-02-30T00:00:00Z"', None),
    "no time": (b'"yesterday"', None),
    "a map": (b'{"a":1}', None),
    "no seconds": (b"null", None),
}


class Carrier(NamedTuple):
    """One JSON form of a dialect: how records stand in a body, and where text, time and another value stand in one."""

    path: str
    write: Callable[[list[bytes]], bytes]
    text_key: str = "message"
    time_key: str | None = "timestamp"
    added: Mapping[str, Any] = MappingProxyType({})
    content_type: str = "application/json"
    template: bytes = b'{%s,"v":%s}'
    takes_other_texts: bool = True


def _within(before: bytes, after: bytes = b"", between: bytes = b",") -> Callable[[list[bytes]], bytes]:
    return lambda records: before + between.join(records) + after


def _bulk(records: list[bytes]) -> bytes:
    return b"".join(b'{"create":{}}\n%s\n\n' % record for record in records)


_ARRAY: Final = _within(b"[", b"]")
_LINES: Final = _within(b"", b"", b"\n")

CARRIERS: Final = {
    "plain": Carrier("/ingest", _ARRAY, "text"),
    "plain_lines": Carrier("/ingest", _LINES, "text", content_type="application/x-ndjson"),
    "plain_one_line": Carrier("/ingest", _within(b"", b"", b" "), "text", content_type="application/x-ndjson"),
    "axiom": Carrier("/v1/ingest/d", _ARRAY, "message", "_time", {"_dataset": "d"}),
    "datadog": Carrier("/api/v2/logs", _ARRAY),
    "elasticsearch": Carrier("/i/_bulk", _bulk, "message", "@timestamp", {"_index": "i"}, "application/x-ndjson"),
    "gelf": Carrier("/gelf", _within(b"", b"", b""), "short_message", None),
    "hec": Carrier("/services/collector", _within(b"", b"", b""), "event", None, template=b'{%s,"fields":{"v":%s}}'),
    "logtail": Carrier("/", _ARRAY, "message", "dt"),
    "newrelic": Carrier("/log/v1", _within(b'[{"common":{"c":""},"logs":[', b"]}]"), added={"common": {"c": ""}}),
    "seq": Carrier("/api/events/raw", _within(b'{"Events":[', b"]}"), "@m", "@t", takes_other_texts=False),
    "seq_clef": Carrier("/ingest/clef", _LINES, "@m", "@t", takes_other_texts=False),
    "coralogix": Carrier("/logs/v1/singles", _ARRAY, "text"),
    "honeycomb": Carrier("/1/events/d", _ARRAY, "message", added={"_dataset": "d"}),
    "logdna": Carrier("/logs/ingest", _within(b'{"lines":[', b"]}"), "line"),
    "logflare": Carrier("/logs", _within(b'{"batch":[', b"]}")),
    "openobserve": Carrier("/api/o/s/_json", _ARRAY, added={"_stream": "s"}),
}  # fmt: skip


def decoded(text: bytes | str) -> Any:
    """Return JSON as Python's own decoder reads it, every number to its digit; of a name there twice, the last."""
    return json.loads(text, parse_float=Decimal)


def _record(carrier: Carrier, text: bytes, value: bytes, time: bytes | None = None) -> bytes:
    members = b'"%s":%s' % (carrier.text_key.encode(), text)
    if time is not None and carrier.time_key is not None:
        members += b',"%s":%s' % (carrier.time_key.encode(), time)
    return carrier.template % (members, value)


def _due(carrier: Carrier, record: bytes, event_at: str | None = None) -> dict[str, Any]:
    fields = decoded(record)
    text = fields[carrier.text_key]
    if isinstance(text, str):
        del fields[carrier.text_key]
    else:
        text = {"json": text}
    return {"text": text, "event_at": event_at, "fields": fields | dict(carrier.added)}


def _of_carrier(name: str, carrier: Carrier) -> Iterator[Case]:
    before, after = _record(carrier, b'"before"', b"1"), _record(carrier, b'"after"', b"2")

    def case(odd: str, record: bytes, due: dict[str, Any]) -> Case:
        around = [_due(carrier, before), due, _due(carrier, after)]
        return Case(
            f"{name}: {odd}", carrier.path, carrier.content_type, carrier.write([before, record, after]), around
        )

    for odd, (literal, refused) in VALUES.items():
        record = _record(carrier, b'"odd"', literal)
        yield case(f"value, {odd}", record, {"refused": refused} if refused else _due(carrier, record))
    for odd, (literal, refused) in TEXTS.items():
        record = _record(carrier, literal, b"0")
        is_text = literal.startswith(b'"')
        if not refused and (is_text or carrier.takes_other_texts):
            due = _due(carrier, record)
            if literal == b'""' and name.startswith("plain"):  # `/ingest` shows the fields of a record without a text.
                due["text"] = {"json": due["fields"]}
            yield case(f"text, {odd}", record, due)
        elif refused:
            yield case(f"text, {odd}", record, {"refused": refused})
    if carrier.time_key is not None:
        for odd, (literal, event_at) in TIMES.items():
            record = _record(carrier, b'"odd"', b"0", literal)
            yield case(f"time, {odd}", record, _due(carrier, record, event_at))
        times = [b'"2026-01-02T00:00:00Z"', b'"2026-01-01T00:00:00Z"', b'"2026-01-01T00:00:00Z"']
        records = [_record(carrier, b'"%d"' % i, b"0", time) for i, time in enumerate(times)]
        in_order = [_due(carrier, r, time.decode().strip('"')) for r, time in zip(records, times, strict=True)]
        body = carrier.write(records)
        yield Case(f"{name}: out of order, twice the same", carrier.path, carrier.content_type, body, in_order)
    twice = carrier.template % (b'"%s":"odd","a":1,"a":2' % carrier.text_key.encode(), b"0")
    yield case("a name twice: the last is taken, as parsers do", twice, _due(carrier, twice))
    unknown = carrier.template % (b'"%s":"odd","unknown_member":{"x":""},"label":""' % carrier.text_key.encode(), b"0")
    yield case("unknown members, empty values", unknown, _due(carrier, unknown))
    yield case("no object", b"7", {"refused": "invalid_record"})


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
    "nanoseconds": ({"time_unix_nano": _NS}, {"event_at": _AT}),
    "the last nanosecond": ({"time_unix_nano": 2**64 - 1}, {"event_at": "2554-07-21T23:34:33.709551615Z"}),
    "the first nanosecond": ({"time_unix_nano": 1}, {"event_at": "1970-01-01T00:00:00.000000001Z"}),
    "observed alone": (
        {"observed_time_unix_nano": _NS},
        {"event_at": _AT, "fields": {"observed_time_unix_nano": _NS}},
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


def _otlp() -> Iterator[Case]:
    for odd, (value, said) in _ANY.items():
        text: Any = said if isinstance(said, str) else {"json": said}
        if odd in {"no number", "infinity", "bytes", "empty bytes"}:
            (text,) = said.values()
        fields = {} if isinstance(said, str) else {"body": said}
        yield from _otlp_case(f"body, {odd}", {"body": value}, {"text": "" if said is None else text, "fields": fields})
        attributes = {"attributes": [{"key": "k", "value": value}]}
        yield from _otlp_case(f"attribute, {odd}", attributes, {"fields": {"body": None, "attributes": {"k": said}}})
    for odd, (members, due) in _LOGS.items():
        yield from _otlp_case(odd, members, {**due, "fields": {"body": None} | due.get("fields", {})})
    yield from _otlp_case("no body, no time, no resource", {}, {"fields": {"body": None}})
    serialized = _otlp_request({"body": {"string_value": "BAD!"}}).SerializeToString()
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


def _otlp_request(members: dict[str, Any]) -> Any:
    logs = [{"body": {"string_value": "before"}}, members, {"body": {"string_value": "after"}}]
    return published.Request(resource_logs=[{"scope_logs": [{"log_records": logs}]}])


def _otlp_case(odd: str, members: dict[str, Any], due: dict[str, Any]) -> Iterator[Case]:
    """Yield it in protobuf, and in JSON, whose ids are hex."""
    request = _otlp_request(members)
    whole = [_sound("before"), {"text": "", "event_at": None, "severity": None} | due, _sound("after")]
    yield Case(f"otlp_protobuf: {odd}", "/v1/logs", "application/x-protobuf", request.SerializeToString(), whole)
    document = json_format.MessageToDict(request)
    for log in document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
        log |= {name: base64.b64decode(log[name]).hex() for name in ("traceId", "spanId") if name in log}
    yield Case(f"otlp_json: {odd}", "/v1/logs", "application/json", json.dumps(document).encode(), whole)


def _loki() -> Iterator[Case]:
    labels = {"app": "shop", "empty": ""}
    lines = ["", "a\0b", "\ufffe\uffff", "\U0001f600", "two\nlines", "plain"]
    times = [0, 1, _NS, _NS, 2**63 - 1, -1]
    ats = [
        *("1970-01-01T00:00:00.000000000Z", "1970-01-01T00:00:00.000000001Z", _AT, _AT),
        *("2262-04-11T23:47:16.854775807Z", "1969-12-31T23:59:59.999999999Z"),
    ]
    metadata = [{}, {"trace_id": "ab" * 32}, {"empty": ""}, {"n\0": "\ufffe"}, {}, {"a": "b"}]
    due = [
        {"text": line, "event_at": at, "fields": {"labels": labels} | ({"structured_metadata": said} if said else {})}
        for line, at, said in zip(lines, ats, metadata, strict=True)
    ]
    entries = list(zip(times, lines, metadata, strict=True))
    body = bytes(snappy.compress_raw(push([(labels, entries)])))
    yield Case("loki_protobuf: entries", "/loki/api/v1/push", "application/x-protobuf", body, due)
    broken = push([(labels, [(_NS, "BAD!", {}), (_NS, "sound", {})])]).replace(b"BAD!", b"BAD\xff")
    sound = {"text": "sound", "event_at": _AT, "fields": {"labels": labels}}
    body = bytes(snappy.compress_raw(broken))
    refused: _Logs = [{"refused": "invalid_encoding"}, sound]
    yield Case("loki_protobuf: no UTF-8", "/loki/api/v1/push", "application/x-protobuf", body, refused)
    yield Case(
        "loki_protobuf: empty", "/loki/api/v1/push", "application/x-protobuf", bytes(snappy.compress_raw(b"")), []
    )
    values = [[str(at), line, said] for at, line, said in entries]
    document = json.dumps({"streams": [{"stream": labels, "values": values}, {"stream": {}, "values": []}]}).encode()
    yield Case("loki_json: entries", "/loki/api/v1/push", "application/json", document, due)
    for odd, (literal, reason) in VALUES.items():
        around = b'{"streams":[{"stream":{"app":"shop","empty":""},"values":[["%d","%s",{"v":%s}],["%d","sound"]]}]}'
        kept = {"text": "odd", "event_at": _AT, "fields": {"labels": labels}}
        if not reason:
            kept["fields"] = {"labels": labels, "structured_metadata": {"v": decoded(literal)}}
        # What is wrong with a string or a number of the document is, in Loki's words, an entry that is none.
        due = [
            {"refused": "invalid_fields" if reason == "invalid_fields" else "invalid_record"} if reason else kept,
            sound,
        ]
        body = around % (_NS, b"odd", literal, _NS)
        yield Case(f"loki_json: metadata, {odd}", "/loki/api/v1/push", "application/json", body, due)
    for odd, (literal, reason) in TEXTS.items():
        body = b'{"streams":[{"stream":{"app":"shop","empty":""},"values":[["%d",%s],["%d","sound"]]}]}'
        is_kept = literal.startswith(b'"') and not reason
        kept = {"text": decoded(literal) if is_kept else "", "event_at": _AT, "fields": {"labels": labels}}
        due = [kept if is_kept else {"refused": "invalid_record"}, sound]
        yield Case(f"loki_json: line, {odd}", "/loki/api/v1/push", "application/json", body % (_NS, literal, _NS), due)


def _firehose() -> Iterator[Case]:
    def request(*data: bytes) -> bytes:
        records = [{"data": base64.b64encode(one).decode()} for one in data]
        return json.dumps({"requestId": "r", "timestamp": 1, "records": records}).encode()

    for odd, (literal, reason) in VALUES.items():
        line = b'{"message":"odd","v":%s}' % literal
        if odd in {"no UTF-8", "surrogate as UTF-8"}:
            due: dict[str, Any] = {"refused": "invalid_encoding"}
        elif reason == "invalid_json":  # What is no JSON is a line like any other.
            due = {"text": line.decode(), "event_at": None, "fields": {}}
        elif reason:
            due = {"refused": reason}
        else:
            due = {"text": "odd", "event_at": None, "fields": {"v": decoded(literal)}}
        around: _Logs = [{"text": text, "event_at": None, "fields": {}} for text in ("before", "after")]
        body = request(b"before", line, b"after\n\n")
        yield Case(f"firehose: {odd}", "/firehose", "application/json", body, [around[0], due, around[1]])
    messages = ["", "a\0", "\ufffe\uffff", "two\nlines", '{"level":"error"}']
    events = [
        {"id": f"id{i}", "timestamp": -i, "message": m, "extra": {"n": 2**64 - 1}} for i, m in enumerate(messages)
    ]
    document = {"messageType": "DATA_MESSAGE", "owner": "", "logGroup": "g", "unknown": None, "logEvents": events}
    shared = {name: value for name, value in document.items() if name != "logEvents"}
    due_events = [
        {
            "text": event["message"],
            "log_id": event["id"],
            "fields": shared | {"timestamp": event["timestamp"], "extra": event["extra"]},
        }
        for event in events
    ]
    body = request(gzip.compress(json.dumps(document).encode(), mtime=0), b"")
    yield Case("firehose: CloudWatch Logs", "/firehose", "application/json", body, due_events)
    yield Case("firehose: empty", "/firehose", "application/json", request(), [])


def _journal() -> Iterator[Case]:
    def framed(name: str, value: bytes) -> bytes:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"

    values = {
        "empty": b"",
        "NUL": b"a\0b",
        "noncharacters": "\ufffe\uffff".encode(),
        "lines": b"a\n\nB=c\n",
        "equals": b"=a=",
    }
    for odd, value in values.items():
        body = b"MESSAGE=before\n\n" + framed("MESSAGE", b"odd") + framed("V", value) + b"\nMESSAGE=after\n"
        due = [
            {"text": "before", "fields": {}},
            {"text": "odd", "fields": {"V": value.decode()}},
            {"text": "after", "fields": {}},
        ]
        yield Case(f"journal: value, {odd}", "/upload", "application/vnd.fdo.journal", body, due)
        body = b"MESSAGE=before\n\nV=1\n" + framed("MESSAGE", value) + b"\n\n\nMESSAGE=after"
        due = [due[0], {"text": value.decode(), "fields": {"V": "1"}}, due[2]]
        yield Case(f"journal: text, {odd}", "/upload", "application/vnd.fdo.journal", body, due)
    body = b"MESSAGE=before\n\n" + framed("MESSAGE", b"\xff") + b"\n" + b"MESSAGE=after\n\n"
    refused: _Logs = [
        {"text": "before", "fields": {}},
        {"refused": "invalid_encoding"},
        {"text": "after", "fields": {}},
    ]
    yield Case("journal: no UTF-8", "/upload", "application/vnd.fdo.journal", body, refused)
    body = b"__CURSOR=c\n__REALTIME_TIMESTAMP=1764000000123456\nPRIORITY=3\nA=1\nA=2\nMESSAGE=m\n"
    fields = {"__CURSOR": "c", "__REALTIME_TIMESTAMP": "1764000000123456", "PRIORITY": "3", "A": ["1", "2"]}
    whole = {
        "text": "m",
        "log_id": "c",
        "severity": "error",
        "event_at": "2025-11-24T16:00:00.123456Z",
        "fields": fields,
    }
    yield Case("journal: microseconds, a field twice", "/upload", "application/vnd.fdo.journal", body, [whole])
    yield Case("journal: empty", "/upload", "application/vnd.fdo.journal", b"", [])


_NO_JSON: Final = {
    "bytes": b"\0\xff",
    "no number": float("nan"),
    "infinity": float("inf"),
    "time": msgpack.Timestamp(1, 2),
}


def _msgpack() -> Iterator[Case]:
    paths = {"logtail_msgpack": ("/", "application/msgpack"), "plain_msgpack": ("/ingest", "application/msgpack")}
    for name, (path, content_type) in paths.items():
        around = [{"text": text, "event_at": None, "fields": {"v": 1}} for text in ("before", "after")]
        before, after = ({"message": due["text"], "v": 1} for due in around)
        for odd, (literal, reason) in VALUES.items():
            if reason == "invalid_json" or odd in {"400 digits", "far too deep"}:
                continue  # Msgpack's own library cannot say it.
            value = json.loads(literal)
            if value == float("inf"):
                continue
            due: dict[str, Any] = {"text": "odd", "event_at": None, "fields": {"v": value}}
            due = {"refused": reason} if reason else due
            body = msgpack.packb([before, {"message": "odd", "v": value}, after])
            yield Case(f"{name}: {odd}", path, content_type, body, [around[0], due, around[1]])
        for odd, value in _NO_JSON.items():
            body = msgpack.packb([before, {"message": "odd", "v": value}, after])
            due = {"refused": "invalid_fields"}
            yield Case(f"{name}: {odd}, which JSON cannot say", path, content_type, body, [around[0], due, around[1]])
        body = msgpack.packb([before, {"message": "BAD!"}, after]).replace(b"BAD!", b"BAD\xff")
        yield Case(f"{name}: no UTF-8", path, content_type, body, [around[0], {"refused": "invalid_record"}, around[1]])


def _lines_of_text() -> Iterator[Case]:
    paths = {
        "hec_raw": ("/services/collector/raw", ""),
        "datadog_text": ("/api/v2/logs", "text/plain"),
        "loggly": ("/bulk/key", ""),
        "sumo_logic": ("/receiver/v1/http/key", "text/plain"),
    }
    for name, (path, content_type) in paths.items():
        body = "a\0b\n\n\ufffe\uffff\n \U0001f600 \nno {json\n".encode() + b"BAD\xff\nlast"
        texts = ["a\0b", "\ufffe\uffff", " \U0001f600 ", "no {json", None, "last"]
        due = [{"refused": "invalid_encoding"} if text is None else {"text": text, "fields": {}} for text in texts]
        yield Case(f"{name}: lines", path, content_type, body, due)
    one = "a\0\ufffe\r\n \U0001f600\n"
    yield Case("plain_text: one", "/ingest", "text/plain", one.encode(), [{"text": one, "fields": {}}])
    whole = [{"text": "odd", "event_at": _AT, "fields": {"timestamp": _AT, "attributes": {"": None}}}]
    rawstring = [{"events": [{"timestamp": _AT, "rawstring": "odd", "attributes": {"k": None}}]}]
    whole[0]["fields"] = {"timestamp": _AT, "attributes": {"k": None}}
    body = json.dumps(rawstring).encode()
    yield Case("logscale: rawstring", "/api/v1/ingest/humio-structured", "application/json", body, whole)


def cases() -> dict[str, list[Case]]:
    """Return the corpus, by the names of its files."""
    found = {name: list(_of_carrier(name, carrier)) for name, carrier in CARRIERS.items()}
    others = {"otlp": _otlp, "loki": _loki, "firehose": _firehose, "journal": _journal, "msgpack": _msgpack}
    return found | {name: list(make()) for name, make in (others | {"lines": _lines_of_text}).items()}


class _Exact(json.JSONEncoder):
    """Decimals as the numbers that they are: as no encoder of Python's writes them, so as text that `read` knows."""

    def default(self, value: Any) -> Any:
        return {"decimal": str(value)} if isinstance(value, Decimal) else super().default(value)


def lines(cases: list[Case]) -> str:
    """Return a file's text."""
    return "".join(
        json.dumps(case._asdict() | {"body": base64.b64encode(case.body).decode()}, cls=_Exact) + "\n" for case in cases
    )


def _exact(members: dict[str, Any]) -> Any:
    return Decimal(members["decimal"]) if members.keys() == {"decimal"} else members


def read(path: Path) -> list[Case]:
    """Return a file's cases."""
    found = [json.loads(line, object_hook=_exact) for line in path.read_text().splitlines()]
    return [Case(**(one | {"body": base64.b64decode(one["body"])})) for one in found]


if __name__ == "__main__":
    for name, found in cases().items():
        (FOLDER / f"{name}.jsonl").write_text(lines(found))
