"""A read that goes on: every log of a tenant, once, soon after it is stored, however late that is.

A log is stored later than it was received: by its delay, by retries, by an outage of hours. Two looks together miss
none:

- Over the receipts since `LOOK_BACK_S` before the last poll. What is stored soon is found there.
- Over the index `by_late`. A log that the consumer stores more than `LATE_AFTER_S` after its receipt gets the time of
  storing, `late_at`, and so stands in that index (sparse: the others cost nothing there).

Between the mark's decision and the row lies one call at most (`CALL_S`: the client's time-outs), clocks of the
functions may differ by `SKEW_S`, and an index follows its table within `INDEX_LAG_S` (AWS: "within a fraction of a
second, under normal conditions"): the sum, before the last poll, is the look back. An index that lags longer is
the limit of the promise.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from consumer.item import LATE_AFTER_S, Item, Key
from consumer.query.ask import Ask, takes
from consumer.query.page import MAX_LIMIT, Reads, arrival_of, read_page

CALL_S: Final = 5
SKEW_S: Final = 2
INDEX_LAG_S: Final = 10
LOOK_BACK_S: Final = LATE_AFTER_S + CALL_S + SKEW_S + INDEX_LAG_S


class ReadsLate(Reads, Protocol):
    """What `consumer.query.table.TableReader` does."""

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Return the keys of the logs that were stored late, at or after `since_ms`."""


class Follower:
    """Follows one search from `start_ms` (since the epoch, by AWS's clock) on."""

    def __init__(self, reads: ReadsLate, ask: Ask, *, start_ms: int) -> None:
        self._reads = reads
        self._ask = replace(ask, newest_first=False, since_ms=None, until_ms=None)
        self._start_ms = self._polled_ms = start_ms
        self._seen: dict[Key, int] = {}

    def poll(self, now_ms: int) -> list[Item]:
        """Return the logs that were stored since the last poll, in the order of receipt. `now_ms` is AWS's time."""
        look_back_ms = self._polled_ms - LOOK_BACK_S * 1000
        self._polled_ms = now_ms
        since_ms = max(look_back_ms, self._start_ms)
        found = self._recent(since_ms)
        late = [key for key in self._reads.late(self._ask.tenant_id, since_ms=since_ms) if key not in self._seen]
        found += self._reads.get(late).values() if late else ()
        new = {item.key: item for item in found if item.key not in self._seen}
        # Forgotten when no look can meet them again: twice the look back.
        self._seen = {key: at_ms for key, at_ms in self._seen.items() if at_ms >= look_back_ms - LOOK_BACK_S * 1000}
        self._seen |= dict.fromkeys(new, now_ms)
        wanted = (item for item in new.values() if takes(self._ask, item))
        return sorted(wanted, key=arrival_of)

    def _recent(self, since_ms: int) -> list[Item]:
        ask = replace(self._ask, since_ms=since_ms, contains=(), severity=None, fields=())
        items: list[Item] = []
        after: str | None = None
        while True:
            page = read_page(self._reads, ask, limit=MAX_LIMIT, after=after)
            items += page.items
            after = page.after
            if after is None:
                return items
