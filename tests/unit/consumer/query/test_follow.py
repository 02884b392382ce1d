"""Following shows every log once, in the order of receipt at each poll, however late it is stored."""

import random
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from consumer.item import LATE_AFTER_S, Item, Key, marked
from consumer.query.ask import Ask
from consumer.query.follow import CALL_S, INDEX_LAG_S, LOOK_BACK_S, SKEW_S, WHOLE_S, Follower
from consumer.query.page import Found, TableBusyError
from consumer.query.ranges import Range
from consumer.timestamps import rfc3339
from tests.unit.consumer.query.memory_table import TENANT, MemoryTable, log

_NOW_MS = 1_795_833_985_000


class _Lagging(MemoryTable):
    """A table whose rows and indexes are seen only when their time has come."""

    def __init__(self) -> None:
        super().__init__()
        self.coming: list[tuple[int, Item]] = []

    def advance(self, now_ms: int) -> None:
        """Make visible what is due."""
        for at_ms, item in self.coming:
            if at_ms <= now_ms:
                self.store(item)
        self.coming = [(at_ms, item) for at_ms, item in self.coming if at_ms > now_ms]


def _stored(received_ms: int, decided_ms: int, number: int, *, own: bool) -> Item:
    """Return the row as the consumer writes it: marked as late if it is late when its call is made."""
    item = log(received_ms, 0, str(number), log_id=f"own-{number}" if own else None, random=number << 8)
    item = replace(item, received_at=rfc3339(received_ms), processed_at=rfc3339(decided_ms))
    return marked(item, decided_ms)


@pytest.mark.parametrize("seed", range(25))
def test_no_log_is_missed_however_late_it_is_stored(seed: int) -> None:
    """Each log is shown once despite delays of hours, slow calls, differing clocks and a lagging index."""
    draw = random.Random(seed)
    table = _Lagging()
    for number in range(200):
        received_ms = _NOW_MS + draw.randrange(0, 600_000)
        delay_s = draw.choice([0, 0, draw.uniform(0, 2 * LATE_AFTER_S), LATE_AFTER_S, draw.uniform(0, 20_000)])
        decided_ms = received_ms + int(delay_s * 1000)
        # The worst that the constants allow: the call, a clock that is behind, the index.
        visible_ms = decided_ms + draw.choice([0, CALL_S, CALL_S + SKEW_S + INDEX_LAG_S]) * 1000
        table.coming.append((visible_ms, _stored(received_ms, decided_ms, number, own=draw.random() < 0.5)))
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    seen: list[str] = []
    now_ms = _NOW_MS
    last_ms = max(at_ms for at_ms, _ in table.coming) + (WHOLE_S + 5) * 1000
    while now_ms < max(last_ms, _NOW_MS + 700_000):
        now_ms += draw.choice([200, 1_000, 5_000])
        if table.coming and now_ms > _NOW_MS + 700_000:
            now_ms = max(now_ms, min(at_ms for at_ms, _ in table.coming))
        table.advance(now_ms)
        found = follower.poll(now_ms)
        assert [item.log_id for item in found] == [
            item.log_id for item in sorted(found, key=lambda item: item.arrived_at or item.log_id)
        ]
        seen += [item.original_text for item in found]
    assert sorted(seen, key=int) == [str(number) for number in range(200)]


def test_what_was_there_before_is_not_shown() -> None:
    """Following shows logs from its start on, and no older ones."""
    table = MemoryTable()
    table.store(log(_NOW_MS - 5_000, 0, "before"))
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    assert follower.poll(_NOW_MS + 1_000) == []
    table.store(log(_NOW_MS + 500, 0, "after"))
    assert [item.original_text for item in follower.poll(_NOW_MS + 2_000)] == ["after"]
    assert follower.poll(_NOW_MS + 3_000) == []


def test_filters_hold_while_following() -> None:
    """A log that does not match is skipped, and the matching ones after it are shown."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT, contains=("b",)), start_ms=_NOW_MS)
    for number, text in enumerate(("a", "b", "c", "bb")):
        table.store(log(_NOW_MS + number, 0, text))
    assert [item.original_text for item in follower.poll(_NOW_MS + 1_000)] == ["b", "bb"]


def test_what_was_seen_is_forgotten_in_time() -> None:
    """Only logs that a later poll can read again stay in memory."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    for second in range(1_000):
        table.store(log(_NOW_MS + second * 1_000, 0, "x"))
        follower.poll(_NOW_MS + second * 1_000)
    assert len(follower._seen) <= LOOK_BACK_S + 3 * WHOLE_S + 2


class _Failing(MemoryTable):
    """A table that can fail the next reads of logs by receipt, or of late logs."""

    away = ""

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Raise, or yield the logs."""
        if self.away == "query":
            raise TableBusyError("away")
        yield from super().query(tenant_id, within, newest_first=newest_first, limit=limit)

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Raise, or return the keys."""
        if self.away == "late":
            raise TableBusyError("away")
        return super().late(tenant_id, since_ms=since_ms)


@pytest.mark.parametrize("away", ["query", "late"])
def test_a_poll_that_fails_loses_nothing(away: str) -> None:
    """However long the table is away, the next poll shows each log stored meanwhile once, late or not."""
    table = _Failing()
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    assert follower.poll(_NOW_MS + 1_000) == []
    table.away = away
    for second in range(2, 600):
        now_ms = _NOW_MS + second * 1_000
        table.store(_stored(now_ms, now_ms, second, own=second % 2 == 0))
        table.store(_stored(now_ms - 60_000, now_ms, 1_000 + second, own=second % 2 == 0))
        with pytest.raises(TableBusyError):
            follower.poll(now_ms)
    table.away = ""
    shown = [item.original_text for second in range(600, 660) for item in follower.poll(_NOW_MS + second * 1_000)]
    assert sorted(shown, key=int) == [*map(str, range(2, 600)), *map(str, range(1_002, 1_600))]


@pytest.mark.parametrize("step_ms", [-3_600_000, -20_000, 20_000, 3_600_000])
def test_a_clock_that_steps_blinds_nobody(step_ms: int) -> None:
    """Whatever the clock says between two polls, each log received around that time is shown once."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    shown: list[str] = []
    for second in range(120):
        now_ms = _NOW_MS + second * 1_000
        table.store(_stored(now_ms, now_ms + 500, second, own=False))
        told_ms = now_ms + 600 + (step_ms if 40 <= second < 45 else 0)
        shown += [item.original_text for item in follower.poll(told_ms)]
    shown += [item.original_text for item in follower.poll(_NOW_MS + 130_000)]
    assert sorted(shown, key=int) == [str(second) for second in range(120)]


def test_what_was_shown_elsewhere_is_not_shown_again() -> None:
    """Logs that a page showed meanwhile, late ones included, are not shown again."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    soon = table.store(_stored(_NOW_MS + 100, _NOW_MS + 200, 1, own=False))
    late = table.store(_stored(_NOW_MS - 90_000, _NOW_MS + 200, 2, own=True))
    follower.know([soon, late])
    assert follower.poll(_NOW_MS + 1_000) == []
    assert follower.poll(_NOW_MS + 12_000) == []


@pytest.mark.parametrize(("took_s", "times"), [(0.5, 9), (5.0, 14)])
def test_a_log_is_read_a_few_times_and_not_at_every_poll_of_the_look_back(took_s: float, times: int) -> None:
    """Most polls look back only about as far as storing takes, so that a log is read only a few times."""
    table = _Lagging()
    logs = 300
    for number in range(logs):
        at_ms = _NOW_MS + number * 1_000
        stored_ms = at_ms + int(took_s * 1_000)
        table.coming.append((stored_ms, _stored(at_ms, stored_ms, number, own=False)))
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS - LOOK_BACK_S * 1_000)
    waited_ms = []
    for second in range(logs + 40):
        now_ms = _NOW_MS + second * 1_000
        table.advance(now_ms)
        told_ms = now_ms - 1_000  # Rounded to the second, and of the answer before.
        waited_ms += [now_ms - _NOW_MS - int(item.original_text) * 1_000 for item in follower.poll(told_ms)]
    assert len(waited_ms) == logs
    assert max(waited_ms[20:]) <= took_s * 1_000 + 1_000
    assert table.rows_read <= times * logs
