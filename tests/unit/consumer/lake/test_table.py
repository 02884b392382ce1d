"""One commit is based on the loaded snapshot, holds the checkpoint, and is never retried by pyiceberg."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from consumer import redact
from consumer.lake import checkpoint as checkpoints
from consumer.lake.catalog import ensure, in_folder, name_of
from consumer.lake.checkpoint import LakeCheckpoint, WrongLakeError
from consumer.lake.rows import KEY_BYTES, Row, look_back, row
from consumer.lake.schema import RETRIES
from consumer.lake.sync import CommitUnclearError
from consumer.lake.table import LakeTable
from consumer.replay.checkpoint import ShardPosition
from tests.messages import message

KEY = b"k" * KEY_BYTES
NAME = name_of(raw=False)


def _at(number: int) -> LakeCheckpoint:
    return LakeCheckpoint(stream="logs", created_ms=7, shards={"s": ShardPosition(sequence_number=str(number))})


def _row(log_id: str = "log-1", **members: str) -> Row:
    return row(message(log_id, **members), redact.build(), KEY)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Give a lake in a folder."""
    catalog = in_folder(tmp_path)
    ensure(catalog, NAME, KEY)
    return catalog


def test_rows_and_checkpoint_are_one_snapshot(catalog: Catalog) -> None:
    """A commit makes one snapshot, with the rows and, in its summary, the checkpoint."""
    assert LakeTable(catalog, NAME).checkpoint is None
    LakeTable(catalog, NAME).append([_row()], _at(1))
    [snapshot] = catalog.load_table(NAME).snapshots()
    assert snapshot.summary is not None
    assert checkpoints.read(snapshot.summary.additional_properties) == _at(1)
    assert snapshot.summary.additional_properties["total-records"] == "1"
    assert LakeTable(catalog, NAME).checkpoint == _at(1)


def test_a_commit_behind_another_writer_fails_and_leaves_no_row(catalog: Catalog) -> None:
    """A commit after another writer's fails and adds no row, until the table is loaded again."""
    first, second = LakeTable(catalog, NAME), LakeTable(catalog, NAME)
    first.append([_row()], _at(1))
    with pytest.raises(CommitUnclearError):
        second.append([_row()], _at(1))
    assert catalog.load_table(NAME).scan().count() == 1


def test_commits_are_not_tried_again_whatever_somebody_set(catalog: Catalog) -> None:
    """A table property that makes pyiceberg retry a lost commit is reset before anything is written."""
    with catalog.load_table(NAME).transaction() as transaction:
        transaction.set_properties({RETRIES: "4"})
    first, second = LakeTable(catalog, NAME), LakeTable(catalog, NAME)
    assert first.table.properties[RETRIES] == "0"
    first.append([_row()], _at(1))
    with pytest.raises(CommitUnclearError):
        second.append([_row()], _at(1))


def test_a_snapshot_of_the_catalogs_own_keeps_the_checkpoint(catalog: Catalog) -> None:
    """After a compaction the checkpoint is that of the snapshot before, or the table's property if that expired."""
    LakeTable(catalog, NAME).append([_row()], _at(1))
    table = catalog.load_table(NAME)
    table.append(table.scan().to_arrow())
    assert LakeTable(catalog, NAME).checkpoint == _at(1)
    table.maintenance.expire_snapshots().by_id(table.snapshots()[0].snapshot_id).commit()
    assert LakeTable(catalog, NAME).checkpoint == _at(1)


def test_rows_without_a_checkpoint_are_refused(catalog: Catalog) -> None:
    """A table whose rows have no checkpoint is refused, because another writer made them."""
    LakeTable(catalog, NAME).append([_row()], _at(1))
    table = catalog.load_table(NAME)
    table.append(table.scan().to_arrow())
    table.maintenance.expire_snapshots().by_id(table.snapshots()[0].snapshot_id).commit()
    with table.transaction() as transaction:
        transaction.remove_properties(checkpoints.PROPERTY)
    with pytest.raises(WrongLakeError, match="no checkpoint"):
        LakeTable(catalog, NAME)


def test_it_finds_what_it_holds_by_tenant_id_and_time(catalog: Catalog) -> None:
    """The search returns the tenant's rows with the wanted ids, without older ones."""
    rows = [_row("a"), _row("b"), _row("b", tenant_id="other"), _row("c", received_at="2025-01-01T00:00:00.000Z")]
    table = LakeTable(catalog, NAME)
    table.append(rows, _at(1))
    found = table.held({"acme": ["a", "c", "x"]}, look_back(rows[0].received_at))
    assert [(held.tenant_id, held.log_id, held.text) for held in found] == [("acme", "a", "hello")]


def test_a_lake_of_another_key_is_refused(catalog: Catalog) -> None:
    """A lake with another key is refused, because each redacted log that comes again would get a second row."""
    with pytest.raises(WrongLakeError, match="another key"):
        ensure(catalog, NAME, b"x" * KEY_BYTES)


@pytest.mark.parametrize("last", ["\ud7ff", "\U0010ffff"])
def test_no_text_ends_a_sync_by_its_bounds(catalog: Catalog, last: str) -> None:
    """A text is stored whatever character it has where pyiceberg cuts it for a file's upper bound."""
    odd = "x" * 15 + last + "and more"
    in_fields = row(message("log-2", "t", fields={"k": "x" * 9 + last + "and more"}), redact.build(), KEY)
    LakeTable(catalog, NAME).append([_row(text=odd, source="s" * 15 + last + "s", event_at=odd), in_fields], _at(1))
    assert odd in catalog.load_table(NAME).scan().to_arrow()["text"].to_pylist()
