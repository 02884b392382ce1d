"""The places read in the order in which a log moves, and what the ledger says of them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from consumer import clock
from consumer.replay import read, select
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.merge import StreamRecord
from consumer.replay.stream import read_stream
from consumer.timestamps import instant
from infra import counts, dead_letters
from infra.audit.ledger import Finding, Ledger, MissingLog, StoredRow, TenantAudit, finding
from infra.audit.table import Item, read_items
from infra.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.contract.message import InternalMessage


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What `rdp audit --json` prints; `missing_ids` only on request."""

    verdict: Finding
    unaccounted: int
    in_flight: int
    dead_letters_unseen: int
    broken_on_stream: int
    tenants: list[TenantAudit]
    missing_ids: list[MissingLog] | msgspec.UnsetType = msgspec.UNSET


class _Range(NamedTuple):
    since: datetime | None
    until: datetime
    stream_holds_since: datetime
    tenants: frozenset[str]


def run(
    stack: Stack,
    *,
    now: datetime,
    since: datetime | None = None,
    tenants: tuple[str, ...] = (),
    name_missing: bool = False,
) -> Audit:
    """Return the audit of the logs that were received before `now`.

    The places are read in the order in which a log moves (stream, queue, table, dead letters), so that one that moves
    meanwhile is met further on.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load.
    """
    sqs, dynamodb = stack.place.sqs, stack.place.dynamodb
    kinesis = stack.place.session.client(
        "kinesis", endpoint_url=stack.place.aws_endpoint_url, config=read.client_config()
    )
    retention_hours = kinesis.describe_stream_summary(StreamName=stack.stream_name)["StreamDescriptionSummary"][
        "RetentionPeriodHours"
    ]
    within = _Range(since, now, now - timedelta(hours=retention_hours), frozenset(tenants))
    ledger = Ledger()
    try:
        with read_stream(
            kinesis,
            stack.stream_name,
            positions={},
            since=since,
            follow=False,
            stopped=lambda: False,
            time=clock.system().time,
        ) as merge:
            wanted = select.selector(select.Selection(since=since, until=now, tenants=within.tenants))
            broken = 0
            for event in merge:
                if isinstance(event, StreamRecord):
                    logs = [log for log in _logs(event) if log is None or wanted(log)]
                    broken += logs.count(None)
                    ledger.add_streamed((log.tenant_id, log.log_id, log.text) for log in logs if log is not None)
        in_flight = sum(counts.queue_depth(stack, stack.queue_url))
        for items in read_items(dynamodb, stack.table_name, sorted(tenants)):
            ledger.add_stored(_row(item, within) for item in items)
        dlq_depth = sum(counts.queue_depth(stack, stack.dlq_url))
        dead = 0
        for letter in dead_letters.look(sqs, stack.dlq_url, expected=dlq_depth):
            dead += 1
            if not tenants or letter.tenant_id in within.tenants:
                text = None if letter.log is None else letter.log.text
                ledger.add_dead([(letter.tenant_id, letter.log_id, text, letter.reason)])
        in_flight = max(in_flight, sum(counts.queue_depth(stack, stack.queue_url)))
        audited = ledger.tenants()
        unaccounted = sum(tenant.missing for tenant in audited)
        unseen = max(0, dlq_depth - dead)
        return Audit(
            verdict=finding(missing=unaccounted, in_flight=in_flight, dead_letters_unseen=unseen),
            unaccounted=unaccounted,
            in_flight=in_flight,
            dead_letters_unseen=unseen,
            broken_on_stream=broken,
            tenants=audited,
            missing_ids=list(ledger.missing()) if name_missing else msgspec.UNSET,
        )
    finally:
        ledger.close()


def _logs(record: StreamRecord) -> "Iterator[InternalMessage | None]":
    """Yield the record's logs, and None for each piece that is none."""
    for piece in deaggregate(record.partition_key, record.data):
        log = piece if isinstance(piece, Broken) else select.read_log(piece)
        yield None if isinstance(log, Broken) else log


def _row(item: Item, within: _Range) -> StoredRow:
    """Return the item for the ledger: whether it counts, and whether the stream must still hold it."""
    try:
        at = instant(item.received_at)
        counted = (within.since is None or at >= within.since) and at < within.until
    except ValueError:  # No time with an offset: not written by this system. Never hide an item.
        return StoredRow(item.tenant_id, item.log_id, item.text, counted=True, due_on_stream=False)
    due = counted and at >= within.stream_holds_since
    return StoredRow(item.tenant_id, item.log_id, item.text, counted=counted, due_on_stream=due)
