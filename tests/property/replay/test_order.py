"""A stream with any splits and merges, read at any pace and resumed anywhere, gives the same order."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.merge import Merge, ShardEnded, StreamRecord
from consumer.replay.read import Page
from consumer.replay.shards import Shard
from tests.unit.consumer.replay.fakes import FakeReaders, record

Stream = tuple[dict[str, Shard], dict[str, list[Page]], dict[str, list[int]]]


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Draw a stream: its shards, their pages, and the numbers of its logs by shard, in the order of writing.

    Between bursts of writes an open shard is split or two are merged. Arrival times are drawn freely: a clock may stand
    still or go back.
    """
    parents: dict[str, tuple[str, ...]] = {"s-00": ()}
    open_shards = ["s-00"]
    logs: dict[str, list[int]] = {"s-00": []}
    number = 0
    for _ in range(draw(st.integers(0, 5))):
        for shard_id in open_shards:
            burst = draw(st.integers(0, 4))
            logs[shard_id] += range(number, number + burst)
            number += burst
        two = [f"s-{len(parents) + i:02}" for i in range(2)]
        if len(open_shards) > 1 and draw(st.booleans()):
            chosen = draw(st.permutations(open_shards))[:2]
            born = two[:1]
        else:
            chosen = [draw(st.sampled_from(open_shards))]
            born = two
        open_shards = [shard for shard in open_shards if shard not in chosen] + born
        parents |= dict.fromkeys(born, tuple(chosen))
        logs |= {shard_id: [] for shard_id in born}
    shards = {name: Shard(name, of, name not in open_shards) for name, of in sorted(parents.items())}
    pages = {name: draw(paged(name, numbers, closed=shards[name].closed)) for name, numbers in logs.items()}
    return shards, pages, logs


@st.composite
def paged(draw: st.DrawFn, name: str, numbers: list[int], *, closed: bool) -> list[Page]:
    """Draw how a shard's records are split into pages, and their arrival times."""
    records = [record(f"{name}/{n:04}", arrival_ms=draw(st.integers(0, 20))) for n in numbers]
    pages = []
    while records:
        size = draw(st.integers(1, len(records)))
        pages.append(Page(records[:size], 1, caught_up=False, ended=False))
        records = records[size:]
    ends_with_records = draw(st.booleans())
    if not closed and pages and ends_with_records:
        return [*pages[:-1], pages[-1]._replace(caught_up=True)]
    if not closed:
        return [*pages, Page([], 0, caught_up=True, ended=False)]
    if pages and ends_with_records:
        return [*pages[:-1], pages[-1]._replace(ended=True)]
    return [*pages, Page([], 0, caught_up=True, ended=False), Page([], 0, caught_up=False, ended=True)]


def events(stream: Stream, positions: dict[str, ShardPosition], **readers: Any) -> list[StreamRecord | ShardEnded]:
    """Return what the merge yields from the positions on."""
    shards, pages, _ = stream
    rest = {name: after(of_shard, positions.get(name, ShardPosition())) for name, of_shard in pages.items()}
    merge = Merge(FakeReaders(rest, **readers), lambda: shards, positions)
    return [event for event in merge if isinstance(event, StreamRecord | ShardEnded)]


def after(pages: list[Page], position: ShardPosition) -> list[Page]:
    """Return the pages with the records after the position."""
    kept = [[r for r in page.records if r["SequenceNumber"] > position.sequence_number] for page in pages]
    if not position.sequence_number.startswith("s-"):
        return list(pages)
    rest = [page._replace(records=records) for page, records in zip(pages, kept, strict=True)]
    return [page for page in rest if page.records or page.ended or page.caught_up]


@settings(deadline=None)
@given(streams())
def test_every_log_comes_once_after_all_of_its_shards_ancestors(stream: Stream) -> None:
    """Every log comes once, in its shard's order, and after all logs of the shard's parents."""
    shards, _, logs = stream
    done: set[str] = set()
    found: dict[str, list[int]] = {name: [] for name in shards}
    for event in events(stream, {}):
        if isinstance(event, ShardEnded):
            done.add(event.shard_id)
            continue
        assert done.issuperset(shards[event.shard_id].parents)
        found[event.shard_id].append(int(event.sequence_number.partition("/")[2]))
    assert found == logs
    assert done == {name for name, shard in shards.items() if shard.closed}


@settings(deadline=None)
@given(streams(), st.integers(0, 2**32))
def test_pace_and_interruptions_do_not_change_the_order(stream: Stream, seed: int) -> None:
    """Late pages and interruptions anywhere change neither the records nor their order."""
    whole = [e for e in events(stream, {}) if isinstance(e, StreamRecord)]
    positions: dict[str, ShardPosition] = {}
    found: list[StreamRecord] = []
    chance = random.Random(seed)
    while True:
        run = events(stream, positions, late=lambda _: chance.random() < 0.5)
        cut = chance.randint(0, len(run))
        for event in run[:cut]:
            if isinstance(event, ShardEnded):
                positions[event.shard_id] = ShardPosition(sequence_number=SHARD_END)
            else:
                found.append(event)
                positions[event.shard_id] = ShardPosition(sequence_number=event.sequence_number)
        if cut == len(run):
            break
    assert [e.sequence_number for e in found] == [e.sequence_number for e in whole]
