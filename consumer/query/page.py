"""One page of a read: the ranges merged in the order of arrival, filtered, and cut at a limit of logs and of reads."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

from consumer.item import Item, Key
from consumer.query.ask import Ask, takes
from consumer.query.ranges import Range, ranges
from ingest.contract.log_ids import arrival

MAX_READ: Final = 5_000
"""Logs read for one page. A filter that matches none of them gives an empty page and a cursor, not a time-out."""

MAX_LIMIT: Final = 1_000


class Found(NamedTuple):
    """A log in the order of arrival; `item` is None where only its key was read (the index holds no more)."""

    arrival: str
    key: Key
    item: Item | None


class Reads(Protocol):
    """What `consumer.query.table.Table` does."""

    @property
    def buckets(self) -> int:
        """How many ranges of keys generated log ids spread over."""

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs in order, at most `limit` at a time; each read is made when it is asked for."""

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return the items under these keys; one that is gone is not in it."""


class Page(NamedTuple):
    """Logs in the order asked for. `after` is where to go on, None when there is no more."""

    items: list[Item]
    after: str | None


def read_page(reads: Reads, ask: Ask, *, limit: int, after: str | None = None, max_read: int = MAX_READ) -> Page:
    """Return the next logs, `limit` at most, after the one that arrived at `after`.

    Reads `max_read` logs and a page of each range at most. The order is that of receipt, and within a request that of
    its logs.
    """
    counter = _Counter()
    merged = heapq.merge(
        *(
            _one_by_one(reads, ask, within, limit=limit, counter=counter)
            for within in ranges(ask, buckets=reads.buckets, after=after)
        ),
        key=lambda found: found.arrival,
        reverse=ask.newest_first,
    )
    fresh = (found for found in merged if found.arrival != after)
    items: list[Item] = []
    while chunk := list(islice(fresh, limit - len(items))):
        for found, item in zip(chunk, _whole(reads, chunk), strict=True):
            after = found.arrival
            if item is not None and takes(ask, item):
                items.append(item)
        if len(items) == limit or counter.read >= max_read:
            return Page(items, after)
    return Page(items, None)


class _Counter:
    def __init__(self) -> None:
        self.read = 0


def _one_by_one(reads: Reads, ask: Ask, within: Range, *, limit: int, counter: _Counter) -> Iterator[Found]:
    for found in reads.query(ask.tenant_id, within, newest_first=ask.newest_first, limit=limit):
        counter.read += len(found)
        # A log with an id of its own that looks like a generated one: the index has it at its place.
        yield from (one for one in found if one.item is None or one.item.arrived_at is None)


def _whole(reads: Reads, chunk: Sequence[Found]) -> list[Item | None]:
    keys = [found.key for found in chunk if found.item is None]
    items = reads.get(keys) if keys else {}
    return [found.item if found.item is not None else items.get(found.key) for found in chunk]


def arrival_of(item: Item) -> str:
    """Return what a log is ordered by: the time of receipt and its place in the request."""
    return item.arrived_at or arrival(item.log_id)
