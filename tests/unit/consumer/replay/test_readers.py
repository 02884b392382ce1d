"""Reader threads, one for each shard: order, bounded read-ahead, errors, and their end."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from consumer.replay.attempts import StreamUnreadableError
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.read import Page
from consumer.replay.readers import READ_AHEAD_PAGES, ShardReaders
from tests.unit.consumer.replay.fakes import record

Sleep = Callable[[float], None]


def page(name: str) -> Page:
    """Return a page of one record."""
    return Page([record(name)], 0, caught_up=False, ended=False)


def names(readers: ShardReaders, shard_id: str, count: int) -> list[str]:
    """Return the next pages' records."""
    found = [readers.take(shard_id, timeout_s=60) for _ in range(count)]
    return [one.records[0]["SequenceNumber"] for one in found if one is not None]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; fail after a minute."""
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def test_each_shards_pages_come_in_their_order() -> None:
    """Two shards are read at a time, each with its pages in order."""

    def open_pages(shard_id: str, position: ShardPosition, _sleep: Sleep) -> Iterator[Page]:
        assert position.sequence_number == f"at-{shard_id}"
        return (page(f"{shard_id}{number}") for number in range(50))

    readers = ShardReaders(open_pages)
    for shard_id in ("a", "b"):
        readers.start(shard_id, ShardPosition(sequence_number=f"at-{shard_id}"))
    assert names(readers, "b", 50) == [f"b{number}" for number in range(50)]
    assert names(readers, "a", 50) == [f"a{number}" for number in range(50)]
    assert readers.pages_read == 100
    readers.close()


def test_nobody_reads_far_ahead() -> None:
    """A reader holds at most two pages in its queue and a third one that it is about to add."""
    given: list[int] = []

    def open_pages(_shard: str, _position: ShardPosition, _sleep: Sleep) -> Iterator[Page]:
        for number in range(100):
            given.append(number)
            yield page(f"{number}")

    readers = ShardReaders(open_pages)
    readers.start("a", ShardPosition())
    eventually(lambda: len(given) == READ_AHEAD_PAGES + 1)
    readers.wait(seen_pages=READ_AHEAD_PAGES, timeout_s=0.05)
    assert len(given) == READ_AHEAD_PAGES + 1
    names(readers, "a", 1)
    eventually(lambda: len(given) == READ_AHEAD_PAGES + 2)
    readers.close()


def test_what_ends_a_reading_is_raised_where_its_pages_are_taken() -> None:
    """An error of a reader is raised after the pages that it read before."""

    def open_pages(_shard: str, _position: ShardPosition, _sleep: Sleep) -> Iterator[Page]:
        yield page("1")
        raise StreamUnreadableError("no")

    readers = ShardReaders(open_pages)
    readers.start("a", ShardPosition())
    assert names(readers, "a", 1) == ["1"]
    with pytest.raises(StreamUnreadableError, match="no"):
        readers.take("a", timeout_s=60)
    readers.close()


def test_closing_ends_a_reader_that_sleeps_and_one_that_is_full() -> None:
    """`close` ends a reader that sleeps and one whose queue is full."""

    def open_pages(shard_id: str, _position: ShardPosition, sleep: Sleep) -> Iterator[Page]:
        while True:
            if shard_id == "sleeping":
                sleep(1_000)
            yield page("x")

    readers = ShardReaders(open_pages)
    for shard_id in ("sleeping", "full"):
        readers.start(shard_id, ShardPosition())
    eventually(lambda: readers.pages_read == READ_AHEAD_PAGES)
    readers.close()
    ours = {"read-sleeping", "read-full"}
    eventually(lambda: not ours & {thread.name for thread in threading.enumerate()})


def test_a_page_that_does_not_come_is_none() -> None:
    """A page that is not there is None, at once or after the timeout."""

    def open_pages(_shard: str, _position: ShardPosition, sleep: Sleep) -> Iterator[Page]:
        sleep(1_000)
        yield page("x")

    readers = ShardReaders(open_pages)
    readers.start("a", ShardPosition())
    assert readers.take("a", timeout_s=0) is None
    assert readers.take("a", timeout_s=0.01) is None
    readers.close()
