"""Logs as they come: what stood there first, then what is stored, over late logs, rare words and outages."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from consumer.item import Item, marked
from consumer.query.ask import Ask
from consumer.query.page import MAX_READ, Found, TableBusyError
from consumer.query.ranges import Range
from consumer.timestamps import rfc3339
from infra.followed_logs import Dated, over
from tests.unit.consumer.query.memory_table import TENANT, MemoryTable, log

_NOW_MS = 1_795_833_985_000
_ASK = Ask(tenant_id=TENANT)


class _Table(MemoryTable):
    """A table that does something before each read of receipts, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], object] = lambda: None
        self.is_away = False

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the logs that are there by then."""
        if self.is_away:
            raise TableBusyError("DynamoDB cannot be reached.")
        if within.place == "table":
            self.before()
        yield from super().query(tenant_id, within, newest_first=newest_first, limit=limit)


class _Follow:
    """One following: `look()` gives the texts of the next look, a second later; `told` is what a person was told."""

    def __init__(self, table: MemoryTable, ask: Ask = _ASK, *, before: int | None = 100, tells: bool = True) -> None:
        self.now_ms = _NOW_MS
        self.told: list[str] = []
        self._looks = over(
            table,
            ask,
            before=before,
            now_ms=lambda: self.now_ms,
            wait=self._wait,
            tell=self.told.append if tells else None,
        )

    def _wait(self, _seconds: float) -> bool:
        self.now_ms += 1_000
        return False

    def look(self) -> list[str]:
        """Return what comes next."""
        return [item.original_text for item in next(self._looks)]


def _stored(received_ms: int, stored_ms: int, text: str) -> Item:
    item = replace(log(received_ms, 0, text), received_at=rfc3339(received_ms), processed_at=rfc3339(stored_ms))
    return marked(item, stored_ms)


def test_what_stood_there_comes_first_and_then_what_is_stored() -> None:
    """The newest, the oldest of them first; each log once."""
    table = MemoryTable()
    for number in range(5):
        table.store(_stored(_NOW_MS - 5_000 + number, _NOW_MS - 4_000, str(number)))
    follow = _Follow(table, before=3)
    assert follow.look() == ["2", "3", "4"]
    assert follow.look() == []
    table.store(_stored(_NOW_MS + 500, _NOW_MS + 900, "new"))
    assert [follow.look(), follow.look()] == [["new"], []]


def test_a_late_log_of_the_first_second_is_shown() -> None:
    """It is older than the newest hundred logs, but was stored while these were read: it is shown as a new log."""
    table = _Table()
    for number in range(300):
        table.store(_stored(_NOW_MS - 5_000 + number, _NOW_MS - 4_000, str(number)))
    reads = iter(range(100))

    def store_late() -> None:
        if next(reads) == 1:  # Behind the follower's first look, before the page.
            table.store(_stored(_NOW_MS - 90_000, _NOW_MS, "late"))

    table.before = store_late
    follow = _Follow(table)
    assert follow.look() == [str(number) for number in range(200, 300)]
    assert follow.look() == ["late"]


def test_a_log_that_is_stored_before_the_page_is_shown_once() -> None:
    """The page has it, and the look behind the page leaves it out."""
    table = _Table()
    reads = iter(range(100))

    def store() -> None:
        if next(reads) == 1:
            table.store(_stored(_NOW_MS - 100, _NOW_MS, "between"))

    table.before = store
    follow = _Follow(table)
    assert [follow.look() for _ in range(30)] == [["between"], *[[]] * 29]


def test_a_rare_word_is_not_looked_for_in_all_of_history() -> None:
    """New logs are shown after one page's reads; a message says how far back it looked, and how to look further."""
    table = MemoryTable()
    for number in range(MAX_READ + 500):
        table.store(_stored(_NOW_MS - 50_000_000 + number, _NOW_MS - 40_000_000, "needle" if number == 0 else "hay"))
    follow = _Follow(table, replace(_ASK, contains=("needle",)))
    assert follow.look() == []
    assert table.rows_read <= MAX_READ + 200
    (told,) = follow.told
    assert rfc3339(_NOW_MS - 50_000_000 + 500)[:19] in told
    assert "--since" in told
    table.store(_stored(_NOW_MS, _NOW_MS + 100, "a needle"))
    assert follow.look() == ["a needle"]


@pytest.mark.parametrize("before", [100, None])
def test_a_time_that_was_asked_for_is_looked_through(before: int | None) -> None:
    """With a `since`, or all of them: however many that are."""
    table = MemoryTable()
    for number in range(MAX_READ + 500):
        table.store(_stored(_NOW_MS - 50_000_000 + number, _NOW_MS - 40_000_000, "needle" if number == 0 else "hay"))
    since_ms = None if before is None else 0
    follow = _Follow(table, replace(_ASK, contains=("needle",), since_ms=since_ms), before=before)
    assert follow.look() == ["needle"]
    assert follow.told == []


def test_an_outage_ends_nothing() -> None:
    """It is told once, and once that it is over; what was stored meanwhile is shown."""
    table = _Table()
    follow = _Follow(table)
    assert follow.look() == []
    table.is_away = True
    assert [follow.look() for _ in range(60)] == [[]] * 60
    table.store(_stored(_NOW_MS + 10_000, _NOW_MS + 11_000, "meanwhile"))
    table.is_away = False
    assert follow.look() == ["meanwhile"]
    assert follow.look() == []
    assert follow.told == [
        "DynamoDB cannot be reached. The search goes on as soon as DynamoDB answers.",
        "DynamoDB answers again.",
    ]


def test_where_nobody_is_told_an_outage_is_raised() -> None:
    """Also at the start, when nothing was followed yet."""
    table = _Table()
    follow = _Follow(table, tells=False)
    follow.look()
    table.is_away = True
    with pytest.raises(TableBusyError):
        follow.look()
    with pytest.raises(TableBusyError):
        _Follow(table).look()


class _Client:
    """A client whose answers have a date."""

    date: str | None = "Sat, 28 Nov 2026 02:46:25 GMT"

    def query(self, **_: Any) -> dict[str, Any]:
        """Answer."""
        return {"Items": [], "ResponseMetadata": {"HTTPHeaders": {} if self.date is None else {"date": self.date}}}

    batch_get_item = query


@pytest.mark.parametrize("call", ["query", "batch_get_item"])
def test_the_time_is_that_of_the_last_answer(call: str) -> None:
    """Measured anew with each, without this machine's clock."""
    client = _Client()
    dated = Dated(client)
    with pytest.raises(TableBusyError):
        dated.now_ms()
    getattr(dated, call)(TableName="logs")
    assert dated.now_ms() == _NOW_MS
    client.date = "Sat, 28 Nov 2026 01:00:00 GMT"
    getattr(dated, call)(TableName="logs")
    assert dated.now_ms() == _NOW_MS - 6_385_000
    client.date = None
    getattr(dated, call)(TableName="logs")
    assert dated.now_ms() == _NOW_MS - 6_385_000
