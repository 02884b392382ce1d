"""Virtual time: it passes in sleeps and in calls that hang, never by itself."""

from datetime import UTC, datetime, tzinfo
from typing import Final

START_S: Final = 1_764_000_000.0
"""Some instant in seconds since the epoch: what a run reads off its clock depends on nothing else."""


class Clock:
    """One timeline for everybody: `monotonic` in seconds, `now_ms` since the epoch."""

    def __init__(self) -> None:
        self.now_s = START_S

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
        self.now_s += seconds
