"""Loki's push API: entries in JSON and in snappy protobuf, and every answer."""

import base64
import json
from typing import Any

import pytest
from cramjam import snappy

from ingest.api.dialect import Record
from ingest.api.dialects.loki import DIALECT
from ingest.api.loki.entry import labels_of
from ingest.api.protobuf import message
from ingest.api.request import Request
from ingest.contract.errors import Rejected
from tests.linear import check_linear
from tests.unit.ingest.conftest import Ingest

NS = 1_764_000_000_123_456_789
AT = "2025-11-24T16:00:00.123456789Z"
JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}


def _read(body: bytes, headers: dict[str, str] = JSON) -> list[Record | Rejected]:
    return list(DIALECT.read(Request(headers, {}, body)).records)


def _values(*values: Any, stream: Any = None) -> list[Record | Rejected]:
    streams = [{"stream": {"app": "shop"} if stream is None else stream, "values": list(values)}]
    return _read(json.dumps({"streams": streams}).encode())


def _entry(line: bytes | str, at: bytes = message({1: NS // 10**9, 2: NS % 10**9}), *more: bytes) -> bytes:
    return message({1: at, 2: line}) + b"".join(more)


def _push(*entries: bytes, labels: str | bytes = '{app="shop"}') -> bytes:
    return message({1: message({1: labels}) + b"".join(message({2: entry}) for entry in entries) + message({3: 7})})


def _protobuf(*entries: bytes, labels: str | bytes = '{app="shop"}') -> list[Record | Rejected]:
    return _read(bytes(snappy.compress_raw(_push(*entries, labels=labels))), PROTOBUF)


def _event(body: bytes, **headers: str) -> dict[str, Any]:
    return {
        "headers": {"x-scope-orgid": "acme"} | JSON | headers,
        "requestContext": {"requestId": "r-1", "http": {"method": "POST", "path": "/loki/api/v1/push"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.mark.parametrize("line", ["hello", "", "a\x00\ufffe\uffffb", "x" * 1000, "two\nlines"])
def test_a_line_is_the_text_and_its_time_is_exact(line: str) -> None:
    """A line is the text, with its exact time and the stream's labels, in both encodings."""
    expected = Record(line, fields={"labels": {"app": "shop"}}, event_at=AT)
    assert _values([str(NS), line]) == [expected]
    assert _values([NS, line]) == [expected]
    assert _protobuf(_entry(line)) == [expected]


@pytest.mark.parametrize(
    ("at_ns", "event_at"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1_764_000_000, "1970-01-01T00:00:01.764000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
    ],
)
def test_a_time_that_nobody_would_believe_is_kept(at_ns: int, event_at: str) -> None:
    """An implausible time is kept, because only the sender knows whether it is right."""
    seconds, nanos = divmod(at_ns, 10**9)
    (of_json,) = _values([str(at_ns), "a"])
    (of_protobuf,) = _protobuf(_entry("a", message({1: seconds % 2**64, 2: nanos})))
    assert isinstance(of_json, Record)
    assert (of_json.event_at, of_protobuf) == (event_at, of_json)


def test_structured_metadata_is_kept_beside_the_labels() -> None:
    """Metadata is kept with its empty values; if a name occurs twice, it is kept as a list of pairs."""
    pairs = [message({3: message({1: "trace_id", 2: "0f"})}), message({3: message({1: "empty"})})]
    (record,) = _protobuf(_entry("a", message({1: 1}), *pairs))
    assert [record] == _values(["1000000000", "a", {"trace_id": "0f", "empty": ""}])
    assert isinstance(record, Record)
    assert record.fields == {"labels": {"app": "shop"}, "structured_metadata": {"trace_id": "0f", "empty": ""}}
    (twice,) = _protobuf(_entry("a", message({1: 1}), *pairs, pairs[0]))
    assert isinstance(twice, Record)
    assert (twice.fields or {})["structured_metadata"] == [["trace_id", "0f"], ["empty", ""], ["trace_id", "0f"]]


@pytest.mark.parametrize(
    ("stream", "value", "severity"),
    [
        ({"level": "warn"}, ["1", '{"level":"info"}'], "warn"),
        ({"level": "warn"}, ["1", "x", {"severity": "error"}], "error"),
        ({"app": "shop"}, ["1", '{"level":50,"msg":"x"}'], "error"),
        ({"app": "shop"}, ["1", '{"level":'], None),
        ({"app": "shop"}, ["1", "error"], None),
        ({}, ["1", "[]"], None),
    ],
)
def test_the_severity_is_the_metadata_s_the_labels_or_the_line_s(
    stream: dict[str, str], value: list[Any], severity: str | None
) -> None:
    """The severity is read from the metadata, else the labels, else the line if it is a JSON object."""
    (record,) = _values(value, stream=stream)
    assert isinstance(record, Record)
    assert record.severity == severity


@pytest.mark.parametrize(
    "value",
    [
        ["soon", "a"],
        ["1.5", "a"],
        [1.5, "a"],
        [True, "a"],
        [None, "a"],
        ["", "a"],
        ["9" * 5000, "a"],
        ["1"],
        ["1", "a", {}, {}],
        ["1", None],
        ["1", 7],
        {"ts": "1"},
        "a",
    ],
)
def test_an_entry_that_is_none_is_refused_alone(value: Any) -> None:
    """A malformed entry is refused, and the entries beside it are taken."""
    refused = [isinstance(record, Rejected) for record in _values(["1", "a"], value, ["2", "b"])]
    assert refused == [False, True, False]


def test_bytes_that_are_no_text_cost_their_entry_alone() -> None:
    """An entry with invalid text is refused alone, in both encodings."""
    streams = b'{"stream":{},"values":[["1","a"],["2","\xff"],["3","c"]]},{"stream":{"a":"\xff"},"values":[["4","d"]]}'
    body = b'{"streams":[' + streams + b"]}"
    assert [isinstance(record, Rejected) for record in _read(body)] == [False, True, False, True]
    found = _protobuf(_entry("a"), _entry(b"\xff"), b"\x12\x7f", _entry("b"))
    reasons = [record.reason if isinstance(record, Rejected) else record.text for record in found]
    assert reasons == ["a", "invalid_encoding", "invalid_protobuf", "b"]
    assert [isinstance(record, Rejected) for record in _protobuf(_entry("a"), labels=b"\xff")] == [True]


def test_what_the_schema_does_not_have_is_kept() -> None:
    """Members and fields that are not in Loki's schema are kept."""
    (record,) = _protobuf(_entry("a", message({1: 1}), message({9: "new"})))
    assert isinstance(record, Record)
    assert (record.fields or {})["unknown_fields"] == [[9, {"bytesValue": "bmV3"}]]
    (record,) = _read(b'{"streams":[{"stream":{},"new":1,"values":[["1","a"]]}]}')
    assert isinstance(record, Record)
    assert record.fields == {"unknown_fields": {"new": 1}}


@pytest.mark.parametrize(
    ("selector", "labels"),
    [
        ("{}", {}),
        ("{ }", {}),
        ('{a="b" , }', {"a": "b"}),
        (' { a = "b" , c_1="" } ', {"a": "b", "c_1": ""}),
        ('{a="b",}', {"a": "b"}),
        (r'{a="\"\\\n\t\u00e9\x41", b=`\n"`}', {"a": '"\\\n\té\x41', "b": '\\n"'}),
        ('{a="x,y}", b="ü"}', {"a": "x,y}", "b": "ü"}),
        ('{a="b", a="c"}', '{a="b", a="c"}'),
        ('{a="b"', '{a="b"'),
        ("{a=b}", "{a=b}"),
        ('{a="b" c="d"}', '{a="b" c="d"}'),
        (r'{a="\q"}', r'{a="\q"}'),
        (r'{a="\ud800"}', r'{a="\ud800"}'),
        ("", ""),
    ],
)
def test_a_selector_is_its_labels_or_stays_as_it_is(selector: str, labels: Any) -> None:
    """A selector that cannot be read as labels is kept as text."""
    assert labels_of(selector) == labels


def test_a_selector_of_many_labels_is_read_once() -> None:
    """The time to read a selector grows linearly with its length: 400,000 labels, 5 MB, took minutes."""
    check_linear(lambda labels: labels_of("{" + ",".join([f'a{i}="b"' for i in range(labels)]) + "}"), 20_000)


def test_the_older_json_is_read() -> None:
    """The JSON form of python-logging-loki's version 0 is read."""
    entries = [{"ts": "2026-01-01T01:00:00.5+01:00", "line": "a"}, {"ts": "x", "line": "b"}, {"line": "c"}]
    stream = {"labels": '{app="shop"}', "entries": entries}
    first, *others = _read(json.dumps({"streams": [stream]}).encode())
    assert first == Record("a", fields={"labels": {"app": "shop"}}, event_at="2026-01-01T00:00:00.5Z")
    assert [record.reason for record in others if isinstance(record, Rejected)] == ["invalid_record"] * 2


def test_a_body_without_a_type_is_json_where_it_looks_like_it() -> None:
    """A body without a type is JSON if it looks like JSON, and protobuf otherwise, as in Loki."""
    body = b'{"streams":[{"stream":{"app":"shop"},"values":[["1000000000","a"]]}]}'
    assert len(_read(body, {})) == 1
    line = next("x" * size for size in range(200) if len(_push(_entry("x" * size))) == 123)
    block = bytes(snappy.compress_raw(_push(_entry(line))))
    assert block[:1] == b"{"
    (record,) = _read(block, {})
    assert isinstance(record, Record)
    assert record.text == line


def test_a_block_whose_length_is_an_opening_brace_is_no_json() -> None:
    """A snappy block of 123 decoded bytes, whose first bytes are `{`, a space and a line feed, is not read as JSON."""
    pushed = _push(_entry("x" * 88))
    assert len(pushed) == ord("{")
    block = b"{ " + pushed[:9] + bytes([60 << 2, len(pushed) - 10]) + pushed[9:]
    assert bytes(snappy.decompress_raw(block)) == pushed
    assert _read(block, {}) == _read(block, PROTOBUF) != []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"streams":{}}', b'{"streams":[7]}', b'{"streams":[{"values":7}]}', b"{"]
)
def test_json_that_is_no_push_is_refused_whole(body: bytes) -> None:
    """JSON of another shape is refused whole, because it may be a body of another dialect."""
    with pytest.raises(Rejected) as caught:
        _read(body)
    assert caught.value.reason == "invalid_json"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xff", "invalid_compression"),
        (bytes(snappy.compress_raw(b"\x0a\x7f")), "invalid_protobuf"),
        (bytes(snappy.compress_raw(b"\x0a\x00" * 20_001)), "too_many_records"),
        (bytes(snappy.compress_raw(b"\x00" * 11_000_000)), "body_too_large"),
    ],
)
def test_protobuf_that_is_no_push_is_refused_whole(body: bytes, reason: str) -> None:
    """Each kind of malformed protobuf is refused whole with its own reason."""
    with pytest.raises(Rejected) as caught:
        _read(body, PROTOBUF)
    assert caught.value.reason == reason


ONE = b'{"streams":[{"stream":{"a":""},"values":[["1","a"]]}]}'


def test_success_is_a_204(ingest: Ingest) -> None:
    """Success is a 204 without a body, also if there are no streams."""
    response = ingest(_event(ONE))
    assert (response["statusCode"], response["headers"], response["body"]) == (204, {}, "")
    assert ingest(_event(b'{"streams":[]}'))["statusCode"] == 204
    assert [(message.source, message.fields) for message in ingest.enqueued] == [("loki", {"labels": {"a": ""}})]


def test_a_refused_entry_costs_no_neighbour_and_is_named(ingest: Ingest) -> None:
    """A partly refused push is a 204 with a header that names the entry, as some clients repeat a 400 for ever."""
    response = ingest(_event(b'{"streams":[{"stream":{},"values":[["1","a"],["x","b"],["3","c"]]}]}'))
    assert response["statusCode"] == 204
    assert response["headers"]["x-rejected-entries"] == "entry 1: Invalid JSON payload (invalid_record)"
    assert [message.text for message in ingest.enqueued] == ["a", "c"]


def test_a_push_of_nothing_good_names_its_entries(ingest: Ingest) -> None:
    """A push without a valid entry is a 400 in plain text with the first ten entries and how many more there are."""
    response = ingest(_event(b'{"streams":[{"stream":{},"values":[' + b",".join([b"7"] * 12) + b"]}]}"))
    lines = response["body"].splitlines()
    assert (response["statusCode"], response["headers"]["content-type"]) == (400, "text/plain")
    assert (len(lines), lines[0], lines[-1]) == (11, "entry 0: Invalid JSON payload (invalid_record)", "and 2 more")
    assert ingest.enqueued == []


def test_what_the_queue_did_not_take_is_asked_for_again() -> None:
    """If the queue does not take the logs, the answer is a 503 with Retry-After."""
    response = Ingest(remaining_ms=1_500)(_event(ONE))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")


def test_refusals_are_told_in_plain_text(ingest: Ingest) -> None:
    """A refusal is plain text with the reason's name, and one for the quota has Retry-After."""
    response = ingest(_event(b"{"))
    assert (response["statusCode"], response["body"]) == (400, "Invalid JSON payload (invalid_json)\n")
    busy = DIALECT.refuse(Rejected("over_quota", 7), Request({}, {}, b""))
    assert (busy["statusCode"], busy["headers"]["retry-after"]) == (429, "7")


def test_it_says_that_it_is_ready(ingest: Ingest) -> None:
    """The readiness probe is answered as by Loki."""
    event = _event(b"")
    event["requestContext"]["http"] = {"method": "GET", "path": "/ready"}
    assert (ingest(event)["statusCode"], ingest(event)["body"]) == (200, "ready\n")


def test_streams_of_json_are_counted_as_entries() -> None:
    """Streams without an entry count towards the limit of records."""
    with pytest.raises(Rejected) as caught:
        _read(b'{"streams":[' + b"{}," * 20_000 + b"{}]}")
    assert caught.value.reason == "too_many_records"
