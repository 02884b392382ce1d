"""A tenant's stored logs in memory, and the console's view over them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from starlette.testclient import TestClient

from consumer.item import Item, Key
from consumer.query.page import Found
from consumer.query.ranges import Range
from consumer.timestamps import rfc3339
from infra.console import logs
from infra.console.following import Following
from infra.console.pages import Pages, Shown
from infra.console.places import Lake, Places
from infra.console.server import of_routes
from infra.erasure.of_log import ErasureOfLog
from ingest.contract.log_ids import generator
from ingest.contract.message import Severity

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


def log(
    ago_s: float, text: str, *, severity: Severity | None = None, original: str | None = None, tenant: str = "acme"
) -> Item:
    """Return a log that was received so long before `NOW`."""
    at_ms = NOW_MS - int(ago_s * 1000)
    return Item(
        tenant_id=tenant,
        log_id=generator(at_ms, hash(text) & (1 << 60) - 1)(0),
        source="json_upload",
        original_text=text if original is None else original,
        modified_data=text,
        received_at=rfc3339(at_ms),
        processed_at=rfc3339(at_ms + 900),
        redaction_version="1",
        severity=severity,
        fields={"user": {"name": "bob"}, "at": 7},
    )


class Stored:
    """Answers the reads of `consumer.query`, in the order of the ids; `failure` is raised instead."""

    buckets = 1

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = sorted(items, key=lambda item: item.log_id)
        self.failure: Exception | None = None

    def now_ms(self) -> int:
        """Return the time of the tests' logs."""
        return NOW_MS

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs, `limit` at a time."""
        if self.failure is not None:
            raise self.failure
        found = [
            Found(item.log_id, item.key, item)
            for item in (self.items[::-1] if newest_first else self.items)
            if within.place == "table" and item.tenant_id == tenant_id and within.low <= item.log_id <= within.high
        ]
        for start in range(0, max(len(found), 1), limit):
            yield found[start : start + limit]

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return what is there."""
        return {item.key: item for item in self.items if item.key in keys}

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Return those that were stored late, at or after `since_ms`."""
        since = rfc3339(since_ms)
        return [one.key for one in self.items if one.tenant_id == tenant_id and (one.late_at or "") >= since]

    def store(self, *items: Item) -> None:
        """Add some."""
        self.items = sorted([*self.items, *items], key=lambda item: item.log_id)


def browser(
    stored: Stored,
    *,
    raw: bool = False,
    now_ms: Callable[[], int] = lambda: NOW_MS,
    lake: Lake | None = None,
    kept_days: int = 0,
    erasure: ErasureOfLog | None = None,
) -> TestClient:
    """Return a client of the view of these logs, without the console's door. `now_ms` is AWS's clock."""
    pages = Pages(Shown("this machine", raw, allow_changes=False))
    following = Following(stored, lambda _tenant: now_ms)
    places = Places(stored, lake, lambda: kept_days, lambda: NOW_MS)
    view = logs.Logs(
        pages=pages,
        places=places,
        following=following,
        now=lambda: NOW,
        zone=UTC,
        raw=raw,
        erasure_of=lambda _: erasure,
    )
    return TestClient(of_routes(pages, logs.routes(view)))
