"""Follows a stack's logs: first those already stored, then at each poll the new ones, through outages of the table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec.structs import replace

from consumer import clock
from consumer.item import Item
from consumer.query.ask import Ask
from consumer.query.follow import LOOK_BACK_S, Follower, ReadsLate
from consumer.query.page import MAX_LIMIT, TableBusyError, arrival_of, read_page
from consumer.query.table import TableReader
from consumer.timestamps import rfc3339
from infra import stored_logs
from infra.stack import Stack
from ingest.contract.log_ids import received_ms

_POLL_S: Final = 1.0
_NEVER_MS: Final = 253_000_000_000_000  # In the year 9987.
_GIVE_UP_S: Final = 3.0
"""How long one poll tries to read the table; the next poll tries again."""


class Dated:
    """A DynamoDB client that remembers AWS's time from each answer.

    This machine's clock may be minutes off, or be set while the program runs.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._now_ms: int | None = None

    def now_ms(self) -> int:
        """Return the time of the last answer, in ms since the epoch, to the second. AWS's clock is never behind it.

        Raises:
            TableBusyError: no answer said what time it was.
        """
        if self._now_ms is None:
            raise TableBusyError("DynamoDB did not say what time it is. Try again in a minute.")
        return self._now_ms

    def query(self, **request: Any) -> Mapping[str, Any]:
        """Call Query."""
        return self._noted(self._client.query(**request))

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:
        """Call BatchGetItem."""
        return self._noted(self._client.batch_get_item(**request))

    def _noted(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        if date := response["ResponseMetadata"]["HTTPHeaders"].get("date"):
            self._now_ms = int(parsedate_to_datetime(date).timestamp()) * 1000
        return response


def looks(
    stack: Stack,
    ask: Ask,
    *,
    before: int | None,
    wait: Callable[[float], bool],
    tell: Callable[[str], object] | None = None,
) -> Iterator[list[Item]]:
    """Yield the newest `before` logs (None: all), the oldest first; then, at each poll, the logs stored since.

    Each log comes once. A poll that finds none yields an empty list. `wait(seconds)` is called between two polls; it
    returns whether to stop. With `tell`, an outage of the table is told and polling continues.

    Raises:
        TableBusyError: the table can't be read at the start, or later without `tell`.
    """
    dated = Dated(stack.place.dynamodb)
    table = TableReader(
        dated,
        stack.table_name,
        time=clock.system().time,
        now_ms=dated.now_ms,
        buckets=stored_logs.buckets(stack),
        give_up_s=_GIVE_UP_S,
    )
    table.late(ask.tenant_id, since_ms=_NEVER_MS)  # Finds nothing, but the answer has AWS's time.
    return over(table, ask, before=before, now_ms=dated.now_ms, wait=wait, tell=tell)


def looks_of(
    stack: Stack,
    asks: Sequence[Ask],
    *,
    before: int | None,
    wait: Callable[[float], bool],
    tell: Callable[[str], object] | None = None,
) -> Iterator[list[Item]]:
    """Yield what `looks` yields, for several tenants: at each poll the new logs of all of them, in one order."""
    waits = [wait, *[lambda _: False] * (len(asks) - 1)]  # Only the first tenant waits: once a round.
    rounds = zip(
        *(looks(stack, ask, before=before, wait=wait, tell=tell) for ask, wait in zip(asks, waits, strict=True)),
        strict=False,  # The first one stops, and that ends the others.
    )
    for found in rounds:
        yield sorted((item for items in found for item in items), key=arrival_of)


def over(
    reads: ReadsLate,
    ask: Ask,
    *,
    before: int | None,
    now_ms: Callable[[], int],
    wait: Callable[[float], bool],
    tell: Callable[[str], object] | None,
) -> Iterator[list[Item]]:
    """Yield what `looks` yields, from any reader. `now_ms()` is AWS's time or earlier."""
    start_ms = now_ms()
    follower = Follower(reads, ask, start_ms=start_ms - LOOK_BACK_S * 1000)
    # What the follower finds now was stored before, and `_history` yields it. The follower yields everything later.
    follower.poll(start_ms)
    for items in _history(reads, ask, before, tell):
        follower.know(items)
        yield items
    is_broken = False
    while True:
        try:
            found = follower.poll(now_ms())
        except TableBusyError as error:
            if tell is None:
                raise
            if not is_broken:
                tell(f"{error} The search goes on as soon as DynamoDB answers.")
            is_broken, found = True, []
        else:
            if is_broken and tell is not None:
                tell("DynamoDB answers again.")
            is_broken = False
        yield found
        if wait(_POLL_S):
            return


def _history(
    reads: ReadsLate, ask: Ask, before: int | None, tell: Callable[[str], object] | None
) -> Iterator[list[Item]]:
    """Yield the newest `before` logs, or all of them page by page, the oldest first.

    If the ask has no `since_ms` and its filter matches little, this ends after the reads of one page: who follows wants
    to see new logs, and not to wait until a million old ones are read.
    """
    if before is None:
        for item in stored_logs.every(reads, replace(ask, newest_first=False)):
            yield [item]
        return
    items: list[Item] = []
    after: str | None = None
    while len(items) < before:
        limit = min(before - len(items), MAX_LIMIT)
        page = read_page(reads, replace(ask, newest_first=True), limit=limit, after=after)
        items += page.items
        after = page.after
        if after is None:
            break
        if len(page.items) < limit and ask.since_ms is None:
            if tell is not None:
                tell(f"Looked back to {rfc3339(received_ms(after) or 0)}. To look further back: --since.")
            break
    yield items[::-1]
