"""SQL over a lake with DuckDB, in this process and with nothing to download: it gets the table's files as a dataset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from pyiceberg.table import Table

from consumer.lake.files import dataset

_OF_A_WRITE: Final = "base table"  # DuckDB 2.0's words for a DELETE or UPDATE of what is no table of its own.


class QueryError(Exception):
    """The SQL cannot be answered, or the snapshot is not there. The text says why."""


@contextmanager
def connected() -> Iterator[DuckDBPyConnection]:
    """Give a DuckDB that can read only the tables it is given: no file, no extension, no network, no variable.

    Data that does not fit into memory goes into a temporary folder, which nobody else can read and which is deleted at
    the end. The database is in that folder too: DuckDB lets SQL read and write where its database and its temporary
    files are, which by default is the folder where the program was started.
    """
    with TemporaryDirectory(prefix="rdp-lake-") as folder:
        connection = duckdb.connect(
            f"{folder}/question.duckdb",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "enable_external_access": False,
                "temp_directory": folder,
                "python_enable_replacements": False,  # Else a table's name could mean a variable of this program.
            },
        )
        try:
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()


def ask(
    connection: DuckDBPyConnection,
    tables: Sequence[tuple[str, Table]],
    sql: str,
    *,
    snapshot_id: int | None = None,
) -> pa.RecordBatchReader:
    """Return the answer of `sql` over the tables by their names, as they are now, or were in a snapshot.

    Raises:
        QueryError: DuckDB does not understand it, or there is no such snapshot.
    """
    for name, table in tables:
        if snapshot_id is not None and table.snapshot_by_id(snapshot_id) is None:
            raise QueryError(
                f"{name} has no snapshot {snapshot_id}: `rdp lake status --snapshots` lists them. An erasure or a "
                f"compaction drops older ones."
            )
        connection.register(name, dataset(table, table.scan(snapshot_id=snapshot_id).plan_files()))
    try:
        relation = connection.sql(sql)
        if relation is not None:
            answer: pa.RecordBatchReader = relation.to_arrow_reader()
            return answer
    except duckdb.Error as error:
        only = ". A lake is only read here; `rdp erase` deletes from it." if _OF_A_WRITE in str(error) else ""
        raise QueryError(f"{error}{only}") from error
    raise QueryError("This SQL gives no rows. Begin it with SELECT.")
