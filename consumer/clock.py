"""The time, and how to wait: passed to all code that needs a clock. In production it is the system's clock."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from ingest.aws.retry import Time


class Clock(NamedTuple):
    """`now_ms` since the epoch; `monotonic` and `sleep` in seconds; `jitter` returns a number in [0, 1)."""

    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    @property
    def time(self) -> Time:
        """The part of the clock that a retry needs."""
        return Time(self.monotonic, self.sleep, self.jitter)


def system() -> Clock:
    """Return the system's clock."""
    return Clock(
        now_ms=lambda: time.time_ns() // 1_000_000,
        monotonic=time.monotonic,
        sleep=time.sleep,
        jitter=random.SystemRandom().random,  # SnapStart clones the state of any other generator.
    )
