"""Gives a page that follows the logs that were stored since its last answer, whatever happened in between.

A page asks every second by a short request, so that any number of pages can follow: a browser opens six connections to
a host, and a stream would hold one each. A `Follower` is kept between two requests under a name that only the last
answer has. A request with another name (the answer was lost, the console was restarted, the machine slept) gets all
logs that were stored since the time of its last answer, as far as a page keeps them.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from consumer.item import Item
from consumer.query.ask import Ask, takes
from consumer.query.follow import LOOK_BACK_S, Follower, ReadsLate
from consumer.query.page import MAX_LIMIT, arrival_of, read_page
from infra.console.weight import PAGE_BYTES, Weight
from ingest.contract.log_ids import received_ms

BEFORE: Final = 100
"""Logs that a page begins with, as `rdp logs --follow` does."""

MOST: Final = 1_000
"""Logs that a page is given of a time in which it was not answered: it keeps no more (console.js, KEPT_ROWS)."""

_MOST_PAGES: Final = 5
"""Reads for them, each of `consumer.query.page.MAX_READ` logs at most."""

_MOST_KEPT: Final = 64
_STALE_MS: Final = 30_000
"""A follower that was not asked for so long would read all of that time at once."""


class Gap(NamedTuple):
    """A time of which logs may be missing, in ms since the epoch: `since_ms` <= receipt < `until_ms`."""

    since_ms: int
    until_ms: int


class Look(NamedTuple):
    """`items` in the order of receipt; `name` and `looked_ms` are for the next request; `gap` lies before the items."""

    items: Sequence[Item]
    name: str
    looked_ms: int
    gap: Gap | None


class _Kept(NamedTuple):
    follower: Follower
    clock: Callable[[], int]
    looked_ms: int


class Following:
    """Answers the pages that follow. `clock(tenant)` returns a function to AWS's time in ms since the epoch."""

    def __init__(self, reads: ReadsLate, clock: Callable[[str], Callable[[], int]]) -> None:
        self._reads = reads
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def look(self, ask: Ask, *, name: str = "", since_ms: int | None = None) -> Look:
        """Return what was stored since the answer that gave `name` and `since_ms`; without them the newest logs.

        After a gap a log may come twice, but none is missing: the page knows which logs it has.

        Raises:
            TableBusyError: DynamoDB is throttled. The same request can be made again.
        """
        with self._lock:
            kept = self._kept.pop(name, None)  # Two requests have the same name: the second begins anew.
        if kept is not None and 0 <= (now_ms := kept.clock()) - kept.looked_ms < _STALE_MS:
            return self._answer(kept._replace(looked_ms=now_ms), kept.follower.poll(now_ms), None)
        clock = self._clock(ask.tenant_id)
        now_ms = clock()
        follower = Follower(self._reads, ask, start_ms=now_ms - LOOK_BACK_S * 1000)
        # Read before the first poll: what is stored between the two is in the poll, and no later poll shows it again.
        if since_ms is None:
            items, gap = self._newest(ask, BEFORE)[0], None
        else:
            items, gap = self._missed(ask, min(since_ms, now_ms) - LOOK_BACK_S * 1000)
        items += follower.poll(now_ms)
        known = {item.key: item for item in items if _is_since(ask, item)}
        most = BEFORE if since_ms is None else None
        ordered = sorted(known.values(), key=arrival_of)
        return self._answer(_Kept(follower, clock, now_ms), ordered[-most:] if most else ordered, gap)

    def _answer(self, kept: _Kept, items: Sequence[Item], gap: Gap | None) -> Look:
        name = secrets.token_urlsafe(12)
        with self._lock:
            while len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[name] = kept
        return Look(items, name, kept.looked_ms, gap)

    def _missed(self, ask: Ask, since_ms: int) -> tuple[list[Item], Gap | None]:
        """Return the newest logs that were stored at or after `since_ms`, and before which time there may be more."""
        begin_ms = max(since_ms, ask.since_ms or 0, 0)
        items, oldest_ms = self._newest(replace(ask, since_ms=begin_ms), MOST)
        # These were received earlier, but stored only in this time.
        late = self._reads.late(ask.tenant_id, since_ms=max(since_ms, 0))[-MOST:]
        items += (item for item in self._reads.get(late).values() if takes(ask, item))
        return items, None if oldest_ms is None else Gap(begin_ms, oldest_ms)

    def _newest(self, ask: Ask, most: int) -> tuple[list[Item], int | None]:
        """Return the newest logs, and the time of receipt down to which they were read, None when it was all."""
        ask = replace(ask, newest_first=True, until_ms=None)
        items: list[Item] = []
        after: str | None = None
        weight = Weight()
        for _ in range(_MOST_PAGES):
            limit = min(most - len(items), MAX_LIMIT)
            page = read_page(self._reads, ask, limit=limit, after=after, is_full=weight.is_full)
            items += page.items
            after = page.after
            if after is None or len(items) == most or weight.bytes >= PAGE_BYTES:
                break
        return items, None if after is None else (received_ms(after) or 0) + 1


def _is_since(ask: Ask, item: Item) -> bool:
    at_ms = received_ms(arrival_of(item))
    return ask.since_ms is None or at_ms is None or at_ms >= ask.since_ms
