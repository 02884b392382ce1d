"""Virtual time: it passes only in sleeps and in calls that hang."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Final

from consumer import clock
from ingest.aws.retry import Time

START_S: Final = 1_764_000_000.0
"""The start of every run, in seconds since the epoch: a fixed time, so that runs are repeatable."""

START_MS: Final = 1_764_000_000_000


class Clock:
    """One timeline for all programs; `sleeps` has all sleeps so far."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.sleeps: list[float] = []

    @property
    def elapsed_s(self) -> float:
        """The seconds since the start."""
        return self.now_s - START_S

    @elapsed_s.setter
    def elapsed_s(self, seconds: float) -> None:
        self.now_s = START_S + seconds

    def monotonic(self) -> float:
        """Return seconds since the epoch."""
        return self.now_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return round(self.now_s * 1000)

    def now(self, zone: tzinfo = UTC) -> datetime:
        """Return the present time, as `datetime.now` does."""
        return datetime.fromtimestamp(self.now_s, zone)

    def sleep(self, seconds: float) -> None:
        """Move the time forward without waiting."""
        assert seconds >= 0, "nobody sleeps backwards"
        self.sleeps.append(seconds)
        self.now_s += seconds

    def programs(self, jitter: Callable[[], float] = lambda: 1.0) -> clock.Clock:
        """Return this clock in the form that the consumer and a replay take; by default waits have full length."""
        return clock.Clock(self.now_ms, self.monotonic, self.sleep, jitter)

    def time(self, jitter: Callable[[], float] = lambda: 1.0) -> Time:
        """Return this clock in the form that a retry takes."""
        return Time(self.monotonic, self.sleep, jitter)
