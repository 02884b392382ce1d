"""Reads a stack's stored logs through `consumer.query`: the first ones or all, of one tenant or several."""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from consumer import clock
from consumer.item import Item, of_tenant
from consumer.query.ask import Ask
from consumer.query.page import MAX_LIMIT, Reads, arrival_of, read_page
from consumer.query.table import TableReader
from infra.stack import Stack


def table(stack: Stack) -> TableReader:
    """Return the reader of the stack's table, with the stack's own credentials."""
    system = clock.system()
    return TableReader(
        stack.place.dynamodb, stack.table_name, time=system.time, now_ms=system.now_ms, buckets=buckets(stack)
    )


def buckets(stack: Stack) -> int:
    """Return the number of key ranges over which the stack spreads a tenant's logs."""
    return int(stack.outputs.get("LogIdBuckets", 1))


def first(reads: Reads, ask: Ask, limit: int) -> tuple[list[Item], bool]:
    """Return the first `limit` logs in the order that `ask` names, and whether there may be more."""
    items: list[Item] = []
    after: str | None = None
    while True:
        page = read_page(reads, ask, limit=min(limit - len(items), MAX_LIMIT), after=after)
        items += page.items
        after = page.after
        if after is None or len(items) == limit:
            return items, after is not None


def every(reads: Reads, ask: Ask) -> Iterator[Item]:
    """Yield all logs in the order that `ask` names, page by page as they are read."""
    after: str | None = None
    while True:
        page = read_page(reads, ask, limit=MAX_LIMIT, after=after)
        yield from page.items
        after = page.after
        if after is None:
            return


class FirstOf(NamedTuple):
    """The first logs of several tenants, whether there may be more, and the asks that no log matches."""

    items: list[Item]
    more: bool
    unmatched: list[Ask]


def first_of(reads: Reads, asks: Sequence[Ask], limit: int) -> FirstOf:
    """Return the first `limit` logs of several tenants in one order. The asks differ only in their tenant."""
    found = [first(reads, ask, limit) for ask in asks]
    items = sorted((item for of_tenant, _ in found for item in of_tenant), key=arrival_of, reverse=asks[0].newest_first)
    unmatched = [ask for ask, (of_tenant, _) in zip(asks, found, strict=True) if not of_tenant]
    return FirstOf(items[:limit], len(items) > limit or any(more for _, more in found), unmatched)


def every_of(reads: Reads, asks: Sequence[Ask]) -> Iterator[Item]:
    """Yield what `every` yields, for several tenants in one order. The asks differ only in their tenant."""
    return heapq.merge(*(every(reads, ask) for ask in asks), key=arrival_of, reverse=asks[0].newest_first)


def aws_clock(stack: Stack, tenant: str) -> Callable[[], int]:
    """Return AWS's clock: a function that returns ms since the epoch, exact to the second.

    This machine's clock may be minutes off, or be set while the program runs.
    """
    condition = of_tenant(tenant)
    response: Any = stack.place.dynamodb.query(
        TableName=stack.table_name,
        KeyConditionExpression=condition.condition,
        ExpressionAttributeValues=condition.values,
        Limit=1,
    )
    date = response["ResponseMetadata"]["HTTPHeaders"].get("date")
    ahead_s = (parsedate_to_datetime(date).timestamp() if date else time.time()) - time.monotonic()
    return lambda: int((time.monotonic() + ahead_s) * 1000)
