"""Checks that cost grows linearly, by a ratio of two CPU times, which is the same on any machine."""

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 16
_MOST: Final = 64
"""Far above the 16 of linear cost and far below the 256 of quadratic cost."""

_FLOOR_S: Final = 0.001
"""Below this time, the clock's precision and fixed costs dominate."""


def best_cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of the quickest of three runs in seconds; only a ratio of two such times means something."""
    times = []
    for _ in range(3):
        started_s = time.process_time()
        work()
        times.append(time.process_time() - started_s)
    return min(times)


def check_linear(work: Callable[[int], object], size: int) -> None:
    """Fail if `work(16 * size)` costs more than 64 times as much as `work(size)`."""
    small_s, large_s = best_cpu_s(lambda: work(size)), best_cpu_s(lambda: work(_TIMES * size))
    assert large_s < _MOST * max(small_s, _FLOOR_S), f"{large_s} s of CPU for {_TIMES} times the work of {small_s} s"
