"""Work in a real forked child: whatever ends or delays the child, all other items get their results."""

import os
import re
import resource
import signal
import time
from multiprocessing import active_children
from typing import Final

import pytest

from consumer.apart import Ended, apart, share_s

_BACKTRACKING: Final = re.compile("(a+)+$")
_MEMORY_BYTES: Final = 1 << 30


def _work(item: str) -> str:
    match item:
        case "exits":
            os._exit(3)
        case "is killed":  # As the kernel does when memory runs out.
            os.kill(os.getpid(), signal.SIGKILL)
        case "takes all memory":
            used = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, used))
            return "x" * (2 * _MEMORY_BYTES)
        case "backtracks":
            _BACKTRACKING.search("a" * 60 + "!")
        case "has a bug":
            raise LookupError(item)
    return item.upper()


def _apart(*items: str, budget_s: float = 20) -> list[str | Ended]:
    return apart(_work, items, budget_s=budget_s, monotonic=time.monotonic)


@pytest.mark.parametrize(
    ("item", "cause"),
    [
        ("exits", "EndedProcess 3"),
        ("is killed", "EndedProcess -9"),
        ("takes all memory", "MemoryError"),
        ("has a bug", "LookupError"),
    ],
)
def test_what_ends_the_child_ends_alone(item: str, cause: str) -> None:
    """An item that ends the child fails alone, wherever it is, and so do several of them."""
    assert _apart("a", item, "b", item) == ["A", Ended(cause), "B", Ended(cause)]


def test_a_pattern_that_never_ends_takes_its_share_of_the_time() -> None:
    """A child that hangs is killed after its item's share of the time, and later items have their own shares."""
    assert _apart("a", "backtracks", "b", budget_s=4) == ["A", Ended("TookTooLong"), "B"]


@pytest.mark.parametrize("items", [1, 2, 10, 11, 500])
def test_the_shares_together_are_no_more_than_the_whole(items: int) -> None:
    """The items' shares together are at most the whole time, and no share is empty."""
    left_s = 4.0
    for left in range(items, 0, -1):
        taken_s = share_s(left_s, left)
        assert taken_s > 0
        left_s -= taken_s
    assert left_s >= 0


def test_no_child_outlives_the_work() -> None:
    """No child is left after the work, whether it answered or hung."""
    before = set(active_children())
    _apart("a", "backtracks", budget_s=0.5)
    assert set(active_children()) <= before


def test_without_time_nothing_is_worked_on() -> None:
    """Without time no item is worked on, and each item's result says that it took too long."""
    assert _apart("backtracks", "backtracks", budget_s=0) == [Ended("TookTooLong")] * 2


def test_no_items_need_no_child() -> None:
    """An empty batch gives an empty result."""
    assert _apart() == []
