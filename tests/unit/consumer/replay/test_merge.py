"""Merging of several shards: the order does not depend on late pages, and parents come before children."""

import random
from collections.abc import Mapping, Sequence
from itertools import islice

import pytest

from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.merge import Idle, Merge, ShardEnded, StreamRecord
from consumer.replay.read import Page
from consumer.replay.shards import Shard
from tests.unit.consumer.replay.fakes import FakeReaders, record

TIP = Page([], 0, caught_up=True, ended=False)
END = Page([], 0, caught_up=False, ended=True)


def page(shard: str, *arrivals_ms: int, ended: bool = False) -> Page:
    """Return a page of records that arrived at these times; their sequence numbers name shard and time."""
    return Page([record(f"{shard}@{ms}", arrival_ms=ms) for ms in arrivals_ms], 0, caught_up=False, ended=ended)


def shards(**parents: Sequence[str]) -> dict[str, Shard]:
    """Return shards with these parents; a shard that is a parent is closed."""
    closed = {parent for of_shard in parents.values() for parent in of_shard}
    return {name: Shard(name, tuple(of_shard), name in closed) for name, of_shard in sorted(parents.items())}


def merged(
    listed: Mapping[str, Shard],
    readers: FakeReaders,
    positions: Mapping[str, ShardPosition] | None = None,
) -> list[str]:
    """Return the merged sequence numbers, and `|shard` where a shard ends."""
    names = []
    for event in Merge(readers, lambda: listed, positions or {}):
        if isinstance(event, StreamRecord):
            names.append(event.sequence_number)
        elif isinstance(event, ShardEnded):
            names.append(f"|{event.shard_id}")
    return names


def test_the_record_that_arrived_first_is_first() -> None:
    """Records of two shards come in the order of arrival, and by shard id at the same time."""
    readers = FakeReaders({"a": [page("a", 1, 5), page("a", 6), TIP], "b": [page("b", 2, 3), page("b", 5), TIP]})
    assert merged(shards(a=(), b=()), readers) == ["a@1", "b@2", "b@3", "a@5", "b@5", "a@6"]
    assert sorted(readers.stopped) == ["a", "b"]


def test_a_shards_own_order_beats_its_arrival_times() -> None:
    """A shard's records keep their order even if their arrival times go back."""
    readers = FakeReaders({"a": [page("a", 9, 1, 2), TIP], "b": [page("b", 3, 8, 10), TIP]})
    assert merged(shards(a=(), b=()), readers) == ["b@3", "b@8", "a@9", "a@1", "a@2", "b@10"]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_does_not_depend_on_which_page_is_late(seed: int) -> None:
    """However the pages come in, the merged order is the same."""
    listed = shards(a=(), b=("a",), c=("a",), d=("b", "c"), e=())
    pages = {
        "a": [page("a", 1, 4), page("a", 7), END],
        "b": [page("b", 8, 9, ended=True)],
        "c": [page("c", 3), TIP, page("c", 20), END],
        "d": [page("d", 5, 30), TIP],
        "e": [page("e", 2, 6), page("e", 10, 25), TIP],
    }
    late = random.Random(seed)
    expected = [name for name in merged(listed, FakeReaders(pages)) if not name.startswith("|")]
    lagging = FakeReaders(pages, late=lambda _: late.random() < 0.7)
    assert [name for name in merged(listed, lagging) if not name.startswith("|")] == expected


def test_children_come_after_their_parents_end() -> None:
    """All records of a shard's parents, one after a split or two after a merge, come first."""
    listed = shards(a=(), b=("a",), c=("a",), d=("b", "c"))
    readers = FakeReaders(
        {
            "a": [page("a", 50), END],
            "b": [page("b", 1, 2), END],
            "c": [page("c", 60), page("c", 70, ended=True)],
            "d": [page("d", 3), TIP],
        }
    )
    assert merged(listed, readers) == ["a@50", "|a", "b@1", "b@2", "|b", "c@60", "c@70", "|c", "d@3"]


def test_a_closed_shard_that_is_caught_up_is_read_to_its_end() -> None:
    """The end of a closed shard may come pages after its last record."""
    readers = FakeReaders({"a": [page("a", 1), TIP, TIP, END], "b": [page("b", 2), TIP]})
    assert merged(shards(a=(), b=("a",)), readers) == ["a@1", "|a", "b@2"]


def test_a_shard_that_ends_unexpectedly_is_looked_up_again() -> None:
    """If a shard was split after the listing, a second listing finds its children."""
    listings = iter([shards(a=()), shards(a=(), b=("a",), c=("a",))])
    readers = FakeReaders({"a": [page("a", 1), END], "b": [page("b", 2), TIP], "c": [page("c", 3), TIP]})
    found = [e.sequence_number for e in Merge(readers, lambda: next(listings), {}) if isinstance(e, StreamRecord)]
    assert found == ["a@1", "b@2", "c@3"]


def test_it_goes_on_from_positions_in_the_same_order() -> None:
    """Resumed at any point, the merge gives the rest in the same order."""
    listed = shards(a=(), b=("a",), c=())
    pages = {"a": [page("a", 9, 1, 8), END], "b": [page("b", 10, 2), TIP], "c": [page("c", 3, 9, 10, 12), TIP]}
    whole = list(Merge(FakeReaders(pages), lambda: listed, {}))
    positions: dict[str, ShardPosition] = {}
    for done, event in enumerate(whole, start=1):
        if isinstance(event, StreamRecord):
            positions[event.shard_id] = ShardPosition(sequence_number=event.sequence_number)
        elif isinstance(event, ShardEnded):
            positions[event.shard_id] = ShardPosition(sequence_number=SHARD_END)
        rest = FakeReaders({shard: after(of_shard, positions.get(shard)) for shard, of_shard in pages.items()})
        left = [e for e in Merge(rest, lambda: listed, dict(positions)) if isinstance(e, StreamRecord)]
        assert left == [e for e in whole[done:] if isinstance(e, StreamRecord)]


def after(pages: Sequence[Page], position: ShardPosition | None) -> list[Page]:
    """Return the pages after a position."""
    if position is None:
        return list(pages)
    names = [r["SequenceNumber"] for r in pages[0].records]
    start = names.index(position.sequence_number) + 1 if position.sequence_number in names else 0
    rest = pages[0]._replace(records=pages[0].records[start:])
    return [rest, *pages[1:]] if rest.records else list(pages[1:])


def test_following_does_not_wait_for_a_quiet_shard() -> None:
    """A shard without new records delays no other, its later records are read, and following never ends."""
    readers = FakeReaders(
        {"a": [TIP, page("a", 9), TIP], "b": [page("b", 1), page("b", 2), TIP, TIP, page("b", 10), TIP]}
    )
    events = Merge(readers, lambda: shards(a=(), b=()), {}, follow=True)
    found = [e.sequence_number if isinstance(e, StreamRecord) else "-" for e in islice(events, 12)]
    assert [name for name in found if name.startswith("b")] == ["b@1", "b@2", "b@10"]
    assert [name for name in found if name.startswith("a")] == ["a@9"]
    assert found[-1] == "-"


def test_it_ends_where_the_caller_stops_it() -> None:
    """The merge asks `stopped` before every record and ends there."""
    seen: list[StreamRecord | ShardEnded | Idle] = []
    readers = FakeReaders({"a": [page("a", 1, 2, 3)]})
    for event in Merge(readers, lambda: shards(a=()), {}, stopped=lambda: len(seen) == 2):
        seen.append(event)  # noqa: PERF402 - `stopped` looks at it meanwhile
    assert [getattr(event, "sequence_number", "") for event in seen] == ["a@1", "a@2"]


def test_it_ends_while_a_page_is_waited_for() -> None:
    """The merge asks `stopped` after each short wait for a page."""
    answers = iter([False] * 10 + [True])
    events = Merge(FakeReaders({"a": []}), lambda: shards(a=()), {}, stopped=lambda: next(answers))
    assert list(events) == []
    assert list(answers) == []


def test_records_that_reach_the_tip_are_the_last() -> None:
    """A busy stream has no empty page, so a replay without following ends with the page that is 0 ms behind."""
    busy = [page("a", ms)._replace(caught_up=True) for ms in range(1, 9)]
    assert merged(shards(a=()), FakeReaders({"a": [page("a", 0), *busy]})) == ["a@0", "a@1"]


def test_following_goes_on_after_records_that_reach_the_tip() -> None:
    """Following continues after a page that reaches the tip, without an empty page."""
    busy = [page("a", ms)._replace(caught_up=True) for ms in range(4)]
    events = Merge(FakeReaders({"a": busy}), lambda: shards(a=()), {}, follow=True)
    found = [event.sequence_number for event in islice(events, 10) if isinstance(event, StreamRecord)]
    assert found == ["a@0", "a@1", "a@2", "a@3"]


def test_a_closed_shards_last_records_may_reach_the_tip_before_its_end() -> None:
    """After a closed shard's last records the merge waits for the shard's end, before its children."""
    readers = FakeReaders({"a": [page("a", 1)._replace(caught_up=True), TIP, END], "b": [page("b", 2), TIP]})
    assert merged(shards(a=(), b=("a",)), readers) == ["a@1", "|a", "b@2"]


def test_an_empty_stream_is_idle_at_once() -> None:
    """An empty stream gives one Idle and the end."""
    assert list(Merge(FakeReaders({"a": [TIP]}), lambda: shards(a=()), {})) == [Idle()]
