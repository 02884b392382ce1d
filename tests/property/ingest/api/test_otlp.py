"""OTLP's logs, written by protobuf's own library, are read as its own accessors read them, and the same from JSON."""

import base64
import json
from typing import Any

from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.api.dialect import Record
from ingest.api.documents import value_of
from ingest.api.otlp import json as otlp_json
from ingest.api.otlp import protobuf
from ingest.contract.errors import REJECT_REASONS, Rejected
from tests.unit.ingest.api.otlp import published

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.sampled_from(["", "a", "b", "service.name", "k" * 130]) | TEXTS
UINT32 = st.integers(0, 2**32 - 1) | st.just(0)
UINT64 = st.integers(0, 2**64 - 1) | st.just(0)
SCALARS = st.one_of(
    st.builds(dict, string_value=TEXTS | st.just("long " * 40)),
    st.builds(dict, bool_value=st.booleans()),
    st.builds(dict, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(dict, double_value=st.floats()),
    st.builds(dict, bytes_value=st.binary(max_size=20)),
    st.just({}),
)


def _pairs(values: "st.SearchStrategy[dict[str, Any]]") -> "st.SearchStrategy[list[dict[str, Any]]]":
    return st.lists(st.fixed_dictionaries({"key": NAMES}, optional={"value": values}), max_size=3)


VALUES: "st.SearchStrategy[dict[str, Any]]" = st.recursive(
    SCALARS,
    lambda inner: (
        st.builds(dict, array_value=st.builds(dict, values=st.lists(inner, max_size=3)))
        | st.builds(dict, kvlist_value=st.builds(dict, values=_pairs(inner)))
    ),
    max_leaves=8,
)
LOGS = st.fixed_dictionaries(
    {},
    optional={
        "time_unix_nano": UINT64,
        "observed_time_unix_nano": UINT64,
        "severity_number": st.integers(-(2**31), 2**31 - 1) | st.integers(0, 25),
        "severity_text": TEXTS | st.sampled_from(["INFO", "warn"]),
        "body": VALUES,
        "attributes": _pairs(VALUES),
        "dropped_attributes_count": UINT32,
        "flags": UINT32,
        "trace_id": st.binary(max_size=33),
        "span_id": st.binary(max_size=9),
        "event_name": TEXTS,
    },
)
ORIGINS = {"attributes": _pairs(VALUES), "dropped_attributes_count": UINT32}
SCOPES = st.fixed_dictionaries({}, optional=ORIGINS | {"name": TEXTS, "version": TEXTS})
SCOPE_LOGS = st.fixed_dictionaries(
    {"log_records": st.lists(LOGS, max_size=3)}, optional={"scope": SCOPES, "schema_url": TEXTS}
)
RESOURCE_LOGS = st.fixed_dictionaries(
    {"scope_logs": st.lists(SCOPE_LOGS, max_size=2)},
    optional={"resource": st.fixed_dictionaries({}, optional=ORIGINS), "schema_url": TEXTS},
)
REQUESTS = st.builds(lambda logs: published.Request(resource_logs=logs), st.lists(RESOURCE_LOGS, max_size=2))


def _comparable(record: Record | Rejected) -> Any:
    """Return a record in which an int and an equal double differ; a body that is no string is compared apart."""
    assert isinstance(record, Record), record
    text = "" if "body" in (record.fields or {}) else record.text
    return record._replace(text=text, fields=_typed(record.fields))


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_typed(element) for element in value]
    return type(value), repr(value)


@settings(max_examples=50)
@given(REQUESTS)
def test_a_request_is_read_as_protobuf_s_own_library_reads_it(request: Any) -> None:
    """Every member of every log, with values of every type, is read as by protobuf's own library."""
    found = protobuf.read(request.SerializeToString(), most=100)
    assert list(map(_comparable, found)) == list(map(_comparable, published.records(request)))


@settings(max_examples=50)
@given(REQUESTS)
def test_a_body_that_is_no_string_is_told_as_its_json(request: Any) -> None:
    """For a body that is no string, text and field agree; bytes and NaN are named by their type."""
    for record in protobuf.read(request.SerializeToString(), most=100):
        assert isinstance(record, Record)
        assert record.fields is not None
        body = record.fields.get("body")
        if "body" in record.fields and body is None:
            assert record.text == ""
        elif isinstance(body, dict) and record.text in body.values():
            assert body.keys() <= {"bytesValue", "doubleValue"}
        elif "body" in record.fields:
            assert value_of(record.text.encode()) == body


@settings(max_examples=50)
@given(REQUESTS, st.booleans())
def test_json_says_the_same(request: Any, snake_case: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """JSON, in camelCase or snake_case and with ids in hex, gives the same records as protobuf."""
    document = json_format.MessageToDict(request, preserving_proto_field_name=snake_case)
    for log in _logs(document):
        for name in ("traceId", "spanId", "trace_id", "span_id"):
            if name in log:
                log[name] = base64.b64decode(log[name]).hex()
    found = otlp_json.read(json.dumps(document).encode(), most=100)
    expected = protobuf.read(request.SerializeToString(), most=100)
    assert list(map(_comparable, found)) == list(map(_comparable, expected))


def _logs(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        log
        for resource in document.get("resourceLogs", document.get("resource_logs", []))
        for scope in resource.get("scopeLogs", resource.get("scope_logs", []))
        for log in scope.get("logRecords", scope.get("log_records", []))
    ]


@settings(max_examples=50)
@given(REQUESTS, st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=3), st.integers(0, 300))
def test_what_is_not_read_is_refused(request: Any, edits: list[tuple[int, int]], cut: int) -> None:
    """Any bytes give records and reasons, or one reason, and never another exception."""
    body = bytearray(request.SerializeToString())
    for at, byte in edits:
        if at < len(body):
            body[at] = byte
    try:
        found = protobuf.read(bytes(body[: len(body) - cut] if cut < len(body) else body), most=100)
    except Rejected as rejected:
        found = [rejected]
    assert all(isinstance(record, Record) or record.reason in REJECT_REASONS for record in found)
