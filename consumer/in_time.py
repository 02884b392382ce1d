"""Work in this process, each item with its share of the time: a pattern that backtracks for ever is given up.

`re` looks for signals while it matches (CPython, `Modules/_sre/sre_lib.h`, MAYBE_CHECK_SIGNALS), so that a timer of the
system ends a match that no thread could. What ends the process itself, or never looks, is for `consumer.apart`.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, TypeVar

from consumer.apart import Ended, share_s

Item = TypeVar("Item")
Result = TypeVar("Result")

_SHORTEST_S: Final = 0.001
"""A share of none would switch the timer off."""


class _TookTooLong(BaseException):
    """No `except Exception` of the work takes it for its own."""


def in_time(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, monotonic: Callable[[], float]
) -> list[Result | Ended]:
    """Return what `work` makes of each item, in order, or `TookTooLong` for one that took more than its share.

    That is its share of what is left of `budget_s`. Outside of the main thread, where Python has no signals, nothing
    is given up; Lambda calls its handler in the main thread.

    Raises:
        Exception: what `work` raises, at its first item that does.
    """
    if threading.current_thread() is not threading.main_thread():
        return [work(item) for item in items]
    ends_at_s = monotonic() + budget_s
    handler_before = signal.signal(signal.SIGALRM, _give_up)
    try:
        return [
            _within(max(share_s(ends_at_s - monotonic(), left), _SHORTEST_S), work, items[-left])
            for left in range(len(items), 0, -1)
        ]
    finally:
        signal.signal(signal.SIGALRM, handler_before)


def _within(share_s: float, work: Callable[[Item], Result], item: Item) -> Result | Ended:
    try:
        signal.setitimer(signal.ITIMER_REAL, share_s)
        try:
            return work(item)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TookTooLong:
        return Ended("TookTooLong")


def _give_up(*_: object) -> NoReturn:
    raise _TookTooLong
