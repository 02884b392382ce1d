"""What an invocation hides in the queue: logs that are not ready, and logs that an outage left unfinished."""

from collections.abc import Sequence

from consumer import backoff, delay
from consumer.outside import Outside
from consumer.unpack import Log
from consumer.verdict import Verdict


def defer(plan: delay.Timeline, outside: Outside) -> dict[str, Verdict]:
    """Return the verdicts on the logs that are not ready.

    A message is hidden if none of its logs is ready, until its first log is.
    """
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


def back_off(logs: Sequence[Log], seconds_per_char: float, outside: Outside) -> None:
    """Hide the messages of logs that an outage left unfinished, for longer with each receive."""
    now_ms = outside.now_ms()
    backoffs: dict[str, delay.Deferral] = {}  # One per message, however many logs it holds.
    for log in logs:
        ready_at_ms = delay.ready_at_ms(log, seconds_per_char)
        if hidden_s := backoff.visibility_s(log.delivery, ready_at_ms=ready_at_ms, now_ms=now_ms):
            backoffs.setdefault(log.delivery.sqs_message_id, delay.Deferral(log, hidden_s))
    if backoffs:
        outside.hide(list(backoffs.values()))  # A message that SQS refuses to hide comes back sooner.
