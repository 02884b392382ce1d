"""Work in this process, each item with its share of the time: a pattern that backtracks for ever is given up.

`re` looks for signals while it matches (CPython, `Modules/_sre/sre_lib.h`, MAYBE_CHECK_SIGNALS), so that a timer of the
system ends a match that no thread could. What ends the process itself, or never looks, is for `consumer.apart`.
"""

import math
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from consumer.apart import Ended, share_s

Item = TypeVar("Item")
Result = TypeVar("Result")

_SHORTEST_S: Final = 0.001
"""A share of none would switch the timer off."""


class _TookTooLong(BaseException):
    """No `except Exception` of the work takes it for its own."""


class _Timer:
    """The system's timer, which ends the work that it finds going on, and nothing else.

    It is set again only when less than half of a share is left of it: setting it is a system call, which many logs of
    a message share.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends_at_s = -math.inf
        self._working = False

    def within(self, share_s: float, work: Callable[[Item], Result], item: Item) -> Result | Ended:
        """Return what `work` makes of the item, or how it ended: it has its share of the time, or half of it."""
        try:
            try:
                now_s = self._monotonic()
                if self._ends_at_s - now_s < share_s / 2:
                    signal.setitimer(signal.ITIMER_REAL, share_s)
                    self._ends_at_s = now_s + share_s
                self._working = True
                return work(item)
            finally:
                self._working = False
        except _TookTooLong:  # Or in the `finally`, just when the work was done.
            self._working = False
            return Ended("TookTooLong")

    def give_up(self, *_: object) -> None:
        """Take the system's signal."""
        self._ends_at_s = -math.inf
        if self._working:
            raise _TookTooLong


def in_time(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, monotonic: Callable[[], float]
) -> list[Result | Ended]:
    """Return what `work` makes of each item, in order, or `TookTooLong` for one that took more than its share.

    That is its share of what is left of `budget_s`, or what is left of an earlier one's if that is half of it. Outside
    of the main thread, where Python has no signals, nothing is given up; Lambda calls its handler in the main thread.

    Raises:
        Exception: what `work` raises, at its first item that does.
    """
    if threading.current_thread() is not threading.main_thread():
        return [work(item) for item in items]
    ends_at_s = monotonic() + budget_s
    timer = _Timer(monotonic)
    handler_before = signal.signal(signal.SIGALRM, timer.give_up)
    try:
        return [
            timer.within(max(share_s(ends_at_s - monotonic(), left), _SHORTEST_S), work, items[-left])
            for left in range(len(items), 0, -1)
        ]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
