"""Erasures: nothing erased is found or comes back, despite kills and other erasures or syncs at the same time."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from consumer.erasures import NONE, Erasures, Subject
from consumer.lake import erase as lake_erase
from consumer.lake.table import LakeTable
from ingest.contract.message import encode
from tests.faults.erase_kills import broken_by_each_kill
from tests.faults.erase_world import OF_LOG, OF_TENANT, WORD, EraseWorld
from tests.faults.lake_races import COMMIT, LOAD, Program, broken_in_any_order
from tests.faults.lake_steps import SteppingCatalog, stepping
from tests.faults.lake_world import NAME, LakeWorld, rows
from tests.messages import RECEIVED_AT, message


@pytest.fixture
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """Give a process without threads, whatever ran in this one before; the erasures that are killed are its forks."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("subject", [OF_TENANT, OF_LOG], ids=["a tenant", "a log"])
def test_nothing_of_it_is_found_and_nothing_else_has_changed(tmp_path: Path, subject: Subject) -> None:
    """A consumer and a sync that run during an erasure store no erased log again, and no other log changes."""
    world = EraseWorld(tmp_path)
    world.fill()

    def meanwhile() -> None:
        world.deliver()
        world.sync()

    found = world.erase(subject, meanwhile)
    assert (found.outcome, found.found) == ("gone", [])
    assert world.broken(subject) == []


def test_what_a_consumer_stores_that_knew_nothing_of_it_goes_too(tmp_path: Path) -> None:
    """Logs that a consumer with older tombstones stores or dead-letters during an erasure are erased too."""
    world = EraseWorld(tmp_path)
    world.fill()

    def meanwhile() -> None:
        world.world.dlq.send(encode(message("one", f"{WORD} late")).decode())
        world.deliver(knows_erasures=False)
        assert ("acme", "waits") in world.world.dynamodb.items

    found = world.erase(OF_TENANT, meanwhile)
    assert (found.outcome, found.found) == ("gone", [])
    assert world.broken(OF_TENANT) == []


@pytest.mark.parametrize("subject", [OF_TENANT, OF_LOG], ids=["a tenant", "a log"])
def test_what_others_have_is_byte_for_byte_the_same(tmp_path: Path, subject: Subject) -> None:
    """An erasure leaves another tenant's rows, dead letters and lake files (name and content) unchanged."""
    world = EraseWorld(tmp_path)
    world.fill()
    before = world.others()
    assert all(before)
    world.erase(subject)
    assert world.others() == before


def test_it_is_not_decided_while_the_queue_holds_messages(tmp_path: Path) -> None:
    """While the queue has messages, which may be erased logs, an erasure is undecided; later a search finds nothing."""
    world = EraseWorld(tmp_path)
    world.fill()
    assert world.erase(OF_TENANT).outcome == "undecided"
    world.deliver()
    assert world.certificate(OF_TENANT).outcome == "gone"


def test_an_older_erasure_takes_nothing_back(tmp_path: Path) -> None:
    """If the earlier of two erasures is written last, the later time stays."""
    world = EraseWorld(tmp_path)
    world.fill()
    world.erase(OF_TENANT)
    world.erase(OF_TENANT._replace(until="2025-11-20T00:00:00.000Z"))
    assert world.broken(OF_TENANT) == []


def test_an_erasure_killed_before_any_step_is_finished_by_another(elsewhere: ProcessPoolExecutor) -> None:
    """After an erasure is killed before any step that changes something, a second run ends in the same state."""
    steps, wrong = elsewhere.submit(broken_by_each_kill, OF_TENANT).result()
    expected = {"update_item", "batch_execute_statement", "send_message", "delete_message_batch", "commit", "delete"}
    assert expected <= set(steps)
    assert wrong == []


def test_a_logs_erasure_killed_before_any_step_in_the_table_is_finished_by_another(
    elsewhere: ProcessPoolExecutor,
) -> None:
    """A log's erasure that is killed before any step in the table is completed by a second run."""
    steps, wrong = elsewhere.submit(broken_by_each_kill, OF_LOG, 3).result()
    assert steps[:5] == ["put_item", "put_item", "query", "query", "batch_execute_statement"]
    assert wrong == []


def test_a_table_buckets_old_files_are_deleted_by_name(tmp_path: Path) -> None:
    """Where files cannot be listed, those of expiring snapshots are deleted by name; a second run finds no rows."""
    world = EraseWorld(tmp_path)
    world.fill()
    catalog = stepping(tmp_path)
    for deleted in (True, False):
        done = lake_erase.erase(lambda: LakeTable(catalog, NAME), OF_TENANT, in_folder=False)
        assert (done.rows > 0, done.deleted > 0, done.kept) == (deleted, True, 0)
        assert list(lake_erase.find(catalog.load_table(NAME), OF_TENANT, in_folder=True)) == []
        data = [path for path in tmp_path.rglob("*.parquet") if "acme" in str(path)]
        assert [row["log_id"] for path in data for row in pq.ParquetFile(path).read().to_pylist()] == ["later"]


_SUBJECT = Subject("acme", None, RECEIVED_AT)


def _erasing(world: LakeWorld) -> Program:
    def erase(catalog: SteppingCatalog) -> None:
        world.erasures = Erasures({"acme": RECEIVED_AT}, frozenset())  # The tombstone is written first.
        lake_erase.erase(lambda: LakeTable(catalog, NAME), _SUBJECT, in_folder=True)

    return erase


@pytest.mark.parametrize(
    ("beside", "stop"), [("a sync", LOAD), ("a sync", COMMIT), ("another erasure", COMMIT), ("another erasure", LOAD)]
)
def test_beside_another_program_nothing_of_it_stays_in_the_lake(beside: str, stop: str) -> None:
    """Beside another program, in every order of steps, no row or file has an erased log, and no other is lost."""
    world = LakeWorld()
    erase = _erasing(world)

    def prepare(catalog: SteppingCatalog) -> None:
        world.put([message("a"), message("b", tenant_id="blue"), message("c", received_at="2025-11-24T15:59:00.001Z")])
        world.sync(catalog)
        world.put([message("d"), message("e", tenant_id="blue")])

    def begin() -> None:
        world.erasures = NONE

    def judge(catalog: SteppingCatalog) -> list[str]:
        world.sync(catalog)
        erase(catalog)  # A second run removes the files that an overtaken sync left.
        return _found(world, catalog)

    programs = [erase, world.sync if beside == "a sync" else erase]
    orders, wrong = broken_in_any_order(
        programs, stops=frozenset({stop}), prepare=prepare, begin=begin, judge=judge, at_most=12
    )
    assert wrong == []
    assert orders >= 3


def test_a_sync_that_began_before_it_brings_nothing_into_the_lake() -> None:
    """A sync that began before an erasure, in any order of commits, adds no erased log, even if the lake had none."""
    world = LakeWorld()

    def prepare(catalog: SteppingCatalog) -> None:
        world.put([message("b", tenant_id="blue")])
        world.sync(catalog)
        world.put([message("d"), message("e", tenant_id="blue")])

    def begin() -> None:
        world.erasures = NONE

    orders, wrong = broken_in_any_order(
        [_erasing(world), world.sync],
        stops=frozenset({COMMIT}),
        prepare=prepare,
        begin=begin,
        judge=lambda catalog: _found(world, catalog),
    )
    assert wrong == []
    assert orders >= 3


def _found(world: LakeWorld, catalog: SteppingCatalog) -> list[str]:
    found = lake_erase.find(catalog.load_table(NAME), _SUBJECT, in_folder=True)
    return [*found, *world.broken(rows(catalog))]
