"""One log's life: its request, its stream record, its receives, its row or dead letter, in the order of time. Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

from consumer.item import Item, Key
from consumer.timestamps import epoch_ms, rfc3339
from infra.dead_letter import DeadLetter
from infra.erasure.of_log import ErasureOfLog
from infra.function_log import Entry
from ingest.contract.log_ids import received_ms

NOT_YET: Final = "It is neither stored nor a dead letter yet."


class StreamRecord(NamedTuple):
    """Where a log stands on the stream: its Kinesis record, its place in it, when Kinesis took it and ingest had it."""

    at_ms: int
    shard_id: str
    sequence_number: str
    position: int
    received_at: str


class Retries(NamedTuple):
    """How the queue hands a message out again: how long after a receive at the earliest, and how often at most."""

    visibility_timeout_s: int
    max_receives: int


class Traces(NamedTuple):
    """What the stores and the functions' lines hold of one log. `unread` says what could not be read, and why.

    `erasure` is the erasure that covers the log, or may cover it, if the log is not stored. `retries` is the queue's
    way with messages that are not done, if the log may be in it.
    """

    key: Key
    item: Item | None
    letters: Sequence[DeadLetter]
    records: Sequence[StreamRecord]
    entries: Sequence[Entry]
    unread: Sequence[str] = ()
    erasure: ErasureOfLog | None = None
    retries: Retries | None = None

    @property
    def is_ended(self) -> bool:
        """Say whether it is known what became of the log: it is stored, dead-lettered or erased."""
        return bool(self.item or self.letters or (self.erasure and self.erasure.is_certain))

    @property
    def is_under_way(self) -> bool:
        """Say whether the log came, and has not ended: it is on the stream, or a receive of it is known."""
        return not self.is_ended and bool(self.records or any(_lines(self.key, self.entries)))


class Step(NamedTuple):
    """One thing that happened. `at_ms` is None if the time is unknown; `what` is a word or two, `detail` the rest."""

    at_ms: int | None
    what: str
    detail: str


def receipt_ms(
    key: Key, *, item: Item | None, letters: Sequence[DeadLetter], records: Sequence[StreamRecord] = ()
) -> int | None:
    """Return when the log was received, in ms since the epoch, by its row, dead letter, stream record or id; else None.

    A dead letter may be any message, and an id may have any form: if neither has a valid time, the time is unknown.
    """
    of_others = (*(letter.received_at for letter in letters), *(record.received_at for record in records))
    texts = [item.received_at] if item else list(filter(None, of_others))
    with suppress(ValueError, OverflowError):
        if texts:
            return epoch_ms(texts[0])
        at_ms = received_ms(key.log_id)
        return None if at_ms is None else epoch_ms(rfc3339(at_ms))
    return None


def life(traces: Traces) -> list[Step]:
    """Return the steps in the order of time, then the steps without a time, then what could not be read."""
    received = receipt_ms(traces.key, item=traces.item, letters=traces.letters, records=traces.records)
    steps = [
        *_requests(traces.key, traces.entries, received, is_known=traces.is_ended or traces.is_under_way),
        *_records(traces.records),
        *_lines(traces.key, traces.entries),
        *_letters(traces.letters),
        *_row(traces.item),
        *_erasure(traces.erasure),
        *_wait(traces),
    ]
    ordered = sorted(steps, key=lambda step: (step.at_ms is None, step.at_ms or 0))
    return ordered + [Step(None, "not read", why) for why in traces.unread]


def told(step: Step) -> tuple[str, str, str]:
    """Return a step's time in UTC ("" without one), its word and its detail."""
    return "" if step.at_ms is None else rfc3339(step.at_ms), step.what, step.detail


def _requests(key: Key, entries: Iterable[Entry], received: int | None, *, is_known: bool) -> Iterator[Step]:
    """Yield the requests of the log's tenant in the millisecond of its receipt: nearly always one.

    `is_known` says whether anything but the id shows that the log was received.
    """
    if received is None:
        return
    for entry in entries:
        members = _members(entry)
        if entry.service != "ingest" or "ingest_latency_ms" not in members:  # Only lines of parsed requests have it.
            continue
        tenants = members.get("tenants")
        at_ms = members.get("_aws", {}).get("Timestamp")
        if at_ms == received and isinstance(tenants, dict) and key.tenant_id in tenants:
            ids = ", ".join(
                f"{name} {members[name]}" for name in ("request_id", "lambda_request_id") if name in members
            )
            trouble = ", not all of them on the stream yet" if members.get("level") == "warning" else ""
            accepted = members.get("accepted", 0)
            counted = "1 log" if accepted == 1 else f"{accepted} logs"
            yield Step(at_ms, "received", f"{ids}: {counted} accepted{trouble}")
            return
    if is_known:
        yield Step(received, "received", "by ingest; the log line of its request was not found")
    else:
        yield Step(received, "received?", "that is the time in its id; nothing else shows that it was ever received")


def _records(records: Iterable[StreamRecord]) -> Iterator[Step]:
    for record in records:
        place = f"record {record.position} of {record.sequence_number}, {record.shard_id}"
        yield Step(record.at_ms, "on the stream", place)


def _lines(key: Key, entries: Iterable[Entry]) -> Iterator[Step]:
    """Yield what the consumer's lines say of the log: each receive that did not store it, and why."""
    for entry in entries:
        members = _members(entry)
        if (members.get("tenant_id"), members.get("log_id")) != key:
            continue
        event = members.get("event")
        if event == "log_not_stored" and members.get("cause") == "erased":
            yield Step(entry.timestamp_ms, "dropped", "an erasure covers it")
        elif event == "log_not_stored":
            why = [f"{name} {members[name]}" for name in ("reason", "cause", "message_id") if name in members]
            yield Step(entry.timestamp_ms, str(members.get("outcome", "not stored")), ", ".join(why))
        elif event == "log_id_conflict":
            stored_as = members.get("stored_as")
            yield Step(entry.timestamp_ms, "conflict", f"another text has this id; stored as {stored_as}")


def _wait(traces: Traces) -> Iterator[Step]:
    """Yield what a log waits for that was tried and is not done: only the lines say how often it was tried."""
    tried = [step for step in _lines(traces.key, traces.entries) if step.what == "retried"]
    if not tried or traces.is_ended or traces.retries is None:
        return
    after_s, most = traces.retries
    yield Step(
        None,
        "waiting",
        f"tries so far: {len(tried)}. SQS delivers it again {after_s} s after each receive, or later if an outage was "
        f"the cause. After receive {most} it is a dead letter",
    )


def _letters(letters: Iterable[DeadLetter]) -> Iterator[Step]:
    for letter in letters:
        original = letter.attributes.get("original_message_id")
        was = f", {original} in the queue" if original else ""
        detail = (
            f"{letter.reason}; message {letter.message_id}{was}, received {letter.receive_count} times, looks included"
        )
        # The consumer sent it at that time. A message that SQS moved keeps the time of its first queue.
        yield Step(letter.sent_ms if original else None, "dead-lettered", detail)


def _row(item: Item | None) -> Iterator[Step]:
    if item is None:
        return
    late = ", late" if item.late_at else ""
    conflict = f", beside the log that has the id {item.conflict_of}" if item.conflict_of else ""
    took_ms = _ms(item.processed_at) - _ms(item.received_at)
    detail = f"as a row, {took_ms / 1000:.3f} s after its receipt{late}{conflict}; redaction {item.redaction_version}"
    yield Step(_ms(item.processed_at), "stored", detail)


def _erasure(erasure: ErasureOfLog | None) -> Iterator[Step]:
    if erasure is None:
        return
    at_ms = None if erasure.asked_at is None else _ms(erasure.asked_at)
    if erasure.until is None:
        yield Step(at_ms, "erased", "by its id; later logs with its id are dropped")
    elif erasure.is_certain:
        yield Step(at_ms, "erased", f"with all logs of its tenant received until {erasure.until}")
    else:
        unknown = "nothing says when this log was"
        yield Step(at_ms, "erased?", f"all logs of its tenant received until {erasure.until} were erased; {unknown}")


def _members(entry: Entry) -> dict[str, Any]:
    try:
        members = json.loads(entry.message)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def _ms(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)
