"""Compaction makes fewer files of the same rows, keeps the checkpoint, and deletes no file that a snapshot names."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from consumer.lake.catalog import in_folder
from consumer.lake.compact import Compacted, compact, expire, sweep
from consumer.lake.table import LakeTable
from tests.faults.lake_world import NAME, LakeWorld, rows
from tests.messages import message

_DAYS = timedelta(days=4)


@pytest.fixture
def world() -> LakeWorld:
    """Give a stream."""
    return LakeWorld()


@pytest.fixture
def catalog(tmp_path: Path, world: LakeWorld) -> Catalog:
    """Give a lake of three commits."""
    catalog = in_folder(tmp_path)
    for name in "cab":
        world.put([message(name, "call 555-0199"), message(name, tenant_id="other")])
        world.sync(catalog)
    return catalog


def _compact(catalog: Catalog) -> Compacted:
    return compact(lambda: LakeTable(catalog, NAME))


def test_rows_and_checkpoint_stay_in_fewer_files(catalog: Catalog, world: LakeWorld) -> None:
    """After a compaction each tenant and day has one file, rows are unchanged, and a sync continues where it was."""
    before = LakeTable(catalog, NAME).checkpoint
    assert _compact(catalog) == Compacted(read=6, made=2)
    assert world.broken(rows(catalog)) == []
    assert LakeTable(catalog, NAME).checkpoint == before
    assert world.sync(catalog).logs == 0
    assert _compact(catalog) == Compacted(read=0, made=0)
    acme = [row["log_id"] for row in rows(catalog) if row["tenant_id"] == "acme"]
    assert acme == ["a", "b", "c"]


def test_snapshots_go_and_what_only_they_named(catalog: Catalog, world: LakeWorld, tmp_path: Path) -> None:
    """Old files of expired snapshots and killed commits are deleted; files of the table never are."""
    (tmp_path / "warehouse/rdp/logs/data/of-a-killed-commit.parquet").touch()
    _compact(catalog)
    now = datetime.now(UTC)
    assert expire(catalog.load_table(NAME), now=now, keep=_DAYS) == 0
    assert sweep(catalog.load_table(NAME), now_s=time.time() + _DAYS.total_seconds()) == 1
    assert expire(catalog.load_table(NAME), now=now + _DAYS, keep=timedelta(days=1)) == 4
    assert sweep(catalog.load_table(NAME)) == 0
    assert sweep(catalog.load_table(NAME), now_s=time.time() + _DAYS.total_seconds()) >= 6
    assert world.broken(rows(catalog)) == []
    world.put([message("after", "call 555-0100"), message("a", "call 555-0199")])
    assert world.sync(catalog).rows == 1
    assert world.broken(rows(catalog)) == []


def test_a_group_is_as_large_as_its_rows_in_memory(tmp_path: Path, world: LakeWorld) -> None:
    """Files are grouped by their rows' size in memory, so that a group that would not fit is left alone."""
    catalog = in_folder(tmp_path)
    for number, size in enumerate((100_000, 10, 10, 100_000)):
        world.put([message(f"{number}-{copy}", "x" * size) for copy in range(5)])
        world.sync(catalog)
    assert compact(lambda: LakeTable(catalog, NAME), decoded_bytes=400_000) == Compacted(read=2, made=1)
    assert len(list(catalog.load_table(NAME).scan().plan_files())) == 3
    assert world.broken(rows(catalog)) == []
