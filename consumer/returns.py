"""Which logs of a packed message go back to the queue, and how, if some of them can't be acknowledged. Pure.

A message without a finished log stays as it is: SQS delivers it again and counts its receives. In any other message,
the finished logs must not come again with the rest. So a log that failed by itself, or that is not ready, is sent back
as a message of its own. Logs that AWS did not take go back in one message, because nothing is wrong with them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from consumer import backoff, delay
from consumer.carried import Carried
from consumer.settings import Settings
from consumer.unpack import Delivery, Log
from consumer.verdict import UNFINISHED, Verdict
from ingest.contract.packed import joined

MAX_DELAY_S: Final = 900
"""The longest time for which SQS delays a sent message (SendMessage, DelaySeconds, API reference, November 2026)."""


class Returned(NamedTuple):
    """A message to send, and the names of the logs in it.

    `is_last`: the message that the logs are in now was received for the last time. `is_spent`: the logs had used up
    their receives before this one, and are not sent any more.
    """

    logs: tuple[str, ...]
    body: bytes
    tenant_id: str
    carried: Carried
    delay_s: int
    is_last: bool = False
    is_spent: bool = False


def returns(
    logs: Sequence[Delivery],
    verdicts: Mapping[str, Verdict],
    *,
    max_receives: int,
    tenant_id: str,
    away_s: Callable[[Delivery], float],
    now_ms: int,
) -> list[Returned] | None:
    """Return what to send back of a message with these logs, so that it can be acknowledged; None to leave it whole.

    Before its second-to-last receive, a message is left whole if none of its logs is finished. From then on it is left
    whole only if outages and delays are all that kept its logs: a log may have failed because others took its time, so
    it gets its last receives alone. A spent message is never left whole: only now is it known which of its logs are
    stored. `away_s` returns for how many seconds a log stays away.

    If a log is sent back after a deferral, this receive does not count: the log was not tried.
    """
    back = [log for log in logs if verdicts[log.message_id].outcome in UNFINISHED]
    failed = [log for log in back if _failed(verdicts[log.message_id])]
    is_late = logs[0].receive_count >= max_receives - 1
    is_spent = logs[0].is_spent(max_receives)
    if len(back) == len(logs) and not is_spent and not (failed and is_late):
        return None
    deferred = [log for log in back if verdicts[log.message_id].outcome == "deferred"]
    not_taken = [log for log in back if verdicts[log.message_id].outage]
    groups = [[log] for log in (*failed, *deferred)] + ([not_taken] if not_taken else [])
    return [
        Returned(
            logs=tuple(log.message_id for log in group),
            body=joined([log.body.encode() for log in group]),
            tenant_id=tenant_id,
            carried=_carried(group[0], verdicts[group[0].message_id], now_ms),
            delay_s=min(max(math.ceil(max(map(away_s, group))), 0), MAX_DELAY_S),
            is_last=logs[0].receive_count >= max_receives,
            is_spent=is_spent,
        )
        for group in groups
    ]


def all_returns(
    messages: Sequence[Sequence[Delivery]],
    logs: Sequence[Log],
    verdicts: Mapping[str, Verdict],
    settings: Settings,
    *,
    now_ms: int,
) -> list[Returned]:
    """Return what to send back of all packed messages; `messages` are the deliveries of each message's logs.

    A log stays away as long as it would in a message left in the queue: until it is ready, for the growing back-off
    after an outage, or else for the queue's own time-out.
    """
    if not any(verdict.outcome in UNFINISHED for verdict in verdicts.values()):  # Nearly every batch.
        return []
    by_name = {log.message_id: log for log in logs}

    def away_s(delivery: Delivery) -> float:
        log, verdict = by_name.get(delivery.message_id), verdicts[delivery.message_id]
        hidden_s: float | None = None
        if log is not None:
            ready_at_ms = delay.ready_at_ms(log, settings.seconds_per_char)
            if verdict.outcome == "deferred":
                hidden_s = (ready_at_ms - now_ms) / 1000
            elif verdict.outage:
                hidden_s = backoff.visibility_s(delivery, ready_at_ms=ready_at_ms, now_ms=now_ms)
        return settings.visibility_timeout_seconds if hidden_s is None else hidden_s

    found: list[Returned] = []
    for packed in messages:
        if packed[0].packed_in:
            tenants = [by_name[one.message_id].message.tenant_id for one in packed if one.message_id in by_name]
            found += (
                returns(
                    packed,
                    verdicts,
                    max_receives=settings.max_receive_count,
                    tenant_id=tenants[0] if tenants else "",
                    away_s=away_s,
                    now_ms=now_ms,
                )
                or ()
            )
    return found


def _failed(verdict: Verdict) -> bool:
    return verdict.outcome == "retried" and not verdict.outage


def _carried(log: Delivery, verdict: Verdict, now_ms: int) -> Carried:
    tried = log.receive_count - (verdict.outcome == "deferred")
    return Carried(tried, log.first_receive_ms, now_ms)
