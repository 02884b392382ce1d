"""Merges shards into one sequence that is the same at every replay, however fast each shard is read.

The next record is the one that arrived first among the shards' next records (ties: by shard id). So one shard's records
stay in its order, children come after their parents' end, and the choice depends only on what is on the stream. If a
shard's next record is not known yet, the merge waits for it.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from consumer.replay.checkpoint import SHARD_END, TRIM_HORIZON, ShardPosition
from consumer.replay.read import Page
from consumer.replay.shards import Shard, readable

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import RecordTypeDef

_STOP_CHECK_S: Final = 0.5  # The longest wait for a page before looking whether the caller wants to stop.


class StreamRecord(NamedTuple):
    """One Kinesis record; it arrived at `arrival_ms` (epoch, Kinesis's clock)."""

    shard_id: str
    sequence_number: str
    partition_key: str
    data: bytes
    arrival_ms: int
    millis_behind: int


class ShardEnded(NamedTuple):
    """A closed shard was read to its end."""

    shard_id: str


class Idle(NamedTuple):
    """Everything that is on the stream was read (when following: more may come)."""


class Readers(Protocol):
    """What `consumer.replay.readers.ShardReaders` does; `pages_read` counts the pages of all shards."""

    pages_read: int

    def start(self, shard_id: str, position: ShardPosition) -> None:
        """Begin to read a shard."""

    def take(self, shard_id: str, timeout_s: float) -> Page | None:
        """Return the shard's next page, or None when none came in time."""

    def wait(self, seen_pages: int, timeout_s: float) -> None:
        """Return when more than `seen_pages` pages were read in all, or after the time."""

    def stop(self, shard_id: str) -> None:
        """End the reading of a shard."""


class _Cursor:
    """One shard that is being read: the rest of its page, and its next record with the time when that arrived."""

    def __init__(self) -> None:
        self.records: Iterator[RecordTypeDef] = iter(())
        self.head: RecordTypeDef | None = None
        self.arrival_ms = 0
        self.millis_behind = 0
        self.ended = False
        self.caught_up = False

    def load(self, page: Page) -> bool:
        self.records = iter(page.records)
        self.millis_behind = page.millis_behind
        self.ended = page.ended
        self.caught_up = page.caught_up
        return self.advance()

    def advance(self) -> bool:
        self.head = next(self.records, None)
        if self.head is None:
            return False
        self.arrival_ms = int(self.head["ApproximateArrivalTimestamp"].timestamp() * 1000)
        return True


class Merge:
    """The stream's records in the merged order, from `positions` on, until all is read or `stopped()`.

    Resharding is followed: the children of a shard that ends are listed and read. With `follow` it goes on for ever. It
    then does not wait for a shard that is caught up, so that the order between shards is the order of reading.

    `trimmed` are the shards that no longer hold the record at their position: it was older than the stream's retention,
    and so may be some of the records after it, which nobody can read any more.
    """

    def __init__(
        self,
        readers: Readers,
        list_shards: Callable[[], Mapping[str, Shard]],
        positions: Mapping[str, ShardPosition],
        *,
        follow: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._readers = readers
        self._list_shards = list_shards
        self._positions = positions
        self._follow = follow
        self._stopped = stopped
        self.shards = list_shards()
        self.trimmed: list[str] = []
        self._ended = {s for s, position in positions.items() if position.sequence_number == SHARD_END}
        self._unmet = {  # Positions whose shard has given no record yet: the first one is the position's own.
            s: position.sequence_number
            for s, position in positions.items()
            if position.sequence_number not in (SHARD_END, TRIM_HORIZON)
        }
        self._cursors: dict[str, _Cursor] = {}
        self._heads: list[tuple[int, str]] = []  # (arrival_ms, shard_id) of the shards whose next record is known
        self._waiting: list[str] = []  # shards whose next page decides how to go on
        self._idle: set[str] = set()  # following: shards that are caught up
        self._seen_pages = 0

    def __iter__(self) -> Iterator[StreamRecord | ShardEnded | Idle]:
        """Yield records and ends; `Idle` when all is read, which ends the sequence unless it follows."""
        self._start_readable()
        while not self._stopped():
            if self._waiting or self._idle:
                ends = self._take_pages()
                if ends:
                    yield from map(ShardEnded, ends)
                    self._start_readable()
                if self._waiting:
                    continue
            if self._heads:
                yield self._pop()
                continue
            yield Idle()
            if not self._idle:
                return
            self._readers.wait(self._seen_pages, _STOP_CHECK_S)

    def _start_readable(self) -> None:
        for shard_id in readable(self.shards, started=self._cursors, ended=self._ended):
            self._cursors[shard_id] = _Cursor()
            self._readers.start(shard_id, self._positions.get(shard_id, ShardPosition()))
            self._waiting.append(shard_id)

    def _take_pages(self) -> list[str]:
        """Take the next page of each shard that waits, and of idle shards that have one; return those that ended."""
        asked, self._waiting = self._waiting, []
        if self._idle and (pages_read := self._readers.pages_read) > self._seen_pages:
            self._seen_pages = pages_read
            asked += sorted(self._idle)
        ends = [shard_id for shard_id in asked if self._take_page(shard_id)]
        if not ends:
            return ends
        self._ended.update(ends)
        parents = {parent for shard in self.shards.values() for parent in shard.parents}
        if not parents.issuperset(ends):
            self.shards = {**self.shards, **self._list_shards()}  # A shard was split or merged since the listing.
        return ends

    def _take_page(self, shard_id: str) -> bool:
        """Return whether the shard ended."""
        cursor = self._cursors[shard_id]
        if not cursor.ended and not cursor.caught_up:
            page = self._readers.take(shard_id, 0 if shard_id in self._idle else _STOP_CHECK_S)
            if page is None:
                if shard_id not in self._idle:
                    self._waiting.append(shard_id)
                return False
            self._idle.discard(shard_id)
            if cursor.load(page):
                heapq.heappush(self._heads, (cursor.arrival_ms, shard_id))
                return False
        if cursor.ended:
            return True
        if not cursor.caught_up:
            self._waiting.append(shard_id)
            return False
        cursor.caught_up = False
        if self._follow:
            self._idle.add(shard_id)
        elif self.shards[shard_id].closed:
            self._waiting.append(shard_id)  # Caught up with a closed shard: its end comes within a few pages.
        else:
            self._readers.stop(shard_id)
        return False

    def _pop(self) -> StreamRecord:
        _, shard_id = heapq.heappop(self._heads)
        cursor = self._cursors[shard_id]
        record = cursor.head
        if record is None:
            raise AssertionError(f"{shard_id} stands among the heads without one")
        if self._unmet and self._unmet.pop(shard_id, record["SequenceNumber"]) != record["SequenceNumber"]:
            self.trimmed.append(shard_id)
        merged = StreamRecord(
            shard_id,
            record["SequenceNumber"],
            record["PartitionKey"],
            record["Data"],
            cursor.arrival_ms,
            cursor.millis_behind,
        )
        if cursor.advance():
            heapq.heappush(self._heads, (cursor.arrival_ms, shard_id))
        else:
            self._waiting.append(shard_id)
        return merged
