"""SQL on a lake can read its table at any of its snapshots, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import Table

from consumer.lake import answers, query, status
from consumer.lake.catalog import in_folder
from tests.faults.lake_world import NAME, LakeWorld
from tests.messages import message


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Give a lake of three logs, two of them older by a snapshot."""
    world = LakeWorld()
    catalog = in_folder(tmp_path)
    world.put([message("a"), message("b", tenant_id="other", received_at="2025-11-25T00:00:00.000Z")])
    world.sync(catalog)
    world.put([message("c", 'a "quoted", text\n')])
    world.sync(catalog)
    return catalog.load_table(NAME)


def _ask(table: Table, sql: str, **options: Any) -> list[list[str]]:
    with query.connected() as connection:
        return list(answers.cells(query.ask(connection, [("logs", table)], sql, **options)))


def test_sql_is_answered(table: Table) -> None:
    """A query's conditions on tenant and time choose the rows."""
    assert _ask(table, "SELECT count(*) FROM logs") == [["3"]]
    assert _ask(table, "SELECT log_id, received_at FROM logs WHERE received_at >= '2025-11-25'") == [
        ["b", "2025-11-25T00:00:00"]
    ]


def test_a_snapshot_is_asked_as_it_stood(table: Table) -> None:
    """A query of the first snapshot lacks the last log, and an unknown snapshot is named in the error."""
    first = status.moments(table)[0]
    assert first.rows == 2
    assert _ask(table, "SELECT count(*) FROM logs", snapshot_id=first.snapshot_id) == [["2"]]
    with pytest.raises(query.QueryError, match=r"no snapshot 7: .*An erasure or a compaction drops"):
        _ask(table, "SELECT 1", snapshot_id=7)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY logs TO '/tmp/out.csv'",
        "COPY logs TO './.tmp/out.csv'",
        "COPY logs TO ':memory:'",
        "COPY logs TO ':memory:.wal'",
        "SET temp_directory = '/tmp'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM table",
        "SELEKT",
    ],
)
def test_nothing_else_is_read_or_written(table: Table, sql: str) -> None:
    """SQL reaches no file, extension or environment variable; a statement that is no query is an error."""
    with pytest.raises(query.QueryError):
        _ask(table, sql)


@pytest.mark.parametrize("sql", ["DELETE FROM logs", "UPDATE logs SET text = ''"])
def test_who_wants_to_change_the_lake_is_told_how(table: Table, sql: str) -> None:
    """DuckDB's own words say only that this is no base table."""
    with pytest.raises(query.QueryError, match="`rdp erase` deletes from it"):
        _ask(table, sql)


def test_an_answer_is_json_and_csv(table: Table, tmp_path: Path) -> None:
    """An answer can be JSON or CSV, in which quotes and line ends survive."""
    sql = "SELECT log_id, text FROM logs WHERE log_id = 'c'"
    with query.connected() as connection, (tmp_path / "out.csv").open("wb") as file:
        assert list(answers.json_lines(query.ask(connection, [("logs", table)], sql))) == [
            '{"log_id":"c","text":"a \\"quoted\\", text\\n"}'
        ]
        answers.write_csv(query.ask(connection, [("logs", table)], sql), file)
    assert (tmp_path / "out.csv").read_text() == '"log_id","text"\n"c","a ""quoted"", text\n"\n'


def test_parts_are_counted_by_tenant_and_day(table: Table) -> None:
    """The counts by tenant and day come from the manifests."""
    assert [part[:4] for part in status.parts(table)] == [("acme", "2025-11-24", 2, 2), ("other", "2025-11-25", 1, 1)]
