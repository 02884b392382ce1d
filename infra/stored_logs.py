"""A stack's stored logs, read by `consumer.query`: the first so many, all of them, or as they come."""

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Final

from consumer import clock
from consumer.item import Item, of_tenant
from consumer.query.ask import Ask
from consumer.query.follow import LOOK_BACK_S, Follower
from consumer.query.page import MAX_LIMIT, arrival_of, read_page
from consumer.query.table import TableReader
from infra.stack import Stack
from ingest.contract.log_ids import received_ms

_POLL_S: Final = 1.0


def table(stack: Stack) -> TableReader:
    """Return the reader of the stack's table, with the stack's own credentials."""
    buckets = int(stack.outputs.get("LogIdBuckets", 1))
    return TableReader(stack.place.dynamodb, stack.table_name, time=clock.system().time, buckets=buckets)


def first(table: TableReader, ask: Ask, limit: int | None) -> tuple[list[Item], bool]:
    """Return the first logs in the order asked for, and whether there may be more. `limit` None: all."""
    items: list[Item] = []
    after: str | None = None
    while True:
        left = MAX_LIMIT if limit is None else min(limit - len(items), MAX_LIMIT)
        page = read_page(table, ask, limit=left, after=after)
        items += page.items
        after = page.after
        if after is None or len(items) == limit:
            return items, after is not None


def every(table: TableReader, ask: Ask) -> Iterator[Item]:
    """Yield all logs in the order asked for, page by page as they are read."""
    after: str | None = None
    while True:
        page = read_page(table, ask, limit=MAX_LIMIT, after=after)
        yield from page.items
        after = page.after
        if after is None:
            return


def follow(
    stack: Stack, table: TableReader, ask: Ask, *, before: int | None, wait: Callable[[float], bool]
) -> Iterator[Item]:
    """Yield the newest `before` logs (None: all), the oldest first, and then what is stored, each log once.

    `wait(seconds)` is called between two looks; it returns whether to stop.
    """
    for items in looks(stack, table, ask, before=before, wait=wait):
        yield from items


def looks(
    stack: Stack, table: TableReader, ask: Ask, *, before: int | None, wait: Callable[[float], bool]
) -> Iterator[list[Item]]:
    """Yield what `follow` does, look by look; a look that found nothing is an empty list."""
    aws_now_ms = aws_clock(stack, ask.tenant_id)
    follower = Follower(table, ask, start_ms=aws_now_ms() - LOOK_BACK_S * 1000)
    # Read before the first poll: what is stored between the two is in the poll, and no later poll shows it again.
    stored, _ = first(table, ask, before)
    known = {item.key: item for item in [*stored, *follower.poll(aws_now_ms())] if _is_since(ask, item)}
    yield sorted(known.values(), key=arrival_of)[-(before or 0) :]
    while not wait(_POLL_S):
        yield follower.poll(aws_now_ms())


def _is_since(ask: Ask, item: Item) -> bool:
    at_ms = received_ms(arrival_of(item))
    return ask.since_ms is None or at_ms is None or at_ms >= ask.since_ms


def aws_clock(stack: Stack, tenant: str) -> Callable[[], int]:
    """Return AWS's time in ms since the epoch, to the second: this machine's clock may be minutes off."""
    condition = of_tenant(tenant)
    response: Any = stack.place.dynamodb.query(
        TableName=stack.table_name,
        KeyConditionExpression=condition.condition,
        ExpressionAttributeValues=condition.values,
        Limit=1,
    )
    date = response["ResponseMetadata"]["HTTPHeaders"].get("date")
    ahead_s = parsedate_to_datetime(date).timestamp() - time.time() if date else 0.0
    return lambda: int((time.time() + ahead_s) * 1000)
