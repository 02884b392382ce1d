"""Work apart, without a process: what would end or hold up the child is an exception here."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from consumer.apart import Ended
from tests.clock import Clock
from tests.faults.injector import Killed

Item = TypeVar("Item")
Result = TypeVar("Result")


class Hangs(BaseException):
    """The work goes on for ever."""


def apart(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, clock: Clock
) -> list[Result | Ended]:
    """Return what `consumer.apart.apart` returns; what hangs takes its share of the time."""
    ends_at_s = clock.now_s + budget_s
    results: list[Result | Ended] = []
    for left in range(len(items), 0, -1):
        try:
            results.append(work(items[-left]))
        except Killed:
            results.append(Ended("EndedProcess -9"))
        except Hangs:
            clock.sleep(max(ends_at_s - clock.now_s, 0) / left)
            results.append(Ended("TookTooLong"))
        except Exception as error:  # noqa: BLE001 - as there
            results.append(Ended(type(error).__name__))
    return results
