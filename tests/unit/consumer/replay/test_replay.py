"""The loop of a replay: what it writes, keeps apart, counts and commits, and in which order."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from consumer.replay import checkpoint as checkpoints
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import SHARD_END, Checkpoint, ShardPosition
from consumer.replay.merge import Idle, ShardEnded, StreamRecord
from consumer.replay.replay import Counters, Replay
from ingest.contract.kpl import aggregate
from ingest.contract.message import InternalMessage, encode
from tests.clock import Clock
from tests.messages import message

START = Checkpoint(stream="logs", started_at="2026-11-24T05:40:00+00:00", query={})


class ListSink:
    """Keeps messages; a commit's position is their number."""

    commit_logs = 4
    idle_commit_s = 1.0
    full = False

    def __init__(self) -> None:
        self.written: list[InternalMessage] = []
        self.commits: list[int] = []
        self.on_commit: Callable[[], None] = lambda: None

    def resume(self, committed: int) -> None:
        """Forget what came after."""
        del self.written[committed:]

    def write(self, message: InternalMessage) -> None:
        """Keep it."""
        self.written.append(message)

    def commit(self) -> int:
        """Note the commit."""
        self.on_commit()
        self.commits.append(len(self.written))
        return len(self.written)

    def close(self) -> None:
        """Nothing to close."""


class Setup:
    """A replay into a list, with a checkpoint file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sink = ListSink()
        self.clock = Clock()
        self.path = folder / "at.json"

    def run(
        self,
        *given: StreamRecord | ShardEnded | Idle,
        events: Iterable[StreamRecord | ShardEnded | Idle] = (),
        start: Checkpoint = START,
        wanted: Callable[[InternalMessage], bool] = lambda _: True,
        is_erased: Callable[[InternalMessage], bool] = lambda _: False,
        transform: Callable[[InternalMessage], InternalMessage] | None = None,
    ) -> Counters:
        """Replay the events."""
        broken = BrokenRecords(self.folder / "broken", resume_at=start.broken)
        replay = Replay(
            sink=self.sink,
            broken=broken,
            start=start,
            checkpoint_path=self.path,
            wanted=wanted,
            is_erased=is_erased,
            seen=None,
            transform=transform,
            monotonic=self.clock.monotonic,
            counters=Counters(),
        )
        counters = replay.run(given or events)
        broken.close()
        return counters

    def saved(self) -> Checkpoint:
        """Return the checkpoint in the file."""
        found = checkpoints.load(self.path)
        assert found is not None
        return found

    def ids(self) -> list[str]:
        """Return the written log ids."""
        return [log.log_id for log in self.sink.written]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A replay into a list."""
    return Setup(tmp_path)


def record(number: int, *log_ids: str, shard: str = "s-0") -> StreamRecord:
    """Return an aggregated record of these logs."""
    (packed,) = aggregate("acme", list(enumerate(encode(message(log_id)) for log_id in log_ids)))
    return StreamRecord(shard, f"00{number}", "acme", packed.data, arrival_ms=number, millis_behind=number)


def plain(number: int, data: bytes) -> StreamRecord:
    """Return a plain record."""
    return StreamRecord("s-0", f"00{number}", "acme", data, arrival_ms=number, millis_behind=0)


def test_logs_are_written_in_order_and_counted(setup: Setup) -> None:
    """Only wanted logs that were not erased are written, transformed and in order; each other log counts once."""
    counters = setup.run(
        record(1, "a", "b"),
        record(2, "c", "d", "e", shard="s-1"),
        wanted=lambda log: log.log_id != "b",
        is_erased=lambda log: log.log_id in {"b", "d", "e"},
        transform=lambda log: msgspec.structs.replace(log, text="changed"),
    )
    assert setup.sink.written == [message("a", text="changed"), message("c", text="changed")]
    assert (counters.records, counters.logs, counters.written, len(counters.shards_read)) == (2, 5, 2, 2)
    assert (counters.not_selected, counters.erased) == (1, 2)
    assert counters.lag_ms == 2


def test_commits_come_after_so_many_logs_and_between_records(setup: Setup) -> None:
    """At least four logs lie between two commits, and no commit is in the middle of an aggregated record."""
    setup.run(record(1, "a", "b", "c"), record(2, "d", "e"), record(3, "f"), record(4, "g"), record(5, "h", "i", "j"))
    assert setup.sink.commits == [5, 10]


def test_the_checkpoint_speaks_of_the_output_it_follows(setup: Setup) -> None:
    """The sink is flushed before the checkpoint, which has the sink's position and each shard's last user record."""
    order: list[str] = []
    setup.sink.on_commit = lambda: order.append("output" if not setup.path.exists() else "output, then checkpoint")
    setup.run(record(1, "a", "b"), record(2, "c", shard="s-1"), ShardEnded("s-0"))
    assert order == ["output"]
    assert setup.saved() == msgspec.structs.replace(
        START,
        commit=1,
        logs=3,
        output=3,
        shards={
            "s-0": ShardPosition(sequence_number=SHARD_END),
            "s-1": ShardPosition(sequence_number="002", sub_sequence_number=0),
        },
    )


def test_the_rest_of_a_record_is_read_after_its_sub_sequence_number(setup: Setup) -> None:
    """A resumed shard skips only those user records of the checkpoint's record that were read before."""
    position = ShardPosition(sequence_number="001", sub_sequence_number=1)
    start = msgspec.structs.replace(START, commit=1, shards={"s-0": position})
    counters = setup.run(record(1, "a", "b", "c"), record(2, "d"), start=start)
    assert setup.ids() == ["c", "d"]
    assert counters.logs == 2


def test_a_record_that_was_read_whole_counts_for_nothing(setup: Setup) -> None:
    """A resumed run commits at the same places as an uninterrupted one, though it reads one record again."""
    position = ShardPosition(sequence_number="001", sub_sequence_number=3)
    start = msgspec.structs.replace(START, commit=1, shards={"s-0": position})
    counters = setup.run(record(1, "a", "b", "c", "d"), record(2, "e"), start=start)
    assert (setup.ids(), counters.records, setup.sink.commits) == (["e"], 1, [1])


def test_broken_pieces_are_kept_with_their_place(setup: Setup) -> None:
    """Broken pieces are kept as JSON lines in a private file, and the good logs around them are written."""
    setup.run(record(1, "a"), plain(2, b"junk"), record(3, "b"))
    lines = (setup.folder / "broken").read_bytes().splitlines()
    assert [msgspec.json.decode(line) for line in lines] == [
        {
            "reason": "undecodable",
            "shard_id": "s-0",
            "sequence_number": "002",
            "sub_sequence_number": 0,
            "partition_key": "acme",
            "arrived_at": "1970-01-01T00:00:00.002+00:00",
            "data_base64": b64encode(b"junk").decode(),
        }
    ]
    assert (setup.folder / "broken").stat().st_mode & 0o777 == 0o600
    assert setup.ids() == ["a", "b"]
    assert setup.saved().broken == (setup.folder / "broken").stat().st_size


def test_broken_pieces_beyond_the_checkpoint_are_not_kept_twice(setup: Setup) -> None:
    """A resumed replay cuts the quarantine file back to the checkpoint, like the output."""
    setup.run(plain(1, b"junk"))
    size = (setup.folder / "broken").stat().st_size
    with (setup.folder / "broken").open("ab") as file:
        file.write(b"half a li")
    setup.run(plain(2, b"more"), start=setup.saved())
    assert len((setup.folder / "broken").read_bytes().splitlines()) == 2
    assert (setup.folder / "broken").stat().st_size == 2 * size


def test_without_broken_records_there_is_no_file(setup: Setup) -> None:
    """Without broken records there is no quarantine file."""
    setup.run(record(1, "a"))
    assert not (setup.folder / "broken").exists()


def test_idle_commits_what_came_and_nothing_twice(setup: Setup) -> None:
    """When a followed stream is idle, its logs are committed once, after a second."""

    def events() -> Iterator[StreamRecord | Idle]:
        for event in (record(1, "a"), Idle(), Idle(), Idle(), Idle(), record(2, "b")):
            setup.clock.now_s += 0.6
            yield event
        assert setup.sink.commits == [1]

    setup.run(events=events())
    assert setup.sink.commits == [1, 2]


def test_an_empty_stream_leaves_an_empty_output_and_a_checkpoint(setup: Setup) -> None:
    """A run on an empty stream, first or continued, leaves an empty output and a checkpoint."""
    setup.run(Idle())
    assert (setup.sink.commits, setup.saved().commit) == ([0], 1)


def test_a_sink_that_fails_leaves_the_last_checkpoint(setup: Setup) -> None:
    """If the sink fails, the checkpoint stays at the last logs that were written durably."""
    setup.run(record(1, "a"))
    before = setup.saved()

    def fail() -> None:
        raise OSError(28, "No space left on device")

    setup.sink.on_commit = fail
    with pytest.raises(OSError, match="No space"):
        setup.run(record(2, "b"), start=before)
    assert setup.saved() == before
