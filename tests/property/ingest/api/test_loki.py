"""Loki's pushes mean the same in JSON and in protobuf, and any bytes give records or reasons."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.api.dialect import Record
from ingest.api.loki import json as loki_json
from ingest.api.loki import protobuf
from ingest.api.loki.entry import labels_of
from ingest.api.protobuf import message
from ingest.contract.errors import REJECT_REASONS, Rejected

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
ENTRIES = st.tuples(st.integers(0, 2**63 - 1), TEXTS, st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=2))
STREAMS = st.tuples(st.dictionaries(NAMES, TEXTS, max_size=3), st.lists(ENTRIES, max_size=3))


def _selector(labels: dict[str, str]) -> str:
    """Return labels quoted as Go does; JSON's escapes are valid in Go."""
    return "{" + ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()) + "}"


def _push(streams: list[Any]) -> bytes:
    written = b""
    for labels, entries in streams:
        stream = message({1: _selector(labels)})
        for at_ns, line, metadata in entries:
            time = message({1: at_ns // 10**9, 2: at_ns % 10**9})
            pairs = b"".join(message({3: message({1: name, 2: value})}) for name, value in metadata.items())
            stream += message({2: message({1: time, 2: line}) + pairs})
        written += message({1: stream})
    return written


@settings(max_examples=50)
@given(st.lists(STREAMS, max_size=2))
def test_both_encodings_say_the_same(streams: list[Any]) -> None:
    """Both encodings give the same lines, times to the nanosecond, labels and metadata, in order."""
    values = [
        {"stream": labels, "values": [[str(at_ns), line, metadata] for at_ns, line, metadata in entries]}
        for labels, entries in streams
    ]
    found = protobuf.read(_push(streams), most=100)
    assert found == loki_json.read(json.dumps({"streams": values}).encode(), most=100)
    sent = [(labels, *entry) for labels, entries in streams for entry in entries]
    assert len(found) == len(sent)
    for record, (labels, at_ns, line, metadata) in zip(found, sent, strict=True):
        assert isinstance(record, Record)
        assert record.text == line
        assert (record.event_at or "")[-10:] == f"{at_ns % 10**9:09}Z"
        said = {"labels": labels, "structured_metadata": metadata}
        assert record.fields == {name: value for name, value in said.items() if value}


@given(st.lists(STREAMS, max_size=2), st.integers(0, 200), st.binary(max_size=3))
def test_any_bytes_are_records_or_reasons(streams: list[Any], at: int, edit: bytes) -> None:
    """Any bytes give records or reasons, and never another exception."""
    body = _push(streams)
    try:
        found = protobuf.read(body[:at] + edit + body[at + len(edit) :], most=100)
    except Rejected as rejected:
        found = [rejected]
    assert all(isinstance(record, Record) or record.reason in REJECT_REASONS for record in found)


@given(st.text(st.sampled_from('{}a="\\,`u1 \n'), max_size=30))
def test_a_selector_is_read_or_kept(selector: str) -> None:
    """Any selector is read as labels or kept as text."""
    assert isinstance(labels_of(selector), dict) or labels_of(selector) == selector
