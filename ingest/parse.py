"""A request made into messages: pure, and the only place that decides what a valid log is."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple, cast

import msgspec

from ingest.body import MAX_RECORDS, read_records
from ingest.errors import Rejected, RejectReason
from ingest.message import MAX_TEXT_BYTES, SCHEMA_VERSION, InternalMessage, LogId, Source, TenantId
from ingest.request import Request

TEXT_KEYS: Final = ("text", "message", "msg", "log", "body")
"""Where a record's text may stand: the first of these that is there (and not null) wins."""

MAX_FIELDS: Final = 64
MAX_FIELDS_DEPTH: Final = 8
MAX_FIELDS_BYTES: Final = 16_384  # As JSON; with two texts of the maximum it still fits DynamoDB's 400 KB.

# A control character is one byte of text and six of JSON; a message must stay below SQS's and Kinesis' 1 MiB.
MAX_ESCAPED_TEXT_BYTES: Final = 900_000

_TENANT_HEADERS: Final = ("x-tenant-id", "x-scope-orgid")
_IDENTITY_KEYS: Final = frozenset({"tenant_id", "log_id"})


class RejectedRecord(NamedTuple):
    """A record of a batch that was refused: its position among the batch's records, and why."""

    position: int
    reason: RejectReason


class Parsed(NamedTuple):
    """What a request holds. `positions[i]` is the place of `messages[i]` among the batch's records."""

    messages: list[InternalMessage]
    positions: list[int]
    rejected: list[RejectedRecord]
    is_batch: bool


class _Defaults(NamedTuple):
    """What the request gives to records that don't bring it themselves."""

    tenant_id: str | None
    principal: str | None
    log_id: str | None
    idempotency_key: str | None
    received_at: str
    new_log_id: Callable[[], str]


def parse(request: Request, *, received_at: str, new_log_id: Callable[[], str], principal: str | None = None) -> Parsed:
    """Return the request's messages, and what was refused beside them.

    `principal` is the tenant that an authorizer vouches for: a request that names any other is refused as a whole.

    `received_at` is RFC 3339; `new_log_id` is called for each record without a log_id (unless the request has an
    Idempotency-Key: then log_ids follow from tenant, key and position, so that a retry stores nothing twice).

    Raises:
        Rejected: the whole request is refused. A batch is when no record could be taken from it at all; a batch
            whose records are all refused one by one comes back with `messages` empty.
    """
    content_type, charset = media_type(request.headers.get("content-type", ""))
    defaults = _Defaults(
        tenant_id=_request_tenant(request, principal),
        principal=principal,
        log_id=request.headers.get("x-log-id"),
        idempotency_key=_idempotency_key(request),
        received_at=received_at,
        new_log_id=new_log_id,
    )
    if content_type == "text/plain":
        text = _decode_text(request.body, charset)
        message = _message({"text": text}, "text_upload", 0, defaults)
        return Parsed([message], [0], [], is_batch=False)

    records, is_batch, envelope_tenant = read_records(request.body, content_type, charset)
    if envelope_tenant is not None:
        defaults = defaults._replace(tenant_id=_agreed(envelope_tenant, defaults.tenant_id, principal))
    if not is_batch:
        message = _message(records[0], "json_upload", 0, defaults)
        return Parsed([message], [0], [], is_batch=False)
    if not records:
        raise Rejected("empty_batch")
    if len(records) > MAX_RECORDS:
        raise Rejected("too_many_records")
    return _parse_batch(records, defaults._replace(log_id=None))


def _parse_batch(records: list[Any], defaults: _Defaults) -> Parsed:
    parsed = Parsed([], [], [], is_batch=True)
    for position, record in enumerate(records):
        try:
            message = _message(record, "json_upload", position, defaults)
        except Rejected as rejected:
            if rejected.reason == "tenant_forbidden":
                raise
            parsed.rejected.append(RejectedRecord(position, rejected.reason))
        else:
            parsed.messages.append(message)
            parsed.positions.append(position)
    return parsed


def _message(
    record: Any,
    source: Source,
    position: int,
    defaults: _Defaults,
) -> InternalMessage:
    if isinstance(record, Rejected):
        raise record
    if isinstance(record, str):
        record = {"text": record}
    if not isinstance(record, dict):
        raise Rejected("invalid_record")
    tenant_id = _agreed_tenant(record.get("tenant_id"), defaults)
    text_key, text = _text(record)
    log_id = record.get("log_id")
    if log_id is None:
        log_id = defaults.log_id
    if log_id is not None:
        log_id = _checked(log_id, LogId, "invalid_log_id")
    elif defaults.idempotency_key is not None:
        log_id = _derived_log_id(tenant_id, defaults.idempotency_key, position)
    else:
        log_id = defaults.new_log_id()
    fields = None
    if len(record) > 1:
        fields = {k: v for k, v in record.items() if k != text_key and k not in _IDENTITY_KEYS} or None
        if fields:
            _check_fields(fields)
    return InternalMessage(
        tenant_id=tenant_id,
        log_id=log_id,
        source=source,
        text=text,
        received_at=defaults.received_at,
        schema_version=SCHEMA_VERSION,
        fields=fields,
    )


@lru_cache(maxsize=256)  # A client sends the same one for ever.
def media_type(content_type: str) -> tuple[str, str]:
    """Return a Content-Type header's media type in lower case ("" when there is none) and its charset."""
    name, _, parameters = content_type.partition(";")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return name.strip().lower(), charset


def _decode_text(body: bytes, charset: str) -> str:
    # A closed list: Python knows "charsets" that are not text, and slow ones.
    if charset not in {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252"}:
        raise Rejected("invalid_encoding")
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise Rejected("invalid_encoding") from error


def _request_tenant(request: Request, principal: str | None) -> str | None:
    tenant_id = principal
    for name in _TENANT_HEADERS:
        stated = request.headers.get(name)
        if stated:
            tenant_id = _agreed(stated.strip(), tenant_id, principal)
    return _agreed(request.query.get("tenant_id"), tenant_id, principal) if request.query else tenant_id


def _agreed_tenant(stated: Any, defaults: _Defaults) -> str:
    tenant_id = _agreed(stated, defaults.tenant_id, defaults.principal)
    if tenant_id is None:
        raise Rejected("missing_tenant")
    return tenant_id


def _agreed(stated: Any, default: str | None, principal: str | None) -> str | None:
    if stated is None or stated == "":
        return default
    if stated == default:
        return default
    tenant_id = _tenant_id(stated) if isinstance(stated, str) else _checked(stated, TenantId, "invalid_tenant")
    if default is not None:
        raise Rejected("tenant_forbidden" if principal else "tenant_mismatch")
    return tenant_id


@lru_cache(maxsize=1024)  # Keeps valid ones only: a raise is not kept.
def _tenant_id(stated: str) -> str:
    return cast("str", _checked(stated, TenantId, "invalid_tenant"))


def _checked(value: Any, contract: Any, reason: RejectReason) -> Any:
    try:
        return msgspec.convert(value, contract)
    except msgspec.ValidationError as error:
        raise Rejected(reason) from error


def _text(record: dict[str, Any]) -> tuple[str, str]:
    for key in TEXT_KEYS:
        text = record.get(key)
        if text is None:
            continue
        if not isinstance(text, str):
            raise Rejected("invalid_record")
        if not text:
            raise Rejected("empty_text")
        _check_text_size(text)
        return key, text
    raise Rejected("missing_text")


def _check_text_size(text: str) -> None:
    if len(text) * 4 <= MAX_TEXT_BYTES:  # UTF-8 takes at most four bytes a character.
        return
    if len(text.encode()) > MAX_TEXT_BYTES or len(msgspec.json.encode(text)) > MAX_ESCAPED_TEXT_BYTES:
        raise Rejected("text_too_large")


def _check_fields(fields: dict[str, Any]) -> None:
    # The depth first: the encoder raises RecursionError on what nests too deep.
    if len(fields) > MAX_FIELDS or not _fits(fields, 1) or len(msgspec.json.encode(fields)) > MAX_FIELDS_BYTES:
        raise Rejected("invalid_fields")


def _fits(value: Any, depth: int) -> bool:
    """Whether a field nests at most `MAX_FIELDS_DEPTH` levels and has no empty name (DynamoDB refuses those)."""
    if isinstance(value, dict):
        return depth <= MAX_FIELDS_DEPTH and all(key and _fits(inner, depth + 1) for key, inner in value.items())
    if isinstance(value, list):
        return depth <= MAX_FIELDS_DEPTH and all(_fits(inner, depth + 1) for inner in value)
    return True


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    return None if key is None else _checked(key, LogId, "invalid_idempotency_key")


def _derived_log_id(tenant_id: str, key: str, position: int) -> str:
    # No part can hold a line feed, so no two triples make the same line.
    return blake2b(f"{tenant_id}\n{key}\n{position}".encode(), digest_size=16).hexdigest()
