"""Pages of logs: in order, complete, without repeats, and within their limits."""

import random
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from consumer.item import Item
from consumer.query.ask import Ask
from consumer.query.page import Found, read_page
from consumer.query.ranges import Range
from ingest.contract.log_ids import received_ms
from tests.unit.consumer.query.memory_table import TENANT, MemoryTable, log

_NOW_MS = 1_795_833_985_000


def _read_all(table: MemoryTable, ask: Ask, limit: int) -> list[str]:
    texts: list[str] = []
    after: str | None = None
    while True:
        page = read_page(table, ask, limit=limit, after=after)
        assert len(page.items) <= limit
        assert page.after is None or page.after != after, "a page that leads to itself"
        texts += [item.original_text for item in page.items]
        after = page.after
        if after is None:
            return texts


def _mixed(count: int, seed: int, *, buckets: int = 1) -> tuple[MemoryTable, list[Item]]:
    """Return a table with generated and own ids, several in a millisecond, and its logs in the order of arrival."""
    draw = random.Random(seed)
    table = MemoryTable(buckets)
    items: list[Item] = []
    at_ms, number = _NOW_MS, 0
    while number < count:
        at_ms += draw.choice([0, 0, 1, 500])
        request = len(items) + 1  # Requests of one millisecond, told apart and ordered by their random bits.
        for position in range(draw.randint(1, 4)):
            own = f"own-{draw.getrandbits(32):08x}-{number}" if draw.random() < 0.4 else None
            items.append(
                log(
                    at_ms,
                    position,
                    f"{number}",
                    log_id=own,
                    random=request << 46 | draw.getrandbits(8),
                    buckets=buckets,
                )
            )
            number += 1
    for item in draw.sample(items, len(items)):
        table.store(item)
    return table, items


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, 1_000])
@pytest.mark.parametrize("buckets", [1, 5])
@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_hold_every_log_once_in_order(limit: int, buckets: int, *, newest_first: bool) -> None:
    """Pages of any size hold every log once in order, with own and generated ids and equal milliseconds."""
    table, items = _mixed(120, seed=limit, buckets=buckets)
    texts = [item.original_text for item in items]
    expected = texts[::-1] if newest_first else texts
    assert _read_all(table, Ask(tenant_id=TENANT, newest_first=newest_first), limit) == expected


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_range_of_time_is_read_and_nothing_outside_it(*, newest_first: bool) -> None:
    """A page has logs from `since` on and before `until`, and no row of another time is read."""
    table = MemoryTable()
    for second in range(100):
        table.store(log(_NOW_MS + second * 1000, 0, str(second), log_id=f"own-{second}" if second % 3 else None))
    ask = Ask(tenant_id=TENANT, since_ms=_NOW_MS + 20_000, until_ms=_NOW_MS + 30_000, newest_first=newest_first)
    texts = _read_all(table, ask, 4)
    assert sorted(texts) == [str(second) for second in range(20, 30)]
    assert all(20 <= int(item.original_text) < 30 for item in table.items.values() if item.original_text in texts)
    outside = table.rows_read - 10
    assert outside <= len(texts)  # A page begins at the last log of the page before it: at most one more each.


def test_the_newest_hundred_are_two_queries() -> None:
    """The newest hundred logs take one query of the table and one of the index, however many logs there are."""
    table = MemoryTable()
    for number in range(2_000):
        table.store(log(_NOW_MS + number))
    page = read_page(table, Ask(tenant_id=TENANT), limit=100)
    assert len(page.items) == 100
    assert (table.pages, table.gets, table.rows_read) == (2, 0, 100)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_further_page_is_one_query_of_the_table(*, newest_first: bool) -> None:
    """A further page reads only the logs that it returns and the one after which it continues."""
    table = MemoryTable()
    for number in range(500):
        table.store(log(_NOW_MS + number))
    ask = Ask(tenant_id=TENANT, newest_first=newest_first)
    first = read_page(table, ask, limit=100)
    table.rows_read = 0
    assert len(read_page(table, ask, limit=100, after=first.after).items) == 100
    assert table.rows_read <= 101


def test_a_filter_that_matches_nothing_ends() -> None:
    """After a bounded number of reads without a match, the page is empty and its cursor continues there."""
    table = MemoryTable()
    for number in range(1_000):
        table.store(log(_NOW_MS + number, 0, "needle" if number == 0 else "hay"))
    ask = Ask(tenant_id=TENANT, contains=("NEEDLE",))
    page = read_page(table, ask, limit=10, max_read=300)
    assert page.items == []
    assert page.after is not None
    assert table.rows_read <= 300 + 20
    pages = 1
    while not page.items and page.after is not None:
        page = read_page(table, ask, limit=10, max_read=300, after=page.after)
        pages += 1
    assert [item.original_text for item in page.items] == ["needle"]
    assert pages <= 5


def test_another_tenant_s_logs_are_not_there() -> None:
    """A page never has another tenant's logs, even if one name begins with the other."""
    table = MemoryTable()
    for tenant_id in (TENANT, f"{TENANT}2", TENANT[:-1]):
        table.store(log(_NOW_MS, 0, tenant_id, tenant_id=tenant_id))
        table.store(log(_NOW_MS, 1, tenant_id, tenant_id=tenant_id, log_id="own"))
    assert _read_all(table, Ask(tenant_id=TENANT), 1) == [TENANT, TENANT]


def test_an_own_id_that_looks_generated_stands_at_its_arrival() -> None:
    """A log whose own id is a UUIDv7 of last year is listed once, at its arrival."""
    table = MemoryTable()
    early, late = log(_NOW_MS, 0, "early"), log(_NOW_MS + 2_000, 0, "late")
    foreign = log(_NOW_MS + 1_000, 0, "between", log_id=log(_NOW_MS - 10**10).log_id)
    for item in (late, foreign, early):
        table.store(item)
    assert _read_all(table, Ask(tenant_id=TENANT, newest_first=False), 1) == ["early", "between", "late"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_one_log_is_found_without_reading_past_a_thousand_ids_of_senders(*, newest_first: bool) -> None:
    """Digests in hex sort behind all generated ids, or before: a page of one log reads a few rows, in either order."""
    table = MemoryTable()
    draw = random.Random(1)
    for number in range(2_000):
        table.store(
            log(_NOW_MS + number, 0, str(number), log_id=f"{draw.getrandbits(128):032x}" if number % 2 else None)
        )
    page = read_page(table, Ask(tenant_id=TENANT, newest_first=newest_first, since_ms=_NOW_MS), limit=1)
    assert [item.original_text for item in page.items] == ["1999" if newest_first else "0"]
    assert table.rows_read <= 10


@pytest.mark.parametrize("newest_first", [True, False])
def test_numbers_with_zeros_before_them_hold_up_no_search(*, newest_first: bool) -> None:
    """They sort before every generated id: a page does not read past them, nor does a search that finds nothing."""
    table = MemoryTable()
    for number in range(2_000):
        table.store(log(_NOW_MS + number, 0, str(number), log_id=f"{number:010}"))
    page = read_page(table, Ask(tenant_id=TENANT, newest_first=newest_first), limit=1)
    assert [item.original_text for item in page.items] == ["1999" if newest_first else "0"]
    assert table.rows_read <= 10
    table.rows_read = 0
    assert _read_all(table, Ask(tenant_id=TENANT, newest_first=newest_first, contains=("none",)), 10) == []
    assert table.rows_read <= 2_010


@pytest.mark.parametrize("newest_first", [True, False])
def test_an_own_id_that_begins_like_a_bucket_hides_no_log(*, newest_first: bool) -> None:
    """Cut at its dot, 010.5 would sort behind all others: the merge would wait there, and lose what comes after it."""
    table = MemoryTable()
    table.store(log(_NOW_MS, 0, "0", log_id="010.5"))
    for number in range(1, 11):
        table.store(log(_NOW_MS + number, 0, str(number), log_id=f"own-{number}" if number % 2 else None))
    texts = [str(number) for number in range(11)]
    ask = Ask(tenant_id=TENANT, newest_first=newest_first, since_ms=0)
    assert _read_all(table, ask, 3) == (texts[::-1] if newest_first else texts)


@pytest.mark.parametrize("words", [(), ("none",)])
def test_a_page_over_many_ranges_is_as_full_as_one_over_a_single_range(words: tuple[str, ...]) -> None:
    """What waits in the merge does not count as read: else each page of 61 buckets would end after a hundred logs."""
    table = MemoryTable(buckets=61)
    draw = random.Random(1)
    for number in range(1_000):
        table.store(log(_NOW_MS + number, random=draw.getrandbits(50), buckets=61))
    page = read_page(table, Ask(tenant_id=TENANT, contains=words), limit=1_000, max_read=500)
    assert len(page.items) == (0 if words else 500)
    assert received_ms(page.after or "") == _NOW_MS + 500


@pytest.mark.parametrize(("limit", "words", "most"), [(1_000, (), 3_000), (100, (), 750), (1_000, ("none",), 6_500)])
def test_many_ranges_are_not_each_read_for_a_whole_page(limit: int, words: tuple[str, ...], most: int) -> None:
    """Each of 61 buckets is asked for its share: a page from each would be 61 times the page."""
    table = MemoryTable(buckets=61)
    draw = random.Random(1)
    for number in range(7_000):
        table.store(log(_NOW_MS + number, random=draw.getrandbits(50), buckets=61))
    read_page(table, Ask(tenant_id=TENANT, contains=words), limit=limit, max_read=100)
    assert table.rows_read <= most


class _OneByOne(MemoryTable):
    """Gives one log per read, as DynamoDB does if logs are so large that few fit into a megabyte."""

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs in order."""
        del limit
        return super().query(tenant_id, within, newest_first=newest_first, limit=1)


def test_a_page_of_large_logs_reads_little_more_than_fits() -> None:
    """A page that three logs fill does not read a hundred; the next page goes on behind them."""
    table = _OneByOne()
    for number in range(100):
        table.store(log(_NOW_MS + number, text=f"{number} {'x' * 170_000}"))
    taken = 0

    def is_full(_: Item) -> bool:
        nonlocal taken
        taken += 1
        return taken % 3 == 0

    page = read_page(table, Ask(tenant_id=TENANT), limit=100, is_full=is_full)
    rest = read_page(table, Ask(tenant_id=TENANT), limit=100, is_full=is_full, after=page.after)
    texts = [item.original_text.split()[0] for item in page.items + rest.items]
    assert texts == ["99", "98", "97", "96", "95", "94"]
    assert table.rows_read <= 10


def test_a_time_at_which_only_others_stand_is_passed_in_bounded_pages() -> None:
    """Logs that came today with ids of last year are no logs of last year, and do not hold up who reads that year."""
    table = MemoryTable()
    old_ms = _NOW_MS - 10**10
    for number in range(1_000):
        table.store(log(_NOW_MS + number, log_id=log(old_ms + number).log_id))
    ask = Ask(tenant_id=TENANT, until_ms=_NOW_MS - 1)
    page = read_page(table, ask, limit=1, max_read=100)
    assert (page.items, page.after is None) == ([], False)
    assert table.rows_read <= 200
    assert _read_all(table, ask, 100) == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_page_never_ends_at_an_id_that_is_no_arrival(*, newest_first: bool) -> None:
    """Digests that sort before all generated ids: a page ends at a time, as a cursor must, and no log is lost."""
    table = MemoryTable()
    for number in range(500):
        table.store(log(_NOW_MS + number, 0, f"own {number}", log_id=f"00{number:030x}"))
    for number in range(50):
        table.store(log(_NOW_MS - 1_000 + number, 0, f"generated {number}"))
    ask = Ask(tenant_id=TENANT, newest_first=newest_first, contains=("generated",))
    found = 0
    after: str | None = None
    while True:
        page = read_page(table, ask, limit=10, max_read=100, after=after)
        found += len(page.items)
        if page.after is None:
            break
        assert received_ms(page.after) is not None
        assert page.after != after, "a page that leads to itself"
        after = page.after
    assert found == 50


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_own_id_that_is_another_logs_arrival_hides_nothing(limit: int, *, newest_first: bool) -> None:
    """Also where a page ends between the two."""
    table = MemoryTable()
    first = table.store(log(_NOW_MS, 0, "first", log_id="own"))
    assert first.arrived_at is not None
    table.store(log(_NOW_MS + 1, 0, "second", log_id=first.arrived_at))
    table.store(log(_NOW_MS + 2, 0, "third"))
    texts = ["first", "second", "third"]
    ask = Ask(tenant_id=TENANT, newest_first=newest_first)
    assert _read_all(table, ask, limit) == (texts[::-1] if newest_first else texts)


def test_a_search_begins_with_the_first_ids_unless_it_names_an_earlier_time() -> None:
    """Ids that a clock of 2024 gave are found by who asks for that year."""
    table = MemoryTable()
    for at_ms in (1_735_689_599_999, 1_735_689_600_000):
        table.store(log(at_ms, 0, str(at_ms)))
    assert _read_all(table, Ask(tenant_id=TENANT), 10) == ["1735689600000"]
    assert _read_all(table, Ask(tenant_id=TENANT, since_ms=0), 10) == ["1735689600000", "1735689599999"]


def test_the_end_of_a_search_is_a_day_ahead_unless_it_names_a_later_one() -> None:
    """A function whose clock is a little ahead loses nothing."""
    table = MemoryTable()
    hour_ms = 3_600_000
    for hours in (1, 23, 25):
        table.store(log(table.now_ms() + hours * hour_ms, 0, str(hours)))
    assert _read_all(table, Ask(tenant_id=TENANT), 10) == ["23", "1"]
    assert _read_all(table, Ask(tenant_id=TENANT, until_ms=table.now_ms() + 26 * hour_ms), 10) == ["25", "23", "1"]


def test_logs_that_arrive_between_pages_do_not_disturb() -> None:
    """Logs that arrive after the first page of newest logs do not change the pages after it."""
    table = MemoryTable()
    for number in range(20):
        table.store(log(_NOW_MS + number, 0, str(number)))
    page = read_page(table, Ask(tenant_id=TENANT), limit=5)
    table.store(log(_NOW_MS + 100, 0, "new"))
    rest = read_page(table, Ask(tenant_id=TENANT), limit=100, after=page.after)
    assert [item.original_text for item in page.items + rest.items] == [str(number) for number in range(19, -1, -1)]


def test_a_row_that_goes_meanwhile_is_left_out() -> None:
    """A log that the index still names but that has expired is left out."""
    table = MemoryTable()
    table.store(log(_NOW_MS, 0, "here", log_id="own-1"))
    gone = table.store(log(_NOW_MS + 1, 0, "gone", log_id="own-2"))

    class Forgetful(MemoryTable):
        def get(self, keys):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as the class it stands for
            return {key: item for key, item in super().get(keys).items() if item != gone}

    forgetful = Forgetful()
    forgetful.items = table.items
    assert _read_all(forgetful, Ask(tenant_id=TENANT), 10) == ["here"]


def test_the_kinds_of_filter() -> None:
    """Filters for words in any case, least severity and fields by name can be combined, and all must match."""
    table = MemoryTable()
    plain = log(_NOW_MS, 0, "Payment FAILED for Straße")
    table.store(replace(plain, severity="error", fields={"user": {"name": "bob"}, "n": 7, "a.b": "c"}))
    table.store(log(_NOW_MS, 1, "payment done"))

    def found(**filters: object) -> int:
        return len(_read_all(table, Ask(tenant_id=TENANT, **filters), 10))  # type: ignore[arg-type] # drawn below

    assert found(contains=("payment",)) == 2
    assert found(contains=("payment", "failed")) == 1
    assert found(contains=("STRASSE",)) == 1
    assert found(lacks=("FAILED",)) == 1
    assert found(contains=("payment",), lacks=("done", "strasse")) == 0
    assert found(severity="warn") == 1
    assert found(severity="fatal") == 0
    assert found(fields=(("user.name", "bob"),)) == 1
    assert found(fields=(("n", "7"), ("a.b", "c"))) == 1
    assert found(fields=(("n", "8"),)) == 0
    assert found(fields=(("nope", ""),)) == 0
