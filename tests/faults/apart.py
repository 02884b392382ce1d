"""`consumer.apart` and `consumer.in_time` without processes or timers: an exception stands for a death or a hang."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from consumer.apart import Ended, share_s
from tests.clock import Clock
from tests.faults.injector import Killed

Item = TypeVar("Item")
Result = TypeVar("Result")


class Hangs(BaseException):
    """The work would never end."""


def apart(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, clock: Clock
) -> list[Result | Ended]:
    """Return what `consumer.apart.apart` returns; an item that hangs uses up its share of the time."""

    def in_a_child(item: Item) -> Result | Ended:
        try:
            return work(item)
        except Killed:
            return Ended("EndedProcess -9")
        except Exception as error:  # noqa: BLE001 - as there
            return Ended(type(error).__name__)

    return in_time(in_a_child, items, budget_s=budget_s, clock=clock)


def in_time(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, clock: Clock
) -> list[Result | Ended]:
    """Return what `consumer.in_time.in_time` returns, measured by the world's clock."""
    ends_at_s = clock.now_s + budget_s
    results: list[Result | Ended] = []
    for left in range(len(items), 0, -1):
        try:
            results.append(work(items[-left]))
        except Hangs:
            clock.sleep(share_s(max(ends_at_s - clock.now_s, 0), left))
            results.append(Ended("TookTooLong"))
    return results
