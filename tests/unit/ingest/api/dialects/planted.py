"""Unknown members, planted at every level of each dialect's bodies: each must be stored, or refused.

    python -m tests.unit.ingest.api.dialects.planted    writes tests/golden/clients/MEMBERS.md anew

A sample is a body as its dialect's clients send it. An unknown member is planted into each of its objects, an element
into each list, and a field into each protobuf message. The table says where each goes.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgpack
from cramjam import snappy

from ingest.api.protobuf import message
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

TABLE: Final = Path(__file__).parents[4] / "golden" / "clients" / "MEMBERS.md"
WORD: Final = "zqxjplanted"
NAME: Final = "planted"
NUMBER: Final = 99
"""The number of the planted protobuf field."""

_NS: Final = "1764000000123456789"
_JSON: Final = "application/json"
_PROTOBUF: Final = "application/x-protobuf"
_LIMIT: Final = 400

Proto = dict[int, Any]
"""A message by its fields' numbers: strings, numbers, messages, lists of them."""


class Sample(NamedTuple):
    """A body as a tree of values, and how it is encoded."""

    path: str
    tree: Any
    write: Callable[[Any], bytes] = lambda tree: json.dumps(tree).encode()
    content_type: str = _JSON
    headers: Mapping[str, str] = {}


class Fate(NamedTuple):
    """What became of a planted word: `kept` is its place in a log; otherwise `refused` says how it was refused."""

    place: str
    kept: str | None
    refused: str | None


def _lines(documents: list[Any]) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def _protobuf(tree: Proto) -> bytes:
    written = b""
    for number, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            written += message({number: _protobuf(one) if isinstance(one, dict) else one})
    return written


def _in_record(document: Any) -> bytes:
    data = base64.b64encode(gzip.compress(json.dumps(document).encode(), 1)).decode()
    return json.dumps({"requestId": "r", "timestamp": 1, "records": [{"data": data}]}).encode()


def _attributes(header: Any) -> Sample:
    records = {"requestId": "r", "records": [{"data": base64.b64encode(b"line").decode()}]}
    return Sample("/firehose", records, headers={"x-amz-firehose-common-attributes": json.dumps(header)})


def _journal(entries: list[dict[str, str]]) -> bytes:
    return "\n".join("".join(f"{name}={value}\n" for name, value in entry.items()) for entry in entries).encode()


_ATTRIBUTE: Final = {"key": "a", "value": {"kvlistValue": {"values": [{"key": "b", "value": {"stringValue": "c"}}]}}}
_LOG: Final = {
    "timeUnixNano": _NS,
    "body": {"arrayValue": {"values": [{"stringValue": "x"}]}},
    "attributes": [_ATTRIBUTE],
}
_SCOPE_LOGS: Final = {"scope": {"name": "s"}, "logRecords": [_LOG]}
_LIBRARY_LOGS: Final = {"instrumentationLibrary": {"name": "s"}, "logs": [_LOG], "schemaUrl": "u"}
_ANY: Final[Proto] = {6: {1: {1: "b", 2: {1: "c"}}}}
_PROTO_LOG: Final[Proto] = {5: {5: {1: {1: "x"}}}, 6: {1: "a", 2: _ANY}}
_PROTO_SCOPE: Final[Proto] = {1: {1: "s", 3: {1: "a", 2: _ANY}}, 2: _PROTO_LOG}
_ENTRY: Final[Proto] = {1: {1: 1_764_000_000, 2: 5}, 2: "line", 3: {1: "a", 2: "b"}}
_EVENT: Final = {"message": "m", "nested": {"list": [{"a": 1}]}}

SAMPLES: Final = {
    "/ingest, an object": Sample("/ingest", _EVENT),
    "/ingest, an array": Sample("/ingest", [_EVENT]),
    "/ingest, an envelope": Sample("/ingest", {"tenant_id": "acme", "logs": [_EVENT]}),
    "/ingest, msgpack": Sample("/ingest", [[[1_764_000_000, {"m": 1}], _EVENT]], msgpack.packb, "application/msgpack"),
    "Axiom": Sample("/v1/ingest/d", [_EVENT]),
    "Datadog": Sample("/api/v2/logs", [_EVENT]),
    "Datadog v1": Sample("/v1/input", [_EVENT]),
    "Elasticsearch, _bulk": Sample("/i/_bulk", [{"create": {"_id": "1"}}, _EVENT], _lines),
    "Elasticsearch, a document": Sample("/i/_doc", _EVENT),
    "Firehose": Sample(
        "/firehose", {"requestId": "r", "timestamp": 1, "records": [{"data": base64.b64encode(b"line").decode()}]}
    ),
    "Firehose, a line of JSON": Sample("/firehose", _EVENT, _in_record),
    "Firehose, CloudWatch Logs": Sample(
        "/firehose",
        {"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": [{"id": "1", "timestamp": 1, "message": "m"}]},
        _in_record,
    ),
    "GELF": Sample("/gelf", [{"short_message": "m", "_nested": {"list": [{"a": 1}]}}]),
    "Loggly": Sample("/bulk/k", [_EVENT], _lines),
    "LogDNA": Sample("/logs/ingest", {"e": "ls", "ls": [{"line": "l", "meta": {"a": 1}}]}),
    "LogScale, events": Sample(
        "/api/v1/ingest/humio-structured",
        [{"tags": {"host": "h"}, "events": [{"timestamp": 1_764_000_000_123, "attributes": {"a": {"b": 1}}}]}],
    ),
    "LogScale, raw strings": Sample(
        "/api/v1/ingest/humio-structured", [{"events": [{"rawstring": "r", "attributes": {"a": 1}}]}]
    ),
    "LogScale, messages": Sample("/api/v1/ingest/humio-unstructured", [{"fields": {"host": "h"}, "messages": ["m"]}]),
    "Coralogix": Sample("/api/v1/logs", {"applicationName": "a", "logEntries": [{"text": "t", "severity": 3}]}),
    "Coralogix, singles": Sample("/logs/v1/singles", [{"text": "t", "severity": 3}]),
    "Honeycomb, a batch": Sample("/1/batch/d", [{"time": "2026-01-01T00:00:00Z", "samplerate": 2, "data": _EVENT}]),
    "Honeycomb, an event": Sample("/1/events/d", _EVENT),
    "OpenObserve": Sample("/api/o/s/_json", [_EVENT]),
    "Logflare": Sample("/logs", {"batch": [{"message": "m", "metadata": {"level": "info"}}]}),
    "Sumo Logic": Sample("/receiver/v1/http/k", [_EVENT], _lines),
    "journal": Sample("/upload", [{"MESSAGE": "m", "PRIORITY": "6"}], _journal, "application/vnd.fdo.journal"),
    "Logtail": Sample("/", [_EVENT]),
    "Logtail, msgpack": Sample("/", [_EVENT], msgpack.packb, "application/msgpack"),
    "Loki, JSON": Sample(
        "/loki/api/v1/push", {"streams": [{"stream": {"a": "b"}, "values": [[_NS, "line", {"trace": "t"}]]}]}
    ),
    "Loki, the older JSON": Sample(
        "/api/prom/push", {"streams": [{"labels": '{a="b"}', "entries": [{"ts": "2026-01-01T00:00:00Z", "line": "l"}]}]}
    ),
    "Loki, protobuf": Sample(
        "/loki/api/v1/push",
        {1: [{1: '{a="b"}', 2: [_ENTRY]}]},
        lambda tree: bytes(snappy.compress_raw(_protobuf(tree))),
        _PROTOBUF,
    ),
    "New Relic, a block": Sample(
        "/log/v1", [{"common": {"attributes": {"host": "h"}}, "logs": [{"message": "m", "attributes": {"a": 1}}]}]
    ),
    "New Relic, logs": Sample("/log/v1", [{"message": "m", "attributes": {"a": 1}}]),
    "OTLP, JSON": Sample(
        "/v1/logs", {"resourceLogs": [{"resource": {"attributes": [_ATTRIBUTE]}, "scopeLogs": [_SCOPE_LOGS]}]}
    ),
    "OTLP before 1.0, JSON": Sample("/v1/logs", {"resourceLogs": [{"instrumentationLibraryLogs": [_LIBRARY_LOGS]}]}),
    "OTLP, protobuf": Sample("/v1/logs", {1: {1: {1: {1: "a", 2: _ANY}}, 2: _PROTO_SCOPE}}, _protobuf, _PROTOBUF),
    "OTLP before 1.0, protobuf": Sample("/v1/logs", {1: {1000: _PROTO_SCOPE}}, _protobuf, _PROTOBUF),
    "Seq, Events": Sample("/api/events/raw", {"Events": [{"MessageTemplate": "m", "Properties": {"a": 1}}]}),
    "Seq, CLEF": Sample("/ingest/clef", [{"@mt": "m", "a": {"b": 1}}], _lines),
    "Splunk HEC": Sample(
        "/services/collector", [{"event": {"message": "m", "a": {"b": 1}}, "fields": {"c": "d"}}], _lines
    ),
}  # fmt: skip


def planted(sample: Sample) -> Iterator[tuple[str, Sample]]:
    """Yield the sample once for each level, with something planted there, and the name of the place."""
    if sample.content_type == _PROTOBUF:
        for place, tree in _at_every_level(sample.tree, "", lambda message_: {**message_, NUMBER: WORD}):
            yield place, sample._replace(tree=tree)
        return
    is_text = sample.path == "/upload"
    plantings: list[dict[str, Any]] = [{NAME: WORD}] if is_text else [{NAME: WORD}, {NAME: [{"message": WORD}]}]
    for planting in plantings:
        for place, tree in _at_every_level(sample.tree, "", partial(_planted_in, planting)):
            yield place, sample._replace(tree=tree)
    if not is_text:
        for element in (WORD, {NAME: WORD}):
            for place, tree in _at_every_list(sample.tree, "", element):
                yield place, sample._replace(tree=tree)


def _planted_in(planting: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    return {**members, **planting}


def _at_every_level(tree: Any, at: str, plant: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        yield f"{at}.{NAME}".lstrip("."), plant(tree)
    for place, name, inner in _inner(tree, at):
        for where, changed in _at_every_level(inner, place, plant):
            yield where, _with(tree, name, changed)


def _at_every_list(tree: Any, at: str, element: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, list):
        yield f"{at}[{len(tree)}]", [*tree, element]
    for place, name, inner in _inner(tree, at):
        for where, changed in _at_every_list(inner, place, element):
            yield where, _with(tree, name, changed)


def _inner(tree: Any, at: str) -> list[tuple[str, Any, Any]]:
    if isinstance(tree, dict):
        return [(f"{at}.{name}".lstrip("."), name, inner) for name, inner in tree.items()]
    return [(f"{at}[{i}]", i, inner) for i, inner in enumerate(tree)] if isinstance(tree, list) else []


def _with(tree: Any, name: Any, value: Any) -> Any:
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    changed[name] = value
    return changed


def fate(place: str, sample: Sample) -> Fate:
    """Return what becomes of the planted word in a sample."""
    ingest = Ingest()
    body = sample.write(sample.tree)
    answer = ingest(event(body, sample.content_type, path=sample.path, headers=sample.headers))
    kept = [found for text in ingest.sqs.bodies for found in _found(json.loads(text), "")]
    said = answer["body"] + json.dumps(answer["headers"])
    if answer["isBase64Encoded"]:
        said = base64.b64decode(answer["body"]).decode(errors="replace")
    is_told = answer["statusCode"] >= _LIMIT or "invalid" in said.lower()
    refused = str(answer["statusCode"]) if is_told else None
    return Fate(place, min(kept, key=len) if kept else None, refused)


def _found(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, str) and (WORD in value or base64.b64encode(WORD.encode()).decode() in value):
        yield at.lstrip(".")
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from _found(inner, f"{at}[{name}]" if isinstance(value, list) else f"{at}.{name}")


def fates() -> Iterator[tuple[str, Fate]]:
    """Yield what becomes of every planted word, by the samples' names."""
    for name, sample in SAMPLES.items():
        for place, with_word in planted(sample):
            yield name, fate(place, with_word)
    for said in ({"commonAttributes": {NAME: WORD}}, {"commonAttributes": {}, NAME: [{"message": WORD}]}):
        yield "Firehose, the header of attributes", fate(f"{'.'.join(said)}", _attributes(said))


def table() -> str:
    """Return the table of all planted words, with one row for each place."""
    rows = ["# What no schema has, and where it goes", ""]
    rows += [
        "Written by `python -m tests.unit.ingest.api.dialects.planted`; the tests hold it. A member that nobody knows"
    ]
    rows += [
        "(`planted`; in protobuf a field of the number 99), or an element of a list (`[n]`), is there, or refused.",
        "",
    ]
    rows += ["| body | what is planted | in the log | refused |", "|---|---|---|---|"]
    told = {(name, found.place): found for name, found in reversed(list(fates()))}
    for (name, place), found in reversed(told.items()):
        kept, refused = (f"`{found.kept}`", "") if found.kept else ("", found.refused)
        rows.append(f"| {name} | `{place}` | {kept} | {refused} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table())
