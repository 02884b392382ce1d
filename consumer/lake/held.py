"""Pure: which of a batch's log ids a data file may hold, by the least and the greatest id in its bounds."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def within(log_ids: Sequence[str], least: str | None, greatest: str | None) -> Sequence[str]:
    """Return those of the ordered `log_ids` from `least` to `greatest`; None is no bound.

    A generated id begins with the time, so that a new batch overlaps only the last of many days' files.
    """
    first = 0 if least is None else bisect_left(log_ids, least)
    end = len(log_ids) if greatest is None else bisect_right(log_ids, greatest)
    return log_ids[first:end]
