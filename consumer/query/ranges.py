"""Which keys a read by time covers: one range of the table for each bucket, and one of the index. Pure.

A generated log_id sorts by the time of receipt, so the table holds these logs in that order. A log that came with its
own id has `arrived_at`, of the same form, which is its key in the index `by_arrival`.

The logs with own ids stand in the table, too, wherever their ids sort: a random one in hex nearly always behind every
generated id, as if it were received in thousands of years, and a number with zeros before it in front of all of them.
So a range without a beginning begins where the first generated id can be, and one without an end ends a day after now.
Otherwise each search would read past all of them.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from consumer.query.ask import Ask
from ingest.contract.log_ids import MAX_MS, arrival, bucket_names, lowest

Place = Literal["table", "by_arrival"]

_AHEAD_MS: Final = 86_400_000
"""How far the clock of a function that gives ids may be ahead of the reader's: a day, which is more than any is."""

_FIRST_MS: Final = 1_735_689_600_000
"""2025-01-01: before this project gave its first id."""

_JUST_ABOVE: Final = "!"  # The lowest visible character: no generated id has it, and the next one is above it.


class Range(NamedTuple):
    """Sort keys from `low` to `high`, both included, of one tenant in one place."""

    place: Place
    low: str
    high: str

    def arrival(self, sort_key: str) -> str:
        """Return the key without the range's bucket: keys in order give arrivals in order.

        A sender's id may look like a bucket and more (`010.5`). It must keep its place, or it would hold up the merge.
        """
        return sort_key if arrival(self.low) == self.low else arrival(sort_key)


def ranges(ask: Ask, *, buckets: int, now_ms: int, after: str | None = None) -> Sequence[Range]:
    """Return the ranges that hold every log of the wanted time; the index's range holds those with their own ids.

    `now_ms` is the reader's time, since the epoch.

    `after` is the arrival of the last log that the reader got: the ranges begin after it, in the order asked for. If
    the order goes to older logs, the ranges hold that log too.
    """
    places: list[tuple[Place, str]] = [("table", name) for name in bucket_names(buckets)]
    since_ms = _FIRST_MS if ask.since_ms is None else ask.since_ms
    until_ms = now_ms + _AHEAD_MS if ask.until_ms is None else ask.until_ms
    found: list[Range] = []
    for place, bucket in [*places, ("by_arrival", "")]:
        low = lowest(max(since_ms, 0), bucket=bucket)
        high = lowest(min(max(until_ms, 0), MAX_MS), bucket=bucket)
        if after is not None and ask.newest_first:
            high = min(high, bucket + after)
        elif after is not None:
            low = max(low, bucket + after + _JUST_ABOVE)
        if low <= high:
            found.append(Range(place, low, high))
    return found
