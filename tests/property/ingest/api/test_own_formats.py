"""Splunk's events, Firehose's records and the journal's entries become logs unaltered, or are refused."""

import base64
import contextlib
import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.api import dialects
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request
from ingest.api.routes import Routes
from ingest.contract.errors import Rejected
from ingest.contract.message import InternalMessage, decode, encode
from tests.unit.ingest.fakes import RECEIVED_AT

_ROUTES = Routes(dialects.ALL)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "\0", "\ufffe\uffff", "a\n=b"]
)
_NAMES = _TEXTS.filter(bool)
_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(
    _SCALARS | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=6,
)
_EVENTS = st.fixed_dictionaries(
    {"event": _VALUES.filter(lambda event: event is not None)},
    optional={
        "time": st.integers(0, 4_000_000_000),
        "host": _TEXTS,
        "fields": st.dictionaries(_NAMES, _VALUES, max_size=2),
    },
)
_FIELD = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
_ENTRIES = st.lists(st.tuples(_FIELD, _TEXTS), min_size=1, max_size=4)


def _parsed(path: str, body: bytes) -> Parsed:
    http = {"method": "POST", "path": path}
    match = _ROUTES.find({"requestContext": {"requestId": "r", "http": http}})  # type: ignore[typeddict-item] # these members
    assert match is not None
    request = Request({"x-tenant-id": "acme"}, {}, body, match.path, match.parameters, "r")
    parsed = parse(request, match.dialect, received_at=RECEIVED_AT, log_id_at=lambda place: f"generated-{place:0>40}")
    assert [decode(encode(message)) for message in parsed.messages] == parsed.messages
    return parsed


def _is_deep(value: Any) -> bool:
    return "[[[" in json.dumps(value).replace("{", "[")


@settings(max_examples=60)
@given(st.lists(_EVENTS, min_size=1, max_size=4), st.sampled_from(["", " ", "\n", "\r\n"]))
def test_splunk_s_events(events: list[dict[str, Any]], between: str) -> None:
    """Every member of every event except its text is kept, in order; a blank event without fields is refused."""
    parsed = _parsed("/services/collector", between.join(map(json.dumps, events)).encode())
    refused = {position for position, _ in parsed.rejected}
    for position in refused:
        event = events[position]
        assert _is_deep(event) or (event["event"] == "" and not event.get("fields"))
    for position, message in zip(parsed.positions, parsed.messages, strict=True):
        _check_event(events[position], message)
    assert sorted([*parsed.positions, *refused]) == list(range(len(events)))


def _check_event(sent: dict[str, Any], message: InternalMessage) -> None:
    fields = dict(message.fields or {})
    event = sent["event"]
    if isinstance(event, str):
        assert (message.text, fields) == (event, {name: value for name, value in sent.items() if name != "event"})
    elif isinstance(event, dict):  # The object's own message was taken out as the text.
        left = fields.pop("event")
        assert fields == {name: value for name, value in sent.items() if name != "event"}
        gone = event.keys() - left.keys()
        assert ({**left, **dict.fromkeys(gone, message.text)}, len(gone) <= 1) == (event, True)
    else:
        assert (json.loads(message.text), fields) == (event, sent)


@settings(max_examples=60)
@given(st.lists(_TEXTS.filter(lambda line: not set(line) & set("\r\n") and bool(line)), min_size=1, max_size=5))
def test_splunk_s_raw_lines(lines: list[str]) -> None:
    """Each raw line is a log, unchanged."""
    parsed = _parsed("/services/collector/raw", "\n".join(lines).encode())
    assert [message.text for message in parsed.messages] == lines


@settings(max_examples=60)
@given(st.lists(st.tuples(_TEXTS, st.integers(0, 4_000_000_000_000), _VALUES), max_size=4), _TEXTS, st.booleans())
def test_firehose_s_cloudwatch_logs(events: list[tuple[str, int, Any]], group: str, is_gzip: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Message, id, time and all other members of each log event are kept, and so are those of its document."""
    sent = [{"id": f"i{i}", "timestamp": at, "message": text, "x": value} for i, (text, at, value) in enumerate(events)]
    document = json.dumps({"messageType": "DATA_MESSAGE", "logGroup": group, "logEvents": sent}).encode()
    data = base64.b64encode(gzip.compress(document) if is_gzip else document).decode()
    parsed = _parsed("/firehose", json.dumps({"requestId": "r", "records": [{"data": data}]}).encode())
    assert all(_is_deep(events[position][2]) for position, _ in parsed.rejected)
    for position, message in zip(parsed.positions, parsed.messages, strict=True):
        text, at, value = events[position]
        assert (message.text, message.log_id) == (text, f"i{position}")
        assert message.fields == {"messageType": "DATA_MESSAGE", "logGroup": group, "timestamp": at, "x": value}


@settings(max_examples=60)
@given(st.lists(_ENTRIES, max_size=4), st.data())
def test_the_journal_s_entries(entries: list[list[tuple[str, str]]], data: st.DataObject) -> None:
    """Each field is read in either of its forms, and a field that occurs twice is a list."""
    body = b""
    for entry in entries:
        for name, value in entry:
            octets = value.encode()
            is_binary = b"\n" in octets or data.draw(st.booleans())
            frame = b"\n" + len(octets).to_bytes(8, "little") + octets if is_binary else b"=" + octets
            body += name.encode() + frame + b"\n"
        body += b"\n"
    parsed = _parsed("/upload", body)
    assert all(reason == "invalid_log_id" for _, reason in parsed.rejected)
    for position, message in zip(parsed.positions, parsed.messages, strict=True):
        said: dict[str, list[str]] = {}
        for name, value in entries[position]:
            said.setdefault(name, []).append(value)
        texts = said.get("MESSAGE", [""])
        if len(texts) == 1:
            said.pop("MESSAGE", None)
        due = {name: values[0] if len(values) == 1 else values for name, values in said.items()}
        assert (message.text, message.fields or {}) == (texts[0], due)


@settings(max_examples=100)
@given(
    st.sampled_from(["/services/collector", "/services/collector/raw", "/firehose", "/upload"]), st.binary(), st.data()
)
def test_any_bytes_are_logs_or_reasons(path: str, body: bytes, data: st.DataObject) -> None:
    """Any bytes, also within a sound body, give logs or reasons, and never another exception."""
    sound = {
        "/firehose": b'{"requestId":"r","records":[{"data":"YQ=="},{"data":"eyJ4IjoxfQ=="}]}',
        "/upload": b"MESSAGE=a\nX\n\x01\0\0\0\0\0\0\0a\n\nMESSAGE=b\n",
    }.get(path, b'{"event":"a"}{"event":{"a":[1]}}')
    cut = data.draw(st.integers(0, len(sound)))
    with contextlib.suppress(Rejected):
        _parsed(path, sound[:cut] + body + sound[cut:])
