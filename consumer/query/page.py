"""One page of a read: the ranges merged in the order of arrival, filtered, and cut at a limit of logs and of reads."""

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

from consumer.item import Item, Key
from consumer.query.ask import Ask, is_filtered, takes
from consumer.query.ranges import Range, ranges
from ingest.contract.log_ids import arrival, received_ms

MAX_READ: Final = 5_000
"""Logs read for one page. A filter that matches none of them gives an empty page and a cursor, not a time-out."""

MAX_LIMIT: Final = 1_000

_CHUNK: Final = 100
"""Logs handled at a time: the most that BatchGetItem takes, and a bound on memory if each log has 400 KB."""

_LEAST_AT_ONCE: Final = 10
"""Logs that the first read of a range takes at least. Each of many buckets is asked for twice its share of the page:
to read a whole page of 1,000 logs from each of 64 takes longer than the function has."""


class Found(NamedTuple):
    """A log in the order of arrival; `item` is None if only its key was read (the index holds no more)."""

    arrival: str
    key: Key
    item: Item | None

    @property
    def is_elsewhere(self) -> bool:
        """Say whether its own id only looks like a generated one: the index has it in its right place."""
        return self.item is not None and self.item.arrived_at is not None


class TableBusyError(Exception):
    """DynamoDB is throttled, cannot be reached or does not answer in time; the text says which. Try again later."""


class Reads(Protocol):
    """What `consumer.query.table.TableReader` does. Each read may raise `TableBusyError`."""

    @property
    def buckets(self) -> int:
        """How many ranges of keys generated log ids spread over."""

    def now_ms(self) -> int:
        """Return the time, in ms since the epoch."""

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs in order, at most `limit` at a time; each read is made when it is asked for."""

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return the items under these keys; one that is gone is not in it."""


class Page(NamedTuple):
    """Logs in the order asked for. `after` is where to go on, None when there is no more."""

    items: list[Item]
    after: str | None


def read_page(
    reads: Reads,
    ask: Ask,
    *,
    limit: int,
    after: str | None = None,
    max_read: int = MAX_READ,
    is_full: Callable[[Item], bool] = lambda _: False,
    is_over: Callable[[], bool] = lambda: False,
) -> Page:
    """Return the next logs, `limit` at most, after the one that arrived at `after`.

    Reads at most `max_read` logs and a page of each range; more only until the first log whose id has the form of a
    generated one, because only such a place can be gone on from. The logs are in the order of receipt, and within a
    request in the request's order. `is_full(item)` is called with each log taken, and returns whether it is the last
    that fits. `is_over()` returns whether the time for further reads is over. If a page ends early, for one of these
    reasons or because the table is busy, it says where to go on.

    Raises:
        TableBusyError: not even one log could be read.
    """
    reading = _Reading(is_over)
    # One more if there is an `after`: going to older logs, the range begins with the log that arrived then.
    at_once = max(limit, _CHUNK) if is_filtered(ask) else limit + (after is not None)
    least = _CHUNK if is_filtered(ask) else _LEAST_AT_ONCE
    of_each = min(at_once, max(2 * math.ceil(at_once / reads.buckets), least))
    merged = heapq.merge(
        *(
            reading.one_by_one(reads.query(ask.tenant_id, within, newest_first=ask.newest_first, limit=of_each))
            for within in ranges(ask, buckets=reads.buckets, now_ms=reads.now_ms(), after=after)
        ),
        # Of two with one arrival the log that stands there comes first: a page may end at either.
        key=lambda found: (found.arrival, found.is_elsewhere != ask.newest_first),
        reverse=ask.newest_first,
    )
    fresh = reading.until_busy(found for found in merged if found.arrival != after)
    items: list[Item] = []
    start = after
    read = 0
    while chunk := reading.chunk(fresh, _CHUNK if is_filtered(ask) else min(limit - len(items), _CHUNK)):
        try:
            whole = _whole(reads, chunk)
        except TableBusyError as error:
            reading.busy = error
            break
        for found, item in zip(chunk, whole, strict=True):
            if not found.is_elsewhere or received_ms(found.arrival) is not None:  # A cursor must be a time.
                after = found.arrival
            if item is not None and not found.is_elsewhere and takes(ask, item):
                items.append(item)
                if len(items) == limit or is_full(item):
                    return Page(items, after)
        # Not the logs that wait in the merge: with many ranges, their first pages alone are more than `max_read`.
        read += len(chunk)
        if read >= max_read and after != start:
            return Page(items, after)
    if reading.busy is None:
        return Page(items, None)
    if after == start:
        raise reading.busy
    return Page(items, after)


class _Reading:
    """The reads of one page; `busy` is why they stopped before its end."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over
        self._reads = 0
        self.busy: TableBusyError | None = None

    def one_by_one(self, pages: Iterator[Sequence[Found]]) -> Iterator[Found]:
        while True:
            if self._is_over():
                raise TableBusyError("The read took too long. Try again, or search a shorter time.")
            found = next(pages, None)
            if found is None:
                return
            self._reads += 1
            yield from found

    def chunk(self, fresh: Iterator[Found], most: int) -> list[Found]:
        """Return the next logs, `most` at most; fewer if they are whole and more would take a further read.

        The page may be full with them: of logs of 400 KB ten fit, and to read a hundred costs ten times as much.
        """
        chunk: list[Found] = []
        reads = 0
        whole = True
        for found in islice(fresh, most):
            reads = reads if chunk else self._reads
            chunk.append(found)
            whole = whole and found.item is not None
            if whole and self._reads > reads:
                break
        return chunk

    def until_busy(self, merged: Iterator[Found]) -> Iterator[Found]:
        try:
            yield from merged
        except TableBusyError as error:
            self.busy = error


def _whole(reads: Reads, chunk: Sequence[Found]) -> list[Item | None]:
    keys = [found.key for found in chunk if found.item is None]
    items = reads.get(keys) if keys else {}
    return [found.item if found.item is not None else items.get(found.key) for found in chunk]


def arrival_of(item: Item) -> str:
    """Return what a log is ordered by: the time of receipt and its place in the request."""
    return item.arrived_at or arrival(item.log_id)
