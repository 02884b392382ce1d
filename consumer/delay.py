"""When a batch's logs are ready. Their delays run in parallel: a batch takes as long as its longest log. Pure."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from consumer.unpack import Log

MAX_DELAY_S: Final = 42_300
"""The longest delay of a log. SQS keeps a message invisible for at most 12 h (43,200 s) from its receipt and refuses a
ChangeMessageVisibility beyond that (API reference, November 2026); 900 s are left for the batching window (300 s at
most) and for the way from SQS to here. So a log of any length needs at most one deferral, which costs one of its
receives: at 0.05 s a character the longest text (170,000) takes 8,500 s."""


class Deferral(NamedTuple):
    """A log to receive again later, and for how many whole seconds from now SQS hides it."""

    log: Log
    visibility_s: int


class Timeline(NamedTuple):
    """The logs to work on after one sleep of `wait_s`, and those to defer; both in the batch's order."""

    ready: list[Log]
    wait_s: float
    deferrals: list[Deferral]


def ready_at_ms(log: Log, seconds_per_char: float) -> float:
    """Return when the log may be processed, in ms since the epoch.

    The delay counts from the first receipt, so that a deferral does not start it again.
    """
    delay_s = min(seconds_per_char * len(log.message.text), MAX_DELAY_S)
    return log.delivery.first_receive_ms + 1000 * delay_s


def plan(logs: Sequence[Log], *, now_ms: int, budget_s: float, seconds_per_char: float) -> Timeline:
    """Return which logs this invocation waits for, because they are ready within `budget_s`, and which it defers."""
    if seconds_per_char == 0:
        return Timeline(list(logs), 0.0, [])
    ready: list[Log] = []
    wait_s = 0.0
    deferrals: list[Deferral] = []
    for log in logs:
        # A first receipt that a wrong clock puts in the future must not make the wait longer than the delay.
        left_s = min((ready_at_ms(log, seconds_per_char) - now_ms) / 1000, MAX_DELAY_S)
        if left_s <= max(budget_s, 0):
            ready.append(log)
            wait_s = max(wait_s, left_s)
        else:
            deferrals.append(Deferral(log, math.ceil(left_s)))
    return Timeline(ready, wait_s, deferrals)
