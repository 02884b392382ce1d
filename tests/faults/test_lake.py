"""The lake holds each distinct log once: killed at any step, beside another sync, throttled, resharded."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from consumer.lake import query
from consumer.lake.catalog import in_folder
from consumer.lake.compact import compact
from consumer.lake.files import dataset
from consumer.lake.sync import Policy
from consumer.lake.table import LakeTable
from tests.faults.lake_kills import Kill, broken_by, steps
from tests.faults.lake_races import COMMIT, LOAD, broken_in_any_order
from tests.faults.lake_steps import SteppingCatalog
from tests.faults.lake_world import NAME, RAW_NAME, STREAM, LakeWorld, rows, went_back
from tests.faults.model_kinesis import Kinesis
from tests.messages import message
from tests.unit.consumer.replay.fakes import client_error

_WHOLE: Final = Policy()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """Give a process without threads, whatever ran in this one before; the syncs that are killed are its forks."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def _broken_by_each(kills: Sequence[Kill]) -> list[str]:
    return [wrong for kill in kills for wrong in broken_by(kill)]


def test_a_sync_killed_at_any_step_loses_and_doubles_nothing(elsewhere: ProcessPoolExecutor) -> None:
    """If a sync is killed before any step or after a commit, the next one completes the table without doubles."""
    names = elsewhere.submit(steps).result()
    assert {"create table", "create .parquet", "create .avro", "create .json", "commit", "load"} <= set(names)
    assert names.count("commit") >= 2
    kills = [Kill(step, "before") for step in range(len(names))]
    kills += [Kill(step, "after") for step, name in enumerate(names) if name == "commit"]
    assert elsewhere.submit(_broken_by_each, kills).result() == []


@pytest.mark.parametrize(
    ("stops", "policy", "least_orders"),
    [({LOAD}, _WHOLE, 20), ({COMMIT}, Policy(logs=4), 15)],
    ids=["one commit each, stopped within it", "two commits each"],
)
def test_two_syncs_at_once_make_the_rows_of_one(stops: set[str], policy: Policy, least_orders: int) -> None:
    """Two syncs at once, in every order of steps, store each log once, and both reach the stream's end."""
    world = LakeWorld()
    world.put([message("first"), message("twice", "call 555-0101")])

    def prepare(catalog: SteppingCatalog) -> None:
        world.sync(catalog)
        world.put([message("twice", "call 555-0101"), message("a"), message("b"), message("a", "other")])
        world.put([message("c"), message("b"), message("d"), message("e")])

    def judge(catalog: SteppingCatalog) -> list[str]:
        return world.broken(rows(catalog)) + went_back(catalog)

    def sync(catalog: SteppingCatalog) -> None:
        world.sync(catalog, policy=policy)

    orders, wrong = broken_in_any_order([sync, sync], stops=frozenset(stops), prepare=prepare, judge=judge)
    assert wrong == []
    assert orders >= least_orders


def test_a_sync_beside_a_compaction_loses_and_doubles_nothing() -> None:
    """Of a sync and a compaction, in every order of steps, the later commits again, and no row is lost or doubled."""
    world = LakeWorld()

    def prepare(catalog: SteppingCatalog) -> None:
        for name in "ab":
            world.put([message(name)])
            world.sync(catalog)
        world.put([message("a"), message("c")])

    def judge(catalog: SteppingCatalog) -> list[str]:
        return world.broken(rows(catalog)) + went_back(catalog)

    orders, wrong = broken_in_any_order(
        [world.sync, lambda catalog: compact(lambda: LakeTable(catalog, NAME))],
        stops=frozenset({COMMIT}),
        prepare=prepare,
        judge=judge,
    )
    assert wrong == []
    assert orders >= 6


def test_every_reader_reads_the_logs_as_they_were_sent(tmp_path: Path) -> None:
    """pyiceberg, DuckDB and pyarrow read the same rows, however hostile, from a redacted and a raw table."""
    world = LakeWorld()
    world.fill()
    catalog = in_folder(tmp_path)
    world.sync(catalog, policy=_WHOLE)
    world.sync(catalog, raw=True)
    assert world.broken(rows(catalog)) == []
    assert world.broken(rows(catalog, RAW_NAME), raw=True) == []
    for name in (NAME, RAW_NAME):
        table = catalog.load_table(name)
        by_pyiceberg = _sorted(rows(catalog, name))
        by_pyarrow = dataset(table, table.scan().plan_files()).to_table().to_pylist()
        with query.connected() as connection:
            by_duckdb = query.ask(connection, [("logs", table)], "SELECT * FROM logs").read_all().to_pylist()
        assert _sorted(by_pyarrow) == by_pyiceberg
        assert _sorted(by_duckdb) == by_pyiceberg


def _sorted(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: (row["tenant_id"], row["log_id"], row["text"], row["original_digest"] or b""))


def test_no_original_is_in_the_redacted_table(tmp_path: Path) -> None:
    """No file of the redacted table has a phone number, and a row's digest depends on more than the text."""
    world = LakeWorld()
    world.put([message("number", "call 555-0199")])
    world.sync(in_folder(tmp_path))
    assert b"555-0199" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    [row] = rows(in_folder(tmp_path))
    assert row["text"] == "call [REDACTED]"
    assert len(row["original_digest"]) == 16


def test_resharding_between_and_within_syncs_changes_no_row(tmp_path: Path) -> None:
    """Shards that split and merge are read parent before child, in one sync or several, without changing a row."""
    world = LakeWorld(shards=2)
    catalog = in_folder(tmp_path)
    world.fill()
    world.kinesis.split("shardId-000000000000")
    world.put([message("after the split", tenant_id=f"t{n}") for n in range(8)])
    world.sync(catalog)
    world.kinesis.merge("shardId-000000000002", "shardId-000000000003")
    world.put([message("after the merge", tenant_id=f"t{n}") for n in range(8)])
    world.fill()
    world.sync(catalog)
    assert world.broken(rows(catalog)) == []


class _Throttled:
    """Refuses every second call of a stream's client."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            self._calls += 1
            if self._calls % 2:
                raise client_error("ProvisionedThroughputExceededException")
            return getattr(self._inner, name)(**asked)

        return call


def test_throttles_change_no_row(tmp_path: Path) -> None:
    """If Kinesis refuses every second call, the rows are the same as without throttles."""
    world = LakeWorld()
    world.fill()
    catalog = in_folder(tmp_path)
    world.sync(catalog, kinesis=_Throttled(world.kinesis))
    assert world.broken(rows(catalog)) == []
    assert any(world.clock.sleeps)


def test_a_stream_made_again_is_read_whole_and_told(tmp_path: Path) -> None:
    """A stream that was made again under its name is read from its start and reported."""
    world, catalog = LakeWorld(), in_folder(tmp_path)
    world.put([message("old")])
    world.sync(catalog)
    world.kinesis = Kinesis(STREAM, world.clock, shards=1)
    world.put([message("new")])
    counters = world.sync(catalog, created_ms=2)
    assert counters.is_new_stream
    assert sorted(row["log_id"] for row in rows(catalog)) == ["new", "old"]


class _Lenient(Kinesis):
    """Accepts an unknown sequence number and starts where it would be, as some engines do."""

    def get_shard_iterator(self, **asked: Any) -> dict[str, Any]:
        """Return the iterator for a place in a shard."""
        wanted = asked.get("StartingSequenceNumber", "")
        numbers = [record["SequenceNumber"] for record in self.shards[asked["ShardId"]].records]
        if asked["ShardIteratorType"] == "AT_SEQUENCE_NUMBER" and wanted not in numbers:
            number = next((number for number in numbers if number >= wanted), None)
            asked |= {"ShardIteratorType": "LATEST"} if number is None else {"StartingSequenceNumber": number}
        return super().get_shard_iterator(**asked)


@pytest.mark.parametrize("engine", [Kinesis, _Lenient])
def test_a_stream_restored_from_an_older_state_hides_nothing(engine: type[Kinesis], tmp_path: Path) -> None:
    """If a restored stream reuses sequence numbers, its shards are read from the start and reported."""
    world, catalog = LakeWorld(), in_folder(tmp_path)
    world.put([message("kept")])
    kept = [*world.kinesis.records]
    world.put([message("lost-1")])
    world.put([message("lost-2")])
    assert world.sync(catalog).restarted_shards == []
    world.kinesis = engine(STREAM, world.clock, shards=1)
    world.kinesis.shards["shardId-000000000000"].records += kept
    world.put([message("after")])
    assert int(world.kinesis.records[-1]["SequenceNumber"]) < 3
    counters = world.sync(catalog)
    assert counters.restarted_shards == ["shardId-000000000000"]
    assert sorted(row["log_id"] for row in rows(catalog)) == ["after", "kept", "lost-1", "lost-2"]
    assert world.sync(catalog).restarted_shards == []


def test_records_that_expired_before_a_sync_are_told(tmp_path: Path) -> None:
    """The shard is still there, and begins after the checkpoint. The sync goes on, and says once what may be lost."""
    world, catalog = LakeWorld(), in_folder(tmp_path)
    world.kinesis = _Lenient(STREAM, world.clock, shards=1)
    world.put([message("first")])
    assert world.sync(catalog).trimmed_shards == []
    world.put([message("lost")])
    world.put([message("kept")])
    del world.kinesis.shards["shardId-000000000000"].records[:2]
    assert world.sync(catalog).trimmed_shards == ["shardId-000000000000"]
    world.put([message("later")])
    assert world.sync(catalog).trimmed_shards == []
    assert sorted(row["log_id"] for row in rows(catalog)) == ["first", "kept", "later"]
