"""What the functions' lines say of the last hour: logs by minute and outcome, by tenant, and how late. Pure.

The lines are the same on AWS and on one machine, and name the tenants, which no metric does. The reader's lines count
nothing here: its `rejected` are refused reads, and no logs.
"""

import json
import math
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ingest.contract.metrics import METRICS

MINUTES: Final = 60

SHOWN: Final = ("accepted", "stored", "duplicate", "conflict", "rejected", "retried", "quarantined")
"""The counts that the view shows, of `ingest.contract.metrics`."""

TOLD: Final[Mapping[str, tuple[str, str, str]]] = {
    "rejected": ("rejected", "request or log", "requests or logs"),
    "retried": ("retried", "time", "times"),
    "quarantined": ("dead-lettered by the consumer", "log", "logs"),
}
"""The words for a count, for one of what it counts, and for many; other counts have their own name and count logs."""

_MINUTE_MS: Final = 60_000
_LAG_MINUTES: Final = 5
_MOST_LAGS: Final = 10_000
_MOST_TENANTS: Final = 20


class Hour(NamedTuple):
    """`counts`: by name the last 60 minutes, the oldest first; `tenants`: (name, logs sent), the most first.

    `lag_ms` is the median and the 99th percentile from receipt to row of the last five minutes, None without a log.
    """

    counts: Mapping[str, list[int]]
    tenants: list[tuple[str, int]]
    lag_ms: tuple[float, float] | None


class Traffic:
    """Takes the functions' lines as they come, and forgets what is older than an hour."""

    def __init__(self) -> None:
        self._counts: dict[int, Counter[str]] = {}
        self._tenants: dict[int, Counter[str]] = {}
        self._lags: deque[tuple[int, float]] = deque(maxlen=_MOST_LAGS)

    def take(self, timestamp_ms: int, message: str) -> None:
        """Count what a line says; a line without metrics counts nothing."""
        members = _members(message)
        if members is None or members.get("service") == "reader":
            return
        minute = timestamp_ms // _MINUTE_MS
        counts = self._counts.setdefault(minute, Counter())
        for name in SHOWN:
            value = members.get(name, 0)
            counts[name] += value if isinstance(value, int) else 0
        tenants = members.get("tenants")
        if "ingest_latency_ms" in members and isinstance(tenants, dict):  # Only lines of parsed requests have it.
            self._tenants.setdefault(minute, Counter()).update(
                {name: count for name, count in tenants.items() if isinstance(count, int)}
            )
        lags = members.get("end_to_end_ms", [])
        self._lags.extend((minute, lag) for lag in (lags if isinstance(lags, list) else [lags]))

    def hour(self, now_ms: int) -> Hour:
        """Return the hour up to now."""
        last = now_ms // _MINUTE_MS
        for kept in (self._counts, self._tenants):
            for minute in [minute for minute in kept if minute <= last - MINUTES]:
                del kept[minute]
        minutes = range(last - MINUTES + 1, last + 1)
        tenants = sum(self._tenants.values(), Counter[str]())
        lags = sorted(lag for minute, lag in self._lags if minute > last - _LAG_MINUTES)
        return Hour(
            counts={name: [self._counts.get(minute, Counter())[name] for minute in minutes] for name in SHOWN},
            tenants=tenants.most_common(_MOST_TENANTS),
            lag_ms=(lags[len(lags) // 2], lags[math.ceil(len(lags) * 0.99) - 1]) if lags else None,
        )


def _members(message: str) -> dict[str, Any] | None:
    if '"_aws"' not in message:
        return None
    try:
        members = json.loads(message)
    except ValueError:
        return None
    return members if isinstance(members, dict) and METRICS.keys() & members else None


def line(values: list[int], *, width: int, height: int) -> str:
    """Return the points of a chart's line (SVG's `points`), from 0 at the bottom to the highest value at the top."""
    values = values * 2 if len(values) == 1 else values  # A level line, because nobody would see a single point.
    most = max(*values, 1)
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{number * step:.1f},{height - height * value / most:.1f}" for number, value in enumerate(values))
