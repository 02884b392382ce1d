"""Work with a time limit by a real timer, in this process: only the item that never ends is given up."""

import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from consumer import redact
from consumer.apart import Ended
from consumer.in_time import in_time

_SLOW: Final = "a" * 60 + "!"


def _work(item: str) -> str:
    if item == "backtracks":
        re.search("(a+)+$", _SLOW)
    elif item == "has a bug":
        raise LookupError(item)
    return item.upper()


def _in_time(*items: str, budget_s: float = 20) -> list[str | Ended]:
    return in_time(_work, items, budget_s=budget_s, monotonic=time.monotonic)


def test_a_pattern_that_never_ends_takes_its_share_of_the_time() -> None:
    """An item that never ends uses up only its own share of the time, even if there are several."""
    assert _in_time("a", "backtracks", "b", "backtracks", budget_s=2) == [
        "A", Ended("TookTooLong"), "B", Ended("TookTooLong"),
    ]  # fmt: skip


def test_without_time_left_nothing_waits_for_ever() -> None:
    """Without time left, an item's share is very short and not unlimited."""
    assert _in_time("backtracks", budget_s=0) == [Ended("TookTooLong")]


def test_a_slow_pattern_of_the_operator_is_given_up() -> None:
    """A pattern that is too slow is reported as that, and not as an error of the pattern."""
    redactor = redact.build((), ["(a+)+$"])
    texts = ["fine", _SLOW, "fine too"]
    done = in_time(redactor.text, texts, budget_s=1, monotonic=time.monotonic)
    assert done == ["fine", Ended("TookTooLong"), "fine too"]


def test_a_bug_is_the_callers() -> None:
    """An exception of the work reaches the caller unchanged."""
    with pytest.raises(LookupError):
        _in_time("a", "has a bug")


def test_the_process_is_left_as_it_was() -> None:
    """After the work, however it ended, the timer is off and the earlier signal handler is back."""
    before = signal.getsignal(signal.SIGALRM)
    _in_time("a", "backtracks", budget_s=0.2)
    with pytest.raises(LookupError):
        _in_time("has a bug")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_outside_of_the_main_thread_the_work_is_done_without_a_limit() -> None:
    """Outside of the main thread, where Python has no signals, the work is done without a limit."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_in_time, "a", "b").result() == ["A", "B"]
        assert pool.submit(threading.current_thread).result() is not threading.main_thread()
