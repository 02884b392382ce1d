"""How many logs arrived when, as bars. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_BARS: Final = 60

_S: Final = 1000
_STEPS_MS: Final = tuple(
    _S * s
    for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
)
"""Widths of a bar that a clock or a calendar shows as round."""


class Bar(NamedTuple):
    """Logs with `since_ms` <= receipt < `until_ms`: all of them, and those that are errors or worse."""

    since_ms: int
    until_ms: int
    logs: int
    grave: int


def bars(arrivals: Sequence[tuple[int, bool]], *, since_ms: int, until_ms: int) -> list[Bar]:
    """Return the bars from `since_ms` to `until_ms`, `MAX_BARS` at most, of (ms since the epoch, is it grave).

    Their width is round and they begin at round times; a log outside of them is in none.
    """
    span_ms = max(until_ms - since_ms, 1)
    weeks = -(-span_ms // (_STEPS_MS[-1] * (MAX_BARS - 1)))
    # One bar fewer than allowed, because the first and the last bar may both reach beyond the range.
    step_ms = next((step for step in _STEPS_MS if span_ms <= step * (MAX_BARS - 1)), _STEPS_MS[-1] * weeks)
    first = since_ms // step_ms
    numbers = range(first, (until_ms - 1) // step_ms + 1)
    counts = [0] * len(numbers)
    grave = [0] * len(numbers)
    for at_ms, is_grave in arrivals:
        place = at_ms // step_ms - first
        if 0 <= place < len(counts):
            counts[place] += 1
            grave[place] += is_grave
    return [
        Bar(number * step_ms, (number + 1) * step_ms, count, bad)
        for number, count, bad in zip(numbers, counts, grave, strict=True)
    ]
