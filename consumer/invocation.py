"""One invocation: unpack, wait, work in isolation, quarantine, report. Only the order of these steps is here."""

from consumer import delay, lines, report
from consumer.deadlines import deadlines
from consumer.edges import edges
from consumer.hidden import back_off, defer
from consumer.isolate import bisect
from consumer.leaving import leave, quarantine, stored_before
from consumer.letters import letters
from consumer.outside import Outside
from consumer.process import Work
from consumer.redact import Redactor
from consumer.returns import all_returns
from consumer.settings import Settings
from consumer.unpack import deliveries, logs_apart, unpack
from consumer.verdict import SPENT, Verdict, quarantined, retried
from ingest.contract.errors import Poison


def consume(
    event: object, *, remaining_s: float, request_id: str, settings: Settings, redactor: Redactor, outside: Outside
) -> report.PartialBatchResponse:
    """Return the partial batch response for Lambda's SQS event, with `remaining_s` left of the invocation.

    Raises:
        Exception: the event is malformed or something unforeseen happened. Lambda then fails the whole batch, which
            deletes nothing; no path returns an answer that does not account for every message.
    """
    started_s = outside.monotonic()
    until = deadlines(started_s, remaining_s)
    messages = {delivery.message_id: logs_apart(delivery) for delivery in deliveries(event)}
    unpacked = unpack([log for logs in messages.values() for log in logs])
    spent = {  # Not tried again. A message of several logs is tried once more: some of its logs may be stored.
        log.message_id
        for logs in messages.values()
        for log in logs
        if not log.packed_in and log.is_spent(settings.max_receive_count)
    }
    plan = delay.plan(
        [log for log in unpacked.logs if log.message_id not in spent],
        now_ms=outside.now_ms(),
        budget_s=until.wait_budget_s,
        seconds_per_char=settings.seconds_per_char,
    )
    verdicts = defer(plan, outside)
    if plan.wait_s > 0:
        outside.sleep(plan.wait_s)
    work = Work(
        edges(settings, outside, until.last_write_s, plan.ready), redactor, retention_days=settings.retention_days
    )
    isolation = bisect(plan.ready, work)
    verdicts |= work.verdicts
    verdicts |= {failed.item.message_id: _verdict_on(failed.error) for failed in isolation.failed}
    verdicts |= {spoiled.delivery.message_id: quarantined(spoiled.poison.reason) for spoiled in unpacked.spoiled}
    verdicts |= dict.fromkeys(spent, SPENT)
    verdicts |= stored_before(unpacked.logs, verdicts, settings.max_receive_count, outside, until.last_write_s)
    verdicts |= quarantine(letters(unpacked, verdicts), outside, until.last_call_s)
    returned = all_returns(list(messages.values()), unpacked.logs, verdicts, settings, now_ms=outside.now_ms())
    left = leave(returned, outside, until.last_call_s)
    verdicts |= left.verdicts
    if outside.monotonic() < until.last_call_s:
        stays = [log for log in plan.ready if log.message_id not in left.sent_back]
        back_off([log for log in stays if verdicts[log.message_id].outage], settings.seconds_per_char, outside)

    response = report.partial_batch_response(
        {message_id: [log.message_id for log in logs] for message_id, logs in messages.items()},
        verdicts,
        left.sent_back,
    )
    now_ms = outside.now_ms()
    for line in lines.of_logs(unpacked, verdicts):
        outside.write_line(line)
    for line in lines.of_counts(
        unpacked,
        verdicts,
        splits=isolation.splits,
        stack=settings.stack_name,
        duration_ms=1000 * (outside.monotonic() - started_s),
        now_ms=now_ms,
        request_id=request_id,
    ):
        outside.write_line(line)
    return response


def _verdict_on(error: Exception) -> Verdict:
    if isinstance(error, Poison):
        return quarantined(error.reason, error.detail)
    return retried(type(error).__name__)
