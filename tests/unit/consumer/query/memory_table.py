"""A table in memory that answers a query's reads, and counts them."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from consumer.item import Item, Key
from consumer.query.page import Found
from consumer.query.ranges import Range
from consumer.timestamps import rfc3339
from ingest.contract.log_ids import arrival, generator

TENANT = "acme"


class MemoryTable:
    """Items by key. `queries` are the ranges that were read, and `rows_read` counts the returned logs."""

    def __init__(self, buckets: int = 1) -> None:
        self.buckets = buckets
        self.items: dict[Key, Item] = {}
        self.queries: list[Range] = []
        self.pages = 0
        self.gets = 0
        self.rows_read = 0

    def now_ms(self) -> int:
        """Return a time after all logs of the tests."""
        return 2_000_000_000_000

    def store(self, item: Item) -> Item:
        """Store an item unless its key exists; return it."""
        return self.items.setdefault(item.key, item)

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs in order, as DynamoDB's Query does."""
        self.queries.append(within)
        rows = sorted(
            (sort_key, item.key)
            for item in self.items.values()
            if item.tenant_id == tenant_id
            and (sort_key := item.log_id if within.place == "table" else item.arrived_at) is not None
            and within.low <= sort_key <= within.high
        )
        if newest_first:
            rows.reverse()
        if within.place == "by_arrival":
            found = [Found(sort_key, key, None) for sort_key, key in rows]
        else:
            found = [Found(within.arrival(sort_key), key, self.items[key]) for sort_key, key in rows]
        for start in range(0, max(len(found), 1), limit):
            self.pages += 1
            self.rows_read += len(found[start : start + limit])
            yield found[start : start + limit]

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return what is there."""
        self.gets += 1
        return {key: self.items[key] for key in keys if key in self.items}

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Return the keys of the late."""
        return [
            item.key
            for item in self.items.values()
            if item.tenant_id == tenant_id and item.late_at is not None and item.late_at >= rfc3339(since_ms)
        ]


def log(
    received_ms: int,
    position: int = 0,
    text: str = "hello",
    *,
    log_id: str | None = None,
    random: int = 0,
    buckets: int = 1,
    tenant_id: str = TENANT,
) -> Item:
    """Return a stored log; one with a `log_id` of its own has `arrived_at`."""
    generated = generator(received_ms, random << 6, buckets=buckets)(position)
    item = Item(
        tenant_id=tenant_id,
        log_id=generated,
        source="json_upload",
        original_text=text,
        modified_data=text,
        received_at="2026-11-28T02:46:25.483Z",
        processed_at="2026-11-28T02:46:26.000Z",
        redaction_version="1",
    )
    return item if log_id is None else replace(item, log_id=log_id, arrived_at=arrival(generated))
