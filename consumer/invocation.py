"""One invocation: unpack, wait, work in isolation, quarantine, report. The order, and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar

from consumer import backoff, delay, report
from consumer.apart import Ended
from consumer.crash import Crasher
from consumer.isolate import bisect
from consumer.item import Item, beside_id
from consumer.letters import Letter, letters
from consumer.process import Edges, Work
from consumer.redact import Redactor
from consumer.returns import Returned, all_returns
from consumer.settings import Settings
from consumer.timestamps import rfc3339
from consumer.unpack import Delivery, Log, Unpacked, deliveries, logs_apart, unpack
from consumer.verdict import SPENT, Verdict, not_taken, quarantined, retried
from ingest.contract.errors import Poison
from ingest.contract.message import InternalMessage

WRITE_MARGIN_S: Final = 10.0
"""What the wait leaves of an invocation's time for the writes: their retries, and a client's time-outs."""

REPORT_MARGIN_S: Final = 5.0
"""What the writes leave for the quarantine and the answer: no write starts later, and none lasts longer than its
connect and read time-outs (1 + 4 s). Past the end, Lambda would fail the batch, healthy logs and all."""

# A function with a short time-out still waits for half of it, and writes for three quarters.
_WRITE_MARGIN_SHARE: Final = 0.5
_REPORT_MARGIN_SHARE: Final = 0.25

_BUILD_SHARE: Final = 0.5
"""Of the time until the writes must end, what the making of the items may take: an operator's pattern may be slow."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class InsertsItems(Protocol):
    """`consumer.store.Table`."""

    def insert(self, items: Sequence[Item], *, give_up_at_s: float) -> Iterator[tuple[int, Verdict]]:
        """Yield each item's position and verdict."""


class PutsOnStream(Protocol):
    """`consumer.pending.put_on_stream`."""

    def __call__(self, messages: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions that are not on the stream."""


class TakesPoison(Protocol):
    """`consumer.quarantine.Quarantine`."""

    def put(self, body: str, attributes: dict[str, str], *, give_up_at_s: float) -> str:
        """Return "" or why the message was not taken."""


class SendsBack(Protocol):
    """`consumer.send_back.send_back`."""

    def __call__(self, returned: Sequence[Returned], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions that the queue did not take."""


class WorksOnEach(Protocol):
    """`consumer.apart.apart` and `consumer.in_time.in_time`."""

    def __call__(
        self, work: Callable[[_Item], _Result], items: Sequence[_Item], /, *, budget_s: float
    ) -> list[_Result | Ended]:
        """Return what `work` makes of each item, or how the item ended what worked on it."""


class Outside(NamedTuple):
    """What an invocation touches. `hide` returns errors by the name of the log."""

    table: InsertsItems
    quarantine: TakesPoison
    put_on_stream: PutsOnStream
    hide: Callable[[Sequence[delay.Deferral]], dict[str, str]]
    send_back: SendsBack
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    write_line: Callable[[str], object]
    end_process: Callable[[int], object]
    apart: WorksOnEach
    in_time: WorksOnEach


def consume(
    event: object, *, remaining_s: float, request_id: str, settings: Settings, redactor: Redactor, outside: Outside
) -> report.PartialBatchResponse:
    """Return the partial batch response for Lambda's SQS event, with `remaining_s` left of the invocation.

    Raises:
        Exception: the event is malformed or something unforeseen happened. Lambda then fails the whole batch, which
            deletes nothing; no path returns an answer that does not account for every message.
    """
    started_s = outside.monotonic()
    report_margin_s = min(REPORT_MARGIN_S, remaining_s * _REPORT_MARGIN_SHARE)
    give_up_at_s = started_s + remaining_s - report_margin_s
    batch = deliveries(event)
    messages = {delivery.message_id: logs_apart(delivery) for delivery in batch}
    spent = [delivery for delivery in batch if _is_spent(delivery, settings)]
    unpacked = unpack([log for logs in messages.values() for log in logs])
    whole = {delivery.message_id for delivery in spent}
    plan = delay.plan(
        [log for log in unpacked.logs if log.delivery.sqs_message_id not in whole],
        now_ms=outside.now_ms(),
        budget_s=remaining_s - min(WRITE_MARGIN_S, remaining_s * _WRITE_MARGIN_SHARE),
        seconds_per_char=settings.seconds_per_char,
    )
    verdicts = _defer(plan, outside)
    if plan.wait_s > 0:
        outside.sleep(plan.wait_s)
    edges = _edges(settings, outside, give_up_at_s, suspicious=any(map(_is_suspect, plan.ready)))
    work = Work(edges, redactor, retention_days=settings.retention_days)
    isolation = bisect(plan.ready, work)
    verdicts |= work.verdicts
    verdicts |= {failed.item.message_id: _verdict_on(failed.error) for failed in isolation.failed}
    verdicts |= {spoiled.delivery.message_id: quarantined(spoiled.poison.reason) for spoiled in unpacked.spoiled}
    verdicts |= {log.message_id: SPENT for delivery in spent for log in messages[delivery.message_id]}
    last_call_s = give_up_at_s + report_margin_s / 2
    verdicts |= _quarantine(letters(unpacked, spent, verdicts), outside, last_call_s)
    returned = all_returns(
        [logs for message_id, logs in messages.items() if message_id not in whole],
        unpacked.logs,
        verdicts,
        settings,
        now_ms=outside.now_ms(),
    )
    not_sent = outside.send_back(returned, give_up_at_s=last_call_s) if returned else frozenset()
    sent_back = {name for place, one in enumerate(returned) if place not in not_sent for name in one.logs}
    verdicts |= {name: not_taken("not_sent_back") for place in not_sent for name in returned[place].logs}
    if outside.monotonic() < last_call_s:
        left = [log for log in plan.ready if verdicts[log.message_id].outage and log.message_id not in sent_back]
        _back_off(left, settings.seconds_per_char, outside)

    response = report.partial_batch_response(
        {message_id: [log.message_id for log in logs] for message_id, logs in messages.items()}, verdicts, sent_back
    )
    for line in _lines(
        unpacked,
        verdicts,
        isolation.splits,
        outside,
        stack=settings.stack_name,
        started_s=started_s,
        request_id=request_id,
    ):
        outside.write_line(line)
    return response


def _is_spent(delivery: Delivery, settings: Settings) -> bool:
    """Return whether the log used up its receives in this message and others: SQS counts only those in this one."""
    return delivery.receives_before > 0 and delivery.receive_count > settings.max_receive_count


def _defer(plan: delay.Timeline, outside: Outside) -> dict[str, Verdict]:
    """Return the verdicts on the logs that are not ready; a message with no log that is comes back for its first."""
    busy = {log.delivery.sqs_message_id for log in plan.ready}
    idle: dict[str, delay.Deferral] = {}
    for deferral in sorted(plan.deferrals, key=lambda deferral: deferral.visibility_s):
        if deferral.log.delivery.sqs_message_id not in busy:
            idle.setdefault(deferral.log.delivery.sqs_message_id, deferral)
    refused = outside.hide(list(idle.values())) if idle else {}
    return {
        deferral.log.message_id: Verdict("deferred", cause=refused.get(deferral.log.message_id, ""))
        for deferral in plan.deferrals
    }


def _back_off(logs: Sequence[Log], seconds_per_char: float, outside: Outside) -> None:
    now_ms = outside.now_ms()
    backoffs: dict[str, delay.Deferral] = {}  # A message is hidden once, whatever it holds.
    for log in logs:
        ready_at_ms = delay.ready_at_ms(log, seconds_per_char)
        if hidden_s := backoff.visibility_s(log.delivery, ready_at_ms=ready_at_ms, now_ms=now_ms):
            backoffs.setdefault(log.delivery.sqs_message_id, delay.Deferral(log, hidden_s))
    if backoffs:
        outside.hide(list(backoffs.values()))  # What SQS refuses comes back sooner.


def _is_suspect(log: Log) -> bool:
    """Return whether the log may have ended the process that worked on it: it came before, and is here again.

    Most that came before did nothing of the kind (a deferral, an outage, a neighbour's fault); to doubt them costs a
    child process, to trust the one that did costs its neighbours a receive each.
    """
    return log.delivery.receive_count > 1


def _edges(settings: Settings, outside: Outside, give_up_at_s: float, *, suspicious: bool) -> Edges:
    """Return the work's edges. With a suspect in the batch, what may end the process is done in a child, for all."""
    works_on_each = outside.apart if suspicious else outside.in_time

    def within_budget(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result | Ended]:
        budget_s = _BUILD_SHARE * max(give_up_at_s - outside.monotonic(), 0)
        return works_on_each(work, items, budget_s=budget_s)

    def end_child(code: int) -> object:
        return within_budget(outside.end_process, [code])

    crasher = Crasher(
        probability=settings.crash_probability,
        point=settings.crash_point,
        mode=settings.crash_mode,
        seed=settings.crash_seed,
        end_process=end_child if suspicious else outside.end_process,
    )
    return Edges(
        crash=crasher.at,
        put_on_stream=partial(outside.put_on_stream, give_up_at_s=give_up_at_s),
        insert=partial(outside.table.insert, give_up_at_s=give_up_at_s),
        processed_at=lambda: rfc3339(outside.now_ms()),
        build_each=within_budget,
    )


def _verdict_on(error: Exception) -> Verdict:
    if isinstance(error, Poison):
        return quarantined(error.reason, error.detail)
    return retried(type(error).__name__)


def _quarantine(found: Sequence[Letter], outside: Outside, give_up_at_s: float) -> dict[str, Verdict]:
    """Return new verdicts for what the dead-letter queue did not take.

    Last of all, so that a batch that dies on the way has not left poison in two places.
    """
    refused: dict[str, Verdict] = {}
    for letter in found:
        if why_not := outside.quarantine.put(letter.body, letter.attributes, give_up_at_s=give_up_at_s):
            refused |= dict.fromkeys(letter.logs, retried(f"dlq_refused: {why_not}"))
    return refused


def _lines(
    unpacked: Unpacked,
    verdicts: dict[str, Verdict],
    splits: int,
    outside: Outside,
    *,
    stack: str,
    started_s: float,
    request_id: str,
) -> Iterator[str]:
    now_ms = outside.now_ms()
    identities: dict[str, tuple[str | None, str | None]] = {
        log.message_id: (log.message.tenant_id, log.message.log_id) for log in unpacked.logs
    } | {spoiled.delivery.message_id: (spoiled.tenant_id, spoiled.log_id) for spoiled in unpacked.spoiled}
    for log in unpacked.logs:
        if verdicts[log.message_id].outcome == "conflict":
            yield report.conflict_line(
                log.message_id,
                tenant_id=log.message.tenant_id,
                log_id=log.message.log_id,
                stored_as=beside_id(log.message.log_id, log.message.text),
            )
    for message_id, verdict in verdicts.items():
        if verdict.reason or verdict.cause:
            tenant_id, log_id = identities[message_id]
            yield report.warning_line(message_id, verdict, tenant_id=tenant_id, log_id=log_id)
    yield from report.metrics_lines(
        verdicts,
        stack=stack,
        splits=splits,
        end_to_end_ms=[
            now_ms - log.received_ms for log in unpacked.logs if verdicts[log.message_id].outcome == "stored"
        ],
        duration_ms=1000 * (outside.monotonic() - started_s),
        timestamp_ms=now_ms,
        request_id=request_id,
    )
