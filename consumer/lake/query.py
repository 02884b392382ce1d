"""SQL over a lake by DuckDB, in process and with nothing to download: it is handed the table's files as a dataset."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from pyiceberg.table import Table

from consumer.lake.files import dataset


class QueryError(Exception):
    """The SQL cannot be answered, or the snapshot is not there. The text says why."""


def ask(tables: Sequence[tuple[str, Table]], sql: str, *, snapshot_id: int | None = None) -> pa.RecordBatchReader:
    """Return what `sql` answers over the tables under their names, as they stand, or stood in a snapshot.

    It reads the tables and nothing else of this machine: no file, no extension, no network of DuckDB's own.

    Raises:
        QueryError: DuckDB does not understand it, or there is no such snapshot.
    """
    connection = _closed_connection()
    for name, table in tables:
        if snapshot_id is not None and table.snapshot_by_id(snapshot_id) is None:
            raise QueryError(f"{name} has no snapshot {snapshot_id}: `rdp lake status --snapshots` names them.")
        connection.register(name, dataset(table, table.scan(snapshot_id=snapshot_id).plan_files()))
    try:
        relation = connection.sql(sql)
        if relation is not None:
            answer: pa.RecordBatchReader = relation.to_arrow_reader()
            return answer
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    raise QueryError("This SQL answers nothing: begin it with SELECT.")


def _closed_connection() -> DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_access": False,
            "python_enable_replacements": False,  # Or a table's name could be a variable of this program.
        }
    )
    connection.execute("SET lock_configuration = true")
    return connection
