"""`rdp audit`: is every log on the stream stored, or dead-lettered with a reason?"""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import msgspec
from rich.console import Console
from rich.table import Table

from consumer.replay import dead_letters, read, select
from consumer.replay.attempts import StreamUnreadableError
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.merge import StreamRecord
from consumer.replay.stream import read_stream
from infra.audit.ledger import Finding, Ledger, MissingLog, StoredRow, TenantAudit, finding
from infra.audit.table import Item, read_items
from infra.cli import instant
from infra.cli.terminal import printable
from infra.cli.where import on_stack
from infra.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.contract.message import InternalMessage

EXIT_CODES: Final[dict[Finding, int]] = {"complete": 0, "missing": 1, "undecided": 3}
"""2 is click's, for a command line that it does not understand."""


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


@click.command("audit")
@on_stack
@click.option("--since", metavar="TIME", help="Logs received at or after it: an ISO time, or an age such as 2h or 3d.")
@click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this tenant's logs; may be repeated.")
@click.option("--missing-ids", is_flag=True, help="Name the missing logs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(stack: Stack, *, since: str | None, tenants: tuple[str, ...], missing_ids: bool, as_json: bool) -> None:
    """Compare the stream with the table and the dead-letter queue; the exit status is 1 when logs are missing.

    0: every log on the stream is stored with its text, or dead-lettered. 1: some are missing for certain. 3: some
    are unaccounted for while at least as many messages are in flight, where SQS cannot be looked into: run it again
    when the queue is empty. A log whose sender got a 500 may be on the stream and nowhere else: it counts as missing,
    and `rdp replay --to queue` stores it.
    """
    now = datetime.now(UTC)
    try:
        since_at = instant.parse(since, now) if since else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        audit = run(stack, now=now, since=since_at, tenants=tenants, name_missing=missing_ids)
    except StreamUnreadableError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(audit)).decode())
    else:
        _show(audit)
    raise click.exceptions.Exit(EXIT_CODES[audit.verdict])


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
            monotonic=time.monotonic,
            sleep=time.sleep,
        ) as merge:
            wanted = select.selector(select.Selection(since=since, until=now, tenants=within.tenants))
            broken = 0
            for event in merge:
                if isinstance(event, StreamRecord):
                    logs = [log for log in _logs(event) if log is None or wanted(log)]
                    broken += logs.count(None)
                    ledger.add_streamed((log.tenant_id, log.log_id, log.text) for log in logs if log is not None)
        in_flight = dead_letters.depth(sqs, stack.queue_url)
        for items in read_items(dynamodb, stack.table_name, sorted(tenants)):
            ledger.add_stored(_row(item, within) for item in items)
        dlq_depth = dead_letters.depth(sqs, stack.dlq_url)
        dead = 0
        for letter in dead_letters.peek(sqs, stack.dlq_url, expected=dlq_depth):
            dead += 1
            if not tenants or letter.tenant_id in within.tenants:
                ledger.add_dead([(letter.tenant_id, letter.log_id, letter.text, letter.reason)])
        in_flight = max(in_flight, dead_letters.depth(sqs, stack.queue_url))
        counts = ledger.tenants()
        unaccounted = sum(tenant.missing for tenant in counts)
        unseen = max(0, dlq_depth - dead)
        return Audit(
            verdict=finding(missing=unaccounted, in_flight=in_flight, dead_letters_unseen=unseen),
            unaccounted=unaccounted,
            in_flight=in_flight,
            dead_letters_unseen=unseen,
            broken_on_stream=broken,
            tenants=counts,
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
        at = datetime.fromisoformat(item.received_at)
        counted = (within.since is None or at >= within.since) and at < within.until
    except (ValueError, TypeError):  # Not a time with an offset: not written by this system. Never hide an item.
        return StoredRow(item.tenant_id, item.log_id, item.text, counted=True, due_on_stream=False)
    due = counted and at >= within.stream_holds_since
    return StoredRow(item.tenant_id, item.log_id, item.text, counted=counted, due_on_stream=due)


def _show(audit: Audit) -> None:
    table = Table(title="logs by tenant", title_justify="left")
    table.add_column("tenant")
    for name in ("on stream", "stored", "quarantined", "conflicts", "missing", "stored, not on stream"):
        table.add_column(name, justify="right")
    for tenant in audit.tenants:
        reasons = "\n".join(f"{printable(reason)} {count:,}" for reason, count in tenant.quarantined.items())
        table.add_row(
            printable(tenant.tenant_id) or "(unknown)",
            f"{tenant.on_stream:,}",
            f"{tenant.stored:,}",
            reasons or "0",
            f"{tenant.conflicts:,}",
            f"{tenant.missing:,}",
            f"{tenant.stored_not_on_stream:,}",
        )
    Console().print(table)
    if audit.broken_on_stream:
        click.echo(f"{audit.broken_on_stream:,} records on the stream are no logs: `rdp replay` writes them to a file.")
    if audit.dead_letters_unseen:
        click.echo(f"{audit.dead_letters_unseen:,} dead letters were not shown by SQS: others hold them.")
    for log in audit.missing_ids or ():  # UNSET is false
        note = " (another text is stored under it)" if log.other_text_stored else ""
        click.echo(f"missing: {printable(log.tenant_id)} {printable(log.log_id)}{note}")
    click.echo(f"{audit.unaccounted:,} unaccounted, {audit.in_flight:,} in flight: {audit.verdict}")
