"""A request made into messages: pure, and the only place that decides what a valid log is."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from ingest.api import tenant
from ingest.api.dialects.plain import MAX_RECORDS, read_records
from ingest.api.record import checked, fields_of, text_of
from ingest.api.request import Request
from ingest.contract.errors import Rejected, RejectReason
from ingest.contract.message import SCHEMA_VERSION, InternalMessage, LogId, Source


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
        tenant_id=tenant.of_request(request, principal),
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
        defaults = defaults._replace(tenant_id=tenant.agreed(envelope_tenant, defaults.tenant_id, principal))
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
    tenant_id = tenant.agreed(record.get("tenant_id"), defaults.tenant_id, defaults.principal)
    if tenant_id is None:
        raise Rejected("missing_tenant")
    text_key, text = text_of(record)
    log_id = record.get("log_id")
    if log_id is None:
        log_id = defaults.log_id
    if log_id is not None:
        log_id = checked(log_id, LogId, "invalid_log_id")
    elif defaults.idempotency_key is not None:
        log_id = _derived_log_id(tenant_id, defaults.idempotency_key, position)
    else:
        log_id = defaults.new_log_id()
    return InternalMessage(
        tenant_id=tenant_id,
        log_id=log_id,
        source=source,
        text=text,
        received_at=defaults.received_at,
        schema_version=SCHEMA_VERSION,
        fields=fields_of(record, text_key) if len(record) > 1 else None,
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


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    return None if key is None else checked(key, LogId, "invalid_idempotency_key")


def _derived_log_id(tenant_id: str, key: str, position: int) -> str:
    # No part can hold a line feed, so no two triples make the same line.
    return blake2b(f"{tenant_id}\n{key}\n{position}".encode(), digest_size=16).hexdigest()
