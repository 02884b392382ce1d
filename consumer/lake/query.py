"""SQL over a lake by DuckDB, in process and with nothing to download: it is handed the table's files as a dataset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from pyiceberg.table import Table

from consumer.lake.files import dataset


class QueryError(Exception):
    """The SQL cannot be answered, or the snapshot is not there. The text says why."""


@contextmanager
def connected() -> Iterator[DuckDBPyConnection]:
    """Give a DuckDB that knows nothing but what it is asked about: no file, no extension, no network, no variable.

    What does not fit into memory it puts into a folder of its own, which nobody else reads and which goes with it. It
    lets a question read and write where its database and its temporary files are: by default where the program was
    started.
    """
    with TemporaryDirectory(prefix="rdp-lake-") as folder:
        connection = duckdb.connect(
            f"{folder}/question.duckdb",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "enable_external_access": False,
                "temp_directory": folder,
                "python_enable_replacements": False,  # Or a table's name could be a variable of this program.
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
    """Return what `sql` answers over the tables under their names, as they stand, or stood in a snapshot.

    Raises:
        QueryError: DuckDB does not understand it, or there is no such snapshot.
    """
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
