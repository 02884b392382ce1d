"""Any request gives messages or `Rejected`, and no record is lost or counted twice."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request, from_event
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES, InternalMessage, decode, encode
from tests.unit.ingest.fakes import RECEIVED_AT, event, request

_GOLDEN_EVENTS = [
    json.loads(path.read_text())["event"]
    for path in sorted((Path(__file__).parents[3] / "events" / "ingest").glob("*.json"))
]
_GOLDEN_BODIES = [
    base64.b64decode(golden["body"]) if golden["isBase64Encoded"] else golden["body"].encode()
    for golden in _GOLDEN_EVENTS
]

TENANTS = st.sampled_from(["acme", "other", "", " acme ", "a b", "a,b", "a" * 65]) | st.text(max_size=5)
CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/x-ndjson",
        "application/jsonl",
        "text/plain",
        "text/plain; charset=iso-8859-1",
        "text/plain; charset=windows-1252",
        "text/plain; charset=idna",
        "text/html",
        "",
    ]
) | st.text(max_size=30)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
NAMES = st.sampled_from(["text", "message", "msg", "log", "body", "tenant_id", "log_id", "logs", "level", ""])
RECORDS = st.dictionaries(NAMES | st.text(max_size=3), JSON, max_size=5)
GOOD_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
BAD_LINES = st.sampled_from([b"{", b"nonsense", b"7", b"{}", b'{"text":"\xff"}'])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": CONTENT_TYPES,
        "x-tenant-id": TENANTS,
        "x-scope-orgid": TENANTS,
        "x-log-id": st.text(max_size=5),
        "idempotency-key": st.text(max_size=5),
        "content-encoding": st.sampled_from(["gzip", "identity", "br", ""]) | st.text(max_size=5),
    },
)
QUERIES = st.fixed_dictionaries({}, optional={"tenant_id": TENANTS})


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden body with a few of its bytes replaced, cut out or doubled."""
    body = bytearray(draw(st.sampled_from(_GOLDEN_BODIES)))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 20)))
        body[start:end] = draw(st.binary(max_size=8) | st.just(bytes(body[start:end]) * 2))
    return bytes(body)


BODIES = (
    st.binary()
    | st.text().map(lambda text: text.encode(errors="surrogatepass"))
    | (JSON | RECORDS | st.lists(RECORDS, max_size=5)).map(lambda value: json.dumps(value).encode())
    | st.lists(JSON | RECORDS, max_size=5).map(lambda values: "\n".join(map(json.dumps, values)).encode())
    | mutated()
)


def _parse(given_request: Request) -> Parsed | Rejected:
    """Return what was parsed, or why the request was refused as a whole."""
    try:
        return parse(
            given_request, DIALECT, received_at=RECEIVED_AT, log_id_at=lambda position: f"generated-{position}"
        )
    except Rejected as rejected:
        return rejected


def _from_event(given_event: dict[str, Any]) -> Request | Rejected:
    try:
        return from_event(given_event)
    except Rejected as rejected:
        return rejected


def _check(found: Parsed) -> None:
    """Check that each message is valid, has only SQS's characters, and decodes to itself, and that positions differ."""
    refused = [record.position for record in found.rejected]
    assert found.positions == sorted(set(found.positions))
    assert refused == sorted(set(refused))
    assert sorted(found.positions + refused) == list(range(len(found.positions) + len(refused)))
    assert len(found.positions) == len(found.messages)
    for message in found.messages:
        assert len(message.text.encode()) <= MAX_TEXT_BYTES
        encoded = encode(message)
        assert decode(encoded) == message
        assert decode(encoded.decode()) == message
        assert len(encoded) < 1_048_576
        assert all(map(_is_xml, encoded.decode()))


def _is_xml(character: str) -> bool:
    ranges = ((" ", "\ud7ff"), ("\ue000", "\ufffd"), ("\U00010000", "\U0010ffff"))
    return character in "\t\n\r" or any(first <= character <= last for first, last in ranges)


@given(BODIES, HEADERS, QUERIES)
def test_any_request_is_parsed_or_rejected(body: bytes, headers: dict[str, str], query: dict[str, str]) -> None:
    """Any request is parsed or raises `Rejected`, and accepted messages are complete."""
    found = _parse(Request(headers, query, body))
    if isinstance(found, Parsed):
        _check(found)
    else:
        assert found.status in {400, 413}


@given(BODIES, CONTENT_TYPES)
def test_any_body_of_a_known_tenant_is_parsed_or_rejected(body: bytes, content_type: str) -> None:
    """Any body with a known tenant, so that parsing goes far, is parsed or raises `Rejected`."""
    found = _parse(request(body, content_type))
    if isinstance(found, Parsed):
        _check(found)
    else:
        assert found.status in {400, 413}


@given(
    body=st.none() | st.text() | st.binary().map(lambda body: base64.b64encode(body).decode()),
    headers=HEADERS | st.none(),
    query=QUERIES | st.none(),
    is_base64=st.booleans(),
)
def test_any_event_is_a_request_or_rejected(
    body: str | None, headers: dict[str, str] | None, query: dict[str, str] | None, *, is_base64: bool
) -> None:
    """Any event gives a request or raises `Rejected`, and so does that request's parsing."""
    found = _from_event(
        {"body": body, "headers": headers, "queryStringParameters": query, "isBase64Encoded": is_base64}
    )
    if isinstance(found, Rejected):
        assert found.status in {400, 413}
        return
    assert isinstance(found.body, bytes)
    assert all(name == name.lower() for name in found.headers)
    assert isinstance(_parse(found), Parsed | Rejected)


@given(BODIES, st.integers(0, 20), st.binary(max_size=3))
def test_any_gzip_body_is_inflated_or_rejected(body: bytes, cut: int, behind: bytes) -> None:
    """A whole gzip body is inflated unchanged; one that is cut or has bytes after its end is refused whole."""
    compressed = gzip.compress(body, mtime=0)
    sent = compressed[: len(compressed) - cut] + behind
    found = _from_event(event(sent, headers={"content-encoding": "gzip"}))
    if isinstance(found, Rejected):
        assert found.reason == "invalid_gzip"
        assert sent != compressed
    else:
        assert found.body == body


@given(st.lists(RECORDS | SCALARS, min_size=1, max_size=20), st.sampled_from(["array", "envelope", "ndjson"]))
def test_accepted_and_rejected_are_all_records(records: list[Any], shape: str) -> None:
    """In any shape, each record of a batch is either accepted or refused, once."""
    match shape:
        case "array":
            found = _parse(request(json.dumps(records).encode()))
        case "envelope":
            found = _parse(request(json.dumps({"logs": records}).encode()))
        case _:
            found = _parse(request("\n".join(map(json.dumps, records)).encode(), "application/x-ndjson"))
    assert isinstance(found, Parsed)
    assert len(found.messages) + len(found.rejected) == len(records)
    _check(found)


@given(st.lists(GOOD_TEXTS, min_size=1, max_size=20), st.data())
def test_good_records_are_taken_whatever_their_neighbours(texts: list[str], data: st.DataObject) -> None:
    """Good lines are accepted whatever bad lines are between them, and positions are the client's."""
    lines: list[tuple[bytes, str | None]] = []
    for text in texts:
        lines += [(bad, None) for bad in data.draw(st.lists(BAD_LINES, max_size=2))]
        lines.append((msgspec.json.encode({"msg": text}), text))
    found = _parse(request(b"\n".join(line for line, _ in lines), "application/x-ndjson"))
    assert isinstance(found, Parsed)
    assert [message.text for message in found.messages] == texts
    assert found.positions == [position for position, (_, text) in enumerate(lines) if text is not None]
    assert len(found.rejected) == len(lines) - len(texts)


@given(GOOD_TEXTS)
def test_text_comes_back_equal_from_every_shape(text: str) -> None:
    """A text is the same log whether it is sent as plain body, as JSON or as escaped JSON."""
    for body, content_type in (
        (text.encode(), "text/plain"),
        (json.dumps({"text": text}, ensure_ascii=False).encode(), "application/json"),
        (json.dumps({"text": text}).encode(), "application/json"),
    ):
        found = _parse(request(body, content_type))
        assert isinstance(found, Parsed)
        (message,) = found.messages
        assert decode(encode(message)).text == text


@given(text=GOOD_TEXTS, fields=st.dictionaries(GOOD_TEXTS, JSON, max_size=5), stream_pending=st.booleans())
def test_encoded_message_decodes_to_itself(text: str, fields: dict[str, Any], *, stream_pending: bool) -> None:
    """An encoded message decodes to itself, and has only characters that SQS accepts."""
    message = InternalMessage(
        tenant_id="acme",
        log_id="l",
        source="text_upload",
        text=text,
        received_at=RECEIVED_AT,
        schema_version=1,
        fields=fields or None,
        stream_pending=stream_pending,
    )
    encoded = encode(message)
    assert decode(encoded) == message
    assert all(map(_is_xml, encoded.decode()))
