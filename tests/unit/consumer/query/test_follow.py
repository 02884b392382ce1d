"""Following: every log once, in the order of receipt at each poll, however late it is stored."""

import random

import pytest
from msgspec.structs import replace

from consumer.item import LATE_AFTER_S, Item, marked
from consumer.query.ask import Ask
from consumer.query.follow import CALL_S, INDEX_LAG_S, LOOK_BACK_S, SKEW_S, Follower
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
    """Return the row as the consumer writes it: marked where it is late when its call is made."""
    item = log(received_ms, 0, str(number), log_id=f"own-{number}" if own else None, random=number << 8)
    return marked(replace(item, received_at=rfc3339(received_ms)), decided_ms)


@pytest.mark.parametrize("seed", range(25))
def test_no_log_is_missed_however_late_it_is_stored(seed: int) -> None:
    """Delays from none to hours, calls that take all of their time, clocks apart, an index that lags: each log once."""
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
    while table.coming or now_ms < _NOW_MS + 700_000:
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
    """Following begins at its start; what stood there is for a page to show."""
    table = MemoryTable()
    table.store(log(_NOW_MS - 5_000, 0, "before"))
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    assert follower.poll(_NOW_MS + 1_000) == []
    table.store(log(_NOW_MS + 500, 0, "after"))
    assert [item.original_text for item in follower.poll(_NOW_MS + 2_000)] == ["after"]
    assert follower.poll(_NOW_MS + 3_000) == []


def test_filters_hold_while_following() -> None:
    """A log that is not wanted is passed over, and those after it are shown."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT, contains=("b",)), start_ms=_NOW_MS)
    for number, text in enumerate(("a", "b", "c", "bb")):
        table.store(log(_NOW_MS + number, 0, text))
    assert [item.original_text for item in follower.poll(_NOW_MS + 1_000)] == ["b", "bb"]


def test_what_was_seen_is_forgotten_in_time() -> None:
    """Memory stays at what the looks can still meet."""
    table = MemoryTable()
    follower = Follower(table, Ask(tenant_id=TENANT), start_ms=_NOW_MS)
    for second in range(1_000):
        table.store(log(_NOW_MS + second * 1_000, 0, "x"))
        follower.poll(_NOW_MS + second * 1_000)
    assert len(follower._seen) <= 2 * LOOK_BACK_S + 2
