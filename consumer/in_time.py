"""Work in this process with a time limit for each item: a pattern that backtracks for ever is stopped.

`re` checks for signals while it matches (CPython, `Modules/_sre/sre_lib.h`, MAYBE_CHECK_SIGNALS). So a system timer can
stop a match, which no thread could. Work that ends the process, or never checks for signals, needs `consumer.apart`.
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
"""The shortest share: a share of 0 would switch the timer off."""


class _TookTooLong(BaseException):
    """The timer fired. It is a BaseException so that no `except Exception` in the work catches it."""


class _Timer:
    """The system's timer, which stops the work that is running when it fires, and nothing else.

    It is set again only when less than half a share is left on it: setting it is a system call, and many logs of a
    message can share one.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends_at_s = -math.inf
        self._working = False

    def within(self, share_s: float, work: Callable[[Item], Result], item: Item) -> Result | Ended:
        """Return what `work` makes of the item, or `TookTooLong`; the item gets at least half of `share_s`."""
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
        except _TookTooLong:  # The timer may also fire in the `finally`, just after the work was done.
            self._working = False
            return Ended("TookTooLong")

    def give_up(self, *_: object) -> None:
        """Handle the timer's signal."""
        self._ends_at_s = -math.inf
        if self._working:
            raise _TookTooLong


def in_time(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, monotonic: Callable[[], float]
) -> list[Result | Ended]:
    """Return what `work` makes of each item, in order, or `TookTooLong` for one that took more than its share.

    A share is the item's `share_s` of what is left of `budget_s`. If at least half of that is still left on the timer
    of an earlier item, the item gets what is left there instead. Outside the main thread nothing is stopped, because
    Python has no signals there; Lambda calls its handler in the main thread.

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
