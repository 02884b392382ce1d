"""Follows a search: shows each log of a tenant once, soon after it is stored, however late that is.

A log is stored later than it was received, because of its delay, retries, or an outage of hours. A look at the table
finds it in one of two places:

- Among the logs received since some time. A log that is stored soon is found there.
- In the index `by_late`. A log that the consumer stores more than `LATE_AFTER_S` after its receipt gets the time of
  storing, `late_at`, which puts it into that index (sparse: other logs cost nothing there).

A whole look goes back far enough that whole looks alone miss no log. The consumer decides on `late_at` at most one call
before the item is stored (`CALL_S`: the client's time-outs). The functions' clocks may differ by `SKEW_S`. An index
follows its table within `INDEX_LAG_S` (AWS: "within a fraction of a second, under normal conditions"). So a whole look
begins at the whole look before it, less `LATE_AFTER_S` and these three. If an index lags longer, a log can be missed.

If every poll were a whole look, each log would be read again by every poll in that time. So there is one whole look per
`WHOLE_S`, and the polls between look back only as far as logs have lately taken to be stored. They only make it faster:
a log that takes longer is shown at the next whole look.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from consumer.item import LATE_AFTER_S, Item, Key
from consumer.query.ask import Ask, takes
from consumer.query.page import MAX_LIMIT, Reads, arrival_of, read_page
from consumer.timestamps import epoch_ms
from ingest.contract.log_ids import received_ms

CALL_S: Final = 5
SKEW_S: Final = 2
INDEX_LAG_S: Final = 10
LOOK_BACK_S: Final = LATE_AFTER_S + CALL_S + SKEW_S + INDEX_LAG_S

WHOLE_S: Final = 10
"""Seconds from one whole look to the next."""

_SHORT_S: Final = 2
"""Seconds that a short look adds to the longest time that a log took: for its call, and as AWS tells whole seconds."""


class ReadsLate(Reads, Protocol):
    """What `consumer.query.table.TableReader` does."""

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Return the keys of the logs that were stored late, at or after `since_ms`."""


class Follower:
    """Follows one search from `start_ms` (since the epoch, by AWS's clock) on."""

    def __init__(self, reads: ReadsLate, ask: Ask, *, start_ms: int) -> None:
        self._reads = reads
        self._ask = replace(ask, newest_first=False, since_ms=None, until_ms=None)
        self._start_ms = self._polled_ms = self._whole_ms = start_ms
        self._short_ms = LOOK_BACK_S * 1000
        self._kept_from_ms = start_ms - LOOK_BACK_S * 1000
        self._seen: dict[Key, int] = {}

    def know(self, items: Iterable[Item]) -> None:
        """Take note of logs that were shown already: a poll leaves them out."""
        self._seen |= {item.key: at_ms for item in items if (at_ms := _met_at_ms(item)) >= self._start_ms}

    def poll(self, now_ms: int) -> list[Item]:
        """Return the logs that were stored since the last poll, in the order of receipt.

        `now_ms` is AWS's time or an earlier one, which only makes the look longer. If a poll fails, the next one
        returns its logs.
        """
        is_whole = not self._whole_ms <= now_ms < self._whole_ms + WHOLE_S * 1000
        whole_since_ms = min(self._whole_ms, now_ms) - LOOK_BACK_S * 1000  # A clock may have stepped back.
        since_ms = max(whole_since_ms if is_whole else self._polled_ms - self._short_ms, self._start_ms)
        found = self._recent(since_ms)
        late = [key for key in self._reads.late(self._ask.tenant_id, since_ms=since_ms) if key not in self._seen]
        came_late = list(self._reads.get(late).values()) if late else []
        # Nothing fails from here on, so only now does the poll count as made.
        self._polled_ms = now_ms
        if is_whole:
            self._whole_ms = now_ms
            if found:
                self._short_ms = min(_SHORT_S * 1000 + max(map(_took_ms, found)), LOOK_BACK_S * 1000)
        new = {item.key: item for item in [*found, *came_late] if item.key not in self._seen}
        if is_whole:  # Forget logs that no look meets again, even if a clock steps back for a while.
            self._seen = {key: at_ms for key, at_ms in self._seen.items() if at_ms >= self._kept_from_ms}
            self._kept_from_ms = whole_since_ms
        self._seen |= {key: _met_at_ms(item) for key, item in new.items()}
        return sorted((item for item in new.values() if takes(self._ask, item)), key=arrival_of)

    def _recent(self, since_ms: int) -> list[Item]:
        ask = replace(self._ask, since_ms=since_ms, contains=(), lacks=(), severity=None, fields=(), not_fields=())
        items: list[Item] = []
        after: str | None = None
        while True:
            page = read_page(self._reads, ask, limit=MAX_LIMIT, after=after)
            items += page.items
            after = page.after
            if after is None:
                return items


def _met_at_ms(item: Item) -> int:
    """Return the later of the two times by which a look finds the log: of its receipt, and of its late storing."""
    at_ms = received_ms(arrival_of(item)) or 0
    return at_ms if item.late_at is None else max(at_ms, epoch_ms(item.late_at))


def _took_ms(item: Item) -> int:
    """Return how long after its receipt the log was stored."""
    return epoch_ms(item.processed_at) - epoch_ms(item.received_at)
