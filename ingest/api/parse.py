"""From a request to its messages: the only place that decides what a valid log is. Pure."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from ingest.api import tenant
from ingest.api.convert import checked
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.record import Room, check_fields, checked_text
from ingest.api.request import Request
from ingest.contract.errors import Rejected, RejectReason
from ingest.contract.log_ids import arrival
from ingest.contract.message import SCHEMA_VERSION, InternalMessage, LogId, Source

MAX_RECORDS: Final = 20_000  # 2,000 SendMessageBatch calls: what fits into one invocation's time.

_OF_THE_WHOLE: Final = frozenset[RejectReason]({"tenant_forbidden", "body_too_large"})


class RejectedRecord(NamedTuple):
    """A refused record of a batch: its position among the batch's records, and the reason."""

    position: int
    reason: RejectReason


class Parsed(msgspec.Struct, frozen=True):
    """A request's messages and refused records. `messages[i]` is record `positions[i]` of the batch.

    `aside` is what the dialect's `read` hands to its `answer`.
    """

    messages: list[InternalMessage]
    positions: list[int]
    rejected: list[RejectedRecord]
    is_batch: bool
    aside: Any = None


class _Defaults(msgspec.Struct, frozen=True):
    """What the records share: defaults for those that don't name their own, and the limits of the request."""

    tenant_id: str | None
    principal: str | None
    idempotency_key: str | None
    source: Source
    received_at: str
    log_id_at: Callable[[int], str]
    takes_empty_text: bool
    room: Room


def parse(
    request: Request,
    dialect: Dialect,
    *,
    received_at: str,
    log_id_at: Callable[[int], str],
    principal: str | None = None,
) -> Parsed:
    """Return the request's messages and its refused records.

    `principal` is the tenant that the credentials belong to: a request that names another one is refused as a whole.

    `received_at` is RFC 3339; `log_id_at` returns the generated id of a place in the request. A record without a log_id
    gets the generated one, or, if the request has an Idempotency-Key, one made from tenant, key and position, so that a
    retry stores nothing twice. A log whose log_id is not the generated one takes `arrived_at` from the generated one.

    Raises:
        Rejected: the whole request is refused. Records of a batch are refused one by one, even if none is left in
            `messages`, but for the reasons `tenant_forbidden` and `body_too_large`, which refuse the whole batch.
    """
    tenant_id = tenant.of_request(request, principal)
    idempotency_key = _idempotency_key(request)
    found = dialect.read(request)
    if found.tenant_id is not None:
        tenant_id = tenant.agreed(found.tenant_id, tenant_id, principal)
    defaults = _Defaults(
        tenant_id, principal, idempotency_key, found.source, received_at, log_id_at, dialect.takes_empty_text, Room()
    )
    records = found.records
    if not found.is_batch:
        return Parsed([_message(records[0], 0, defaults)], [0], [], is_batch=False, aside=found.aside)
    if not records and not dialect.takes_empty:
        raise Rejected("empty_batch")
    if len(records) > MAX_RECORDS:
        raise Rejected("too_many_records")
    return _parse_batch(found, defaults)


def _parse_batch(found: Records, defaults: _Defaults) -> Parsed:
    parsed = Parsed([], [], [], is_batch=True, aside=found.aside)
    for position, record in enumerate(found.records):
        if isinstance(record, Rejected):
            parsed.rejected.append(RejectedRecord(position, record.reason))
            continue
        try:
            message = _message(record, position, defaults)
        except Rejected as rejected:
            if rejected.reason in _OF_THE_WHOLE:
                raise
            parsed.rejected.append(RejectedRecord(position, rejected.reason))
        else:
            parsed.messages.append(message)
            parsed.positions.append(position)
    return parsed


def _message(record: Record | Rejected, position: int, defaults: _Defaults) -> InternalMessage:
    if isinstance(record, Rejected):
        raise record
    text, stated_tenant, log_id, fields, event_at, severity = record
    tenant_id = tenant.agreed(stated_tenant, defaults.tenant_id, defaults.principal)
    if tenant_id is None:
        raise Rejected("missing_tenant")
    text = checked_text(text, takes_empty=defaults.takes_empty_text)
    arrived_at: str | None = None
    if log_id is not None or defaults.idempotency_key is not None:
        arrived_at = arrival(defaults.log_id_at(position))
    if log_id is not None:
        log_id = checked(log_id, LogId, "invalid_log_id")
    elif defaults.idempotency_key is not None:
        log_id = _derived_log_id(tenant_id, defaults.idempotency_key, position)
    else:
        log_id = defaults.log_id_at(position)
    if fields:
        check_fields(fields, text, defaults.room)
    return InternalMessage(
        tenant_id=tenant_id,
        log_id=log_id,
        source=defaults.source,
        text=text,
        received_at=defaults.received_at,
        schema_version=SCHEMA_VERSION,
        fields=fields or None,
        event_at=event_at,
        severity=severity,
        arrived_at=arrived_at,
    )


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    return None if key is None else checked(key, LogId, "invalid_idempotency_key")


def _derived_log_id(tenant_id: str, key: str, position: int) -> str:
    # No part can hold a line feed, so two different triples never give the same text.
    return blake2b(f"{tenant_id}\n{key}\n{position}".encode(), digest_size=16).hexdigest()
