"""Virtual time: it passes in sleeps and in calls that hang, never by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Final

from consumer import clock
from ingest.aws.retry import Time

START_S: Final = 1_764_000_000.0
"""Some instant in seconds since the epoch: what a run reads off its clock depends on nothing else."""

START_MS: Final = 1_764_000_000_000


class Clock:
    """One timeline for everybody: `monotonic` in seconds, `now_ms` since the epoch. `sleeps` are all so far."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.sleeps: list[float] = []

    @property
    def elapsed_s(self) -> float:
        """The seconds that passed since the start."""
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
        """Return the instant, as `datetime.now` does."""
        return datetime.fromtimestamp(self.now_s, zone)

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        assert seconds >= 0, "nobody sleeps backwards"
        self.sleeps.append(seconds)
        self.now_s += seconds

    def programs(self, jitter: Callable[[], float] = lambda: 1.0) -> clock.Clock:
        """Return this as the consumer and a replay get it; by default the longest waits that jitter can give."""
        return clock.Clock(self.now_ms, self.monotonic, self.sleep, jitter)

    def time(self, jitter: Callable[[], float] = lambda: 1.0) -> Time:
        """Return this as a retry gets it."""
        return Time(self.monotonic, self.sleep, jitter)
