"""A histogram of positive numbers in logarithmic buckets: bounded memory, percentiles within 1 %."""

import math
from collections import Counter
from typing import Final

_GROWTH: Final = math.log(1.02)  # A value is at most 1 % away from its bucket's middle.


class Histogram:
    """Counts values; those of 0.001 and less share the first bucket."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.total = 0.0
        self.largest = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._buckets[round(math.log(max(value, 0.001)) / _GROWTH)] += 1
        self.count += 1
        self.total += value
        self.largest = max(self.largest, value)

    def percentile(self, percent: float) -> float:
        """Return the value that `percent` of all values do not exceed, within 1 %; NaN when there are none."""
        if not self.count:
            return math.nan
        wanted = self.count * percent / 100
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted - 1e-9:
                return min(math.exp(bucket * _GROWTH), self.largest)
        return self.largest

    def shares(self) -> list[tuple[float, float]]:
        """Return (value, share of all values up to it), one pair a bucket: the cumulative distribution."""
        seen = 0
        points = []
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            points.append((math.exp(bucket * _GROWTH), seen / self.count))
        return points
