"""What must hold for any request, whatever its bytes. Pure: an AssertionError, or any other exception, is a finding.

`orjson` is the second reader: if it and ingest both accept a body, they must have read the same.
"""

import gzip
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson

from ingest.access.principal import of_token
from ingest.api.dialects.plain import DIALECT, TEXT_KEYS
from ingest.api.documents import value_of
from ingest.api.encodings import MAX_BODY_BYTES
from ingest.api.kinds import GUESSED_TYPES, NDJSON_TYPES
from ingest.api.media_type import media_type
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request, from_event
from ingest.contract.errors import REJECT_REASONS, Rejected
from ingest.contract.message import MAX_TEXT_BYTES, InternalMessage, decode, encode
from tests.fuzz import request_bytes
from tests.fuzz.shapes import shapes

RECEIVED_AT: Final = "2026-11-24T05:40:00.000Z"

_OF_THE_TRANSPORT: Final = frozenset(
    {
        *("invalid_base64", "invalid_gzip", "invalid_compression", "damaged_compression"),
        "unsupported_content_encoding",
    }
)
_TENANT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOG_ID: Final = re.compile(r"[!-~]{1,256}")
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_MESSAGE_BYTES: Final = 1_048_576  # SQS's and Kinesis' own, far above what MAX_TEXT_BYTES lets through.


class Ingest(NamedTuple):
    """The two functions under test; a planted bug stands in for one of them."""

    from_event: Callable[[Mapping[str, Any]], Request] = from_event
    parse: Callable[..., Parsed] = parse


REAL: Final = Ingest()


def check(data: bytes, ingest: Ingest = REAL) -> Parsed | Rejected:
    """Check all that must hold; return what ingest makes of these bytes (see `request_bytes`)."""
    sent = request_bytes.read(data)
    try:
        principal = of_token(sent.event, "tenant_id").tenant_id if sent.is_authorized else None
        request = ingest.from_event(sent.event)
        _check_body(sent, request)
        found: Parsed | Rejected = ingest.parse(
            request,
            DIALECT,
            received_at=RECEIVED_AT,
            log_id_at=lambda position: f"generated-{position}",
            principal=principal,
        )
    except Rejected as rejected:
        found = rejected
    if isinstance(found, Rejected):
        _check_refusal(sent, found)
        return found
    check_positions(found)
    for message in found.messages:
        check_message(message)
        _check_tenant(message, request, principal)
    records = _second_reading(request)
    if records is not None and not any(message.source == "text_upload" for message in found.messages):
        _check_against(records, found)
    return found


def _check_refusal(sent: request_bytes.Sent, rejected: Rejected) -> None:
    """Check that the reason is a known one with a 4xx, and not the transport's if that was sound."""
    assert rejected.reason in REJECT_REASONS
    assert rejected.status in {400, 403, 413}
    assert (rejected.status == 403) == (rejected.reason == "tenant_forbidden")
    assert rejected.detail
    assert not (sent.is_sound and rejected.reason in _OF_THE_TRANSPORT)


def _check_body(sent: request_bytes.Sent, request: Request) -> None:
    """Check that the body is the client's, byte for byte."""
    assert len(request.body) <= MAX_BODY_BYTES
    if sent.wire is not None:
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if sent.is_sound or (encoding in {"gzip", "x-gzip"} and sent.wire[:2] == b"\x1f\x8b"):
            assert request.body == gzip.decompress(sent.wire)
        elif encoding in {"", "identity"}:
            assert request.body == sent.wire


def check_positions(parsed: Parsed, *, may_be_empty: bool = False) -> None:
    """Assert that each record is accepted or refused, once."""
    refused = [record.position for record in parsed.rejected]
    assert len(parsed.positions) == len(parsed.messages)
    assert sorted(parsed.positions + refused) == list(range(len(parsed.positions) + len(refused)))
    assert parsed.positions == sorted(parsed.positions)
    assert all(record.reason in REJECT_REASONS for record in parsed.rejected)
    assert parsed.messages or parsed.rejected or may_be_empty
    assert parsed.is_batch or (len(parsed.messages), len(parsed.rejected)) == (1, 0)


def check_message(message: InternalMessage, *, may_be_empty: bool = False) -> None:
    """Assert that the message is within the limits, and that queue and stream give back the same."""
    assert _TENANT_ID.fullmatch(message.tenant_id)
    assert _LOG_ID.fullmatch(message.log_id)
    assert message.text or may_be_empty
    assert len(message.text.encode()) <= MAX_TEXT_BYTES
    assert not message.stream_pending
    encoded = encode(message)
    assert len(encoded) < _MAX_MESSAGE_BYTES
    text = encoded.decode()
    assert not _NO_XML.search(text)
    assert decode(encoded) == message
    assert decode(text) == message


def _check_tenant(message: InternalMessage, request: Request, principal: str | None) -> None:
    """Check that each log's tenant is the one that the credentials, the headers or the query name."""
    stated = [request.headers.get(name, "").strip() for name in ("x-tenant-id", "x-scope-orgid")]
    stated.append(request.query.get("tenant_id", ""))
    assert {message.tenant_id}.issuperset({*stated, principal or ""} - {""})


def _second_reading(request: Request) -> list[Any] | None:
    """Return the records as orjson reads them; None if it cannot, or if the body's shape is unclear."""
    content_type, _ = media_type(request.headers.get("content-type", ""))
    if content_type == "text/plain" or (content_type in GUESSED_TYPES and request.body.strip()[:1] not in {b"{", b"["}):
        return None
    body = request.body.removeprefix(b"\xef\xbb\xbf")
    if content_type in NDJSON_TYPES:
        lines = [_loads(line) for line in body.split(b"\n") if line.strip()]
        return None if _BROKEN in lines else lines
    value = _loads(body)
    if value is _BROKEN:
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and isinstance(value.get("logs"), list) and value.keys() <= {"logs", "tenant_id"}:
        stated = {} if value.get("tenant_id") in {None, ""} else {"tenant_id": value["tenant_id"]}
        return [record | stated if isinstance(record, dict) else record for record in value["logs"]]
    return [value]


_BROKEN: Final = object()


def _loads(document: bytes) -> Any:
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError:
        return _BROKEN


def _check_against(records: list[Any], parsed: Parsed) -> None:
    """Check that there are as many records as in the second reading, and that accepted ones agree with it."""
    assert len(parsed.messages) + len(parsed.rejected) == len(records)
    for position, message in zip(parsed.positions, parsed.messages, strict=True):
        record = records[position]
        if isinstance(record, str):
            record = {"text": record}
        text_key = next((key for key in TEXT_KEYS if record.get(key) is not None), None)
        said = record.get(text_key)
        if record.get("tenant_id") not in {None, ""}:
            assert message.tenant_id == record["tenant_id"]
        if record.get("log_id") is not None:
            assert message.log_id == record["log_id"]
        taken = {"tenant_id", "log_id"} | ({text_key} if isinstance(said, str) else set())
        others = {name: value for name, value in record.items() if name not in taken}
        assert _is_same(message.fields or {}, others)
        if isinstance(said, str) and said:
            assert message.text == said
        else:  # The text is the JSON of the message, or of all fields of a batch's record without a message.
            assert _is_same(value_of(message.text.encode()), others if said is None or said == "" else said)


def _is_same(ours: Any, theirs: Any) -> bool:
    """Whether two readings agree; orjson gives a float for numbers that no double or 64-bit integer holds."""
    if isinstance(ours, int) and isinstance(theirs, float):
        return abs(ours) >= 2**63 and float(ours) == theirs
    if isinstance(ours, Decimal):  # A number that no double holds exactly.
        return isinstance(theirs, float) and float(ours) == theirs
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(_is_same(value, theirs[name]) for name, value in ours.items())
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))
    return bool(ours == theirs)


def kinds(found: Parsed | Rejected) -> set[str]:
    """Return why a request or its records were refused, how many were accepted (by powers of two), and their fields."""
    if isinstance(found, Rejected):
        return {found.reason}
    accepted = f"{found.is_batch} {min(len(found.messages), 8).bit_length()}"
    return {accepted}.union(
        (f"record {record.reason}" for record in found.rejected),
        *(shapes(message.fields) for message in found.messages[:3]),
    )
