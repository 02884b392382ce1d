"""A read that goes on: every log of a tenant, once, soon after it is stored, however late that is.

A log is stored later than it was received: by its delay, by retries, by an outage of hours. A look finds it in one of
two places:

- Among the receipts since some time. What is stored soon is found there.
- In the index `by_late`. A log that the consumer stores more than `LATE_AFTER_S` after its receipt gets the time of
  storing, `late_at`, and so stands in that index (sparse: the others cost nothing there).

Between the mark's decision and the row lies one call at most (`CALL_S`: the client's time-outs), clocks of the
functions may differ by `SKEW_S`, and an index follows its table within `INDEX_LAG_S` (AWS: "within a fraction of a
second, under normal conditions"): the sum, before the whole look before it, is how far a whole look goes back. So whole
looks alone miss no log. An index that lags longer is the limit of the promise.

Whole looks at every poll would read each log as often as the look back has polls. So there is one each `WHOLE_S`, and
the polls between them look back only as far as logs have lately taken to be stored. That is for speed, not for the
promise: a log that takes longer is shown at the next whole look.
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
"""From one whole look to the next."""

_SHORT_S: Final = 2
"""What a short look adds to the longest time that a log took: its call, and the second to which AWS's time is told."""


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

        `now_ms` is AWS's time, or any time before it: what an earlier time costs is a longer look. A poll that fails
        leaves all for the next one.
        """
        is_whole = not self._whole_ms <= now_ms < self._whole_ms + WHOLE_S * 1000
        whole_since_ms = min(self._whole_ms, now_ms) - LOOK_BACK_S * 1000  # A clock may have stepped back.
        since_ms = max(whole_since_ms if is_whole else self._polled_ms - self._short_ms, self._start_ms)
        found = self._recent(since_ms)
        late = [key for key in self._reads.late(self._ask.tenant_id, since_ms=since_ms) if key not in self._seen]
        came_late = list(self._reads.get(late).values()) if late else []
        # From here on nothing fails. Only now is it a poll that was made.
        self._polled_ms = now_ms
        if is_whole:
            self._whole_ms = now_ms
            if found:
                self._short_ms = min(_SHORT_S * 1000 + max(map(_took_ms, found)), LOOK_BACK_S * 1000)
        new = {item.key: item for item in [*found, *came_late] if item.key not in self._seen}
        if is_whole:  # Forgotten when no look meets them again, though a clock steps for a while.
            self._seen = {key: at_ms for key, at_ms in self._seen.items() if at_ms >= self._kept_from_ms}
            self._kept_from_ms = whole_since_ms
        self._seen |= {key: _met_at_ms(item) for key, item in new.items()}
        return sorted((item for item in new.values() if takes(self._ask, item)), key=arrival_of)

    def _recent(self, since_ms: int) -> list[Item]:
        ask = replace(self._ask, since_ms=since_ms, contains=(), lacks=(), severity=None, fields=())
        items: list[Item] = []
        after: str | None = None
        while True:
            page = read_page(self._reads, ask, limit=MAX_LIMIT, after=after)
            items += page.items
            after = page.after
            if after is None:
                return items


def _met_at_ms(item: Item) -> int:
    """Return the last time by which a look finds the log: that of its receipt, or of its storing."""
    at_ms = received_ms(arrival_of(item)) or 0
    return at_ms if item.late_at is None else max(at_ms, epoch_ms(item.late_at))


def _took_ms(item: Item) -> int:
    """Return how long after its receipt the log was stored."""
    return epoch_ms(item.processed_at) - epoch_ms(item.received_at)
