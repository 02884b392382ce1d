"""Cost that grows with the size and no faster, shown on any machine: a ratio of two CPU times, never a time."""

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 16
_MOST: Final = 64
"""Far above the 16 of what is linear and far below the 256 of what is quadratic."""

_FLOOR_S: Final = 0.001
"""Below it the clock and the fixed cost decide."""


def best_cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of the quickest of three runs, in seconds: only a ratio of two is worth something."""
    times = []
    for _ in range(3):
        started_s = time.process_time()
        work()
        times.append(time.process_time() - started_s)
    return min(times)


def check_linear(work: Callable[[int], object], size: int) -> None:
    """Fail where `work(16 * size)` costs more than 64 times as much as `work(size)`."""
    small_s, large_s = best_cpu_s(lambda: work(size)), best_cpu_s(lambda: work(_TIMES * size))
    assert large_s < _MOST * max(small_s, _FLOOR_S), f"{large_s} s of CPU for {_TIMES} times the work of {small_s} s"
