"""Reads the places where a log can be into the ledger, in the order in which a log moves through them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from consumer import clock, tombstones
from consumer.erasures import Erasures
from consumer.replay import read as stream_reader
from consumer.replay import select
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.merge import StreamRecord
from consumer.replay.whole_stream import read_stream
from consumer.timestamps import instant
from infra import counts, dead_letters
from infra.audit.ledger import Ledger, StoredRow
from infra.audit.table import AuditedItem, read_items
from infra.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

    from ingest.contract.message import InternalMessage

Place = Literal["stream", "table", "dead letters", "lake"]


class Selection(NamedTuple):
    """Which logs are audited: `since` <= received_at < `until`, of these tenants (empty: all), and not erased."""

    since: datetime | None
    until: datetime
    stream_holds_since: datetime
    tenants: frozenset[str]
    erasures: Erasures


class Piece(NamedTuple):
    """One user record within a record of the stream: a log, or None if it is not a log."""

    sub_sequence_number: int
    log: "InternalMessage | None"


class Leftovers(NamedTuple):
    """What is known by number only: messages in the queue, dead letters that SQS did not show, broken or erased logs.

    A message in the queue holds at most `logs_a_message` logs, a dead letter at most `logs_a_dead_letter`.
    """

    in_flight: int
    dead_letters_unseen: int
    broken_on_stream: int
    logs_a_message: int
    logs_a_dead_letter: int
    erased_on_stream: int


def held_by(stack: Stack, *, now: datetime, since: datetime | None, tenants: tuple[str, ...]) -> Selection:
    """Return the selection of logs received before `now`, with the time since when the stream still holds logs."""
    erasures = tombstones.read(stack.place.dynamodb, stack.table_name)
    summary = _kinesis(stack).describe_stream_summary(StreamName=stack.stream_name)["StreamDescriptionSummary"]
    return Selection(since, now, now - timedelta(hours=summary["RetentionPeriodHours"]), frozenset(tenants), erasures)


def read(
    stack: Stack,
    ledger: Ledger,
    within: Selection,
    *,
    tell: Callable[[Place, int], None],
    also: Callable[[StreamRecord, list[Piece]], None] = lambda _record, _pieces: None,
) -> Leftovers:
    """Read stream, queue, table and dead letters. A log that moves on meanwhile is found in a later place.

    `also` is called with each record of the stream.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load.
    """
    broken = streamed = erased = 0
    for record, pieces, left_out in _read_records(stack, within):
        erased += left_out
        known = [piece.log for piece in pieces if piece.log is not None]
        broken += len(pieces) - len(known)
        also(record, pieces)
        streamed += len(known)
        ledger.add_streamed((log.tenant_id, log.log_id, log.text) for log in known)
        tell("stream", streamed)
    in_flight = sum(counts.queue_depth(stack, stack.queue_url))
    stored = 0
    for items in read_items(stack.place.dynamodb, stack.table_name, sorted(within.tenants)):
        ledger.add_stored(_row(item, within) for item in items)
        stored += len(items)
        tell("table", stored)
    dlq_depth = sum(counts.queue_depth(stack, stack.dlq_url))
    dead = 0
    for letter in dead_letters.look(stack.place.sqs, stack.dlq_url, expected=dlq_depth):
        dead += 1
        tell("dead letters", dead)
        if not within.tenants or letter.tenant_id in within.tenants:
            told = [(log.tenant_id, log.log_id, log.text, letter.reason) for log in letter.logs]
            ledger.add_dead(told or [(letter.tenant_id, letter.log_id, None, letter.reason)])
    in_flight = max(in_flight, sum(counts.queue_depth(stack, stack.queue_url)))
    unseen = max(0, dlq_depth - dead)
    most = partial(counts.most_logs_per_message, stack, now=within.until)
    return Leftovers(
        in_flight,
        unseen,
        broken,
        most(stack.queue_url) if in_flight else 1,
        most(stack.dlq_url) if unseen else 1,
        erased,
    )


def read_logs(stack: Stack, within: Selection) -> "Iterator[list[InternalMessage | None]]":
    """Yield each stream record's selected logs, in order, with None for each user record that is not a log.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load.
    """
    for _, pieces, _ in _read_records(stack, within):
        yield [piece.log for piece in pieces]


def _read_records(stack: Stack, within: Selection) -> Iterator[tuple[StreamRecord, list[Piece], int]]:
    """Yield each record with its selected pieces, and the number of its selected logs that were erased."""
    wanted = select.selector(select.Selection(since=within.since, until=within.until, tenants=within.tenants))
    with read_stream(
        _kinesis(stack),
        stack.stream_name,
        positions={},
        since=within.since,
        follow=False,
        stopped=lambda: False,
        time=clock.system().time,
    ) as merge:
        for event in merge:
            if isinstance(event, StreamRecord):
                pieces = [piece for piece in _pieces(event) if piece.log is None or wanted(piece.log)]
                left = [piece for piece in pieces if piece.log is None or not _is_erased(piece.log, within)]
                yield event, left, len(pieces) - len(left)


def _is_erased(log: "InternalMessage", within: Selection) -> bool:
    return within.erasures.covers(log.tenant_id, log.log_id, log.received_at)


def _kinesis(stack: Stack) -> "KinesisClient":
    return stack.place.session.client(
        "kinesis", endpoint_url=stack.place.aws_endpoint_url, config=stream_reader.client_config()
    )


def _pieces(record: StreamRecord) -> Iterator[Piece]:
    for piece in deaggregate(record.partition_key, record.data):
        log = piece if isinstance(piece, Broken) else select.read_log(piece)
        yield Piece(piece.sub_sequence_number, None if isinstance(log, Broken) else log)


def _row(item: AuditedItem, within: Selection) -> StoredRow:
    """Return the item for the ledger: whether it counts, and whether the stream must still hold it."""
    try:
        at = instant(item.received_at)
        counted = (within.since is None or at >= within.since) and at < within.until
    except ValueError:  # No time with an offset, so not written by this system. Count it, so that no item is hidden.
        return StoredRow(
            item.tenant_id, item.log_id, item.text, counted=True, due_on_stream=False, conflict=item.is_conflict
        )
    erased = within.erasures.covers(item.tenant_id, item.log_id, item.received_at)
    due = counted and at >= within.stream_holds_since and not erased  # Of an erased one nothing of the stream is read.
    return StoredRow(
        item.tenant_id,
        item.log_id,
        item.text,
        counted=counted,
        due_on_stream=due,
        conflict=item.is_conflict,
        erased=erased,
    )
