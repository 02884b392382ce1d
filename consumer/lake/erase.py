"""Takes erased logs out of a lake: out of its rows, and out of the files that older snapshots keep.

The order of the steps makes a kill, and a sync at the same time, harmless. The rows go first. Then an empty snapshot is
committed, the fence: a commit that began before it is refused, and one that begins after it knows the tombstones. After
the fence all older snapshots may go, and with them every file older than the fence that the table does not name: the
program that wrote it can no longer commit it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import IO, Final, NamedTuple, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.io.pyarrow import parquet_file_to_data_file, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from requests.exceptions import RequestException
from sqlalchemy.exc import OperationalError

from consumer.erasures import Subject
from consumer.lake import checkpoint as checkpoints
from consumer.lake.compact import GROUP_ROWS, new_path, unnamed
from consumer.lake.files import bound, dataset, tenant_of
from consumer.lake.sync import LakeUnreachableError
from consumer.lake.table import LakeTable
from consumer.timestamps import instant

_T = TypeVar("_T")

_MAX_FAILURES: Final = 20
_LOST: Final = (CommitFailedException, CommitStateUnknownException, RequestException, OperationalError)


class Erased(NamedTuple):
    """The counts of rows taken out, of data files that held them, of deleted files, and of old files that AWS keeps."""

    rows: int = 0
    files: int = 0
    deleted: int = 0
    kept: int = 0


class _Found(NamedTuple):
    task: FileScanTask
    rows: int


def count(table: Table, subject: Subject) -> Erased:
    """Return how many rows the erasure covers, and in how many files they are."""
    found = list(_found(table, subject))
    return Erased(sum(one.rows for one in found), len(found))


def erase(load: Callable[[], LakeTable], subject: Subject, *, in_folder: bool) -> Erased:
    """Take the rows out, expire every older snapshot, delete the files that only those named; return the counts.

    The tombstone is written before this is called. After a kill at any step, it is called again.

    Raises:
        LakeUnreachableError: too many commits failed in a row.
    """
    if load().table.current_snapshot() is None:
        return Erased()
    rows = files = 0
    while taken := _until_committed(load, lambda lake: _take_out_or_fence(lake, subject)):
        rows += taken.rows
        files += taken.files
    table = load().table
    deleted = kept = 0
    if not in_folder:  # A table bucket's files can't be listed: only the old snapshots name those to delete.
        deleted, kept = _delete_named(table)
    _until_committed(load, _expire)
    if in_folder:
        table = load().table
        fence = table.current_snapshot()
        for path in unnamed(table, before_s=0 if fence is None else fence.timestamp_ms / 1000):
            with suppress(FileNotFoundError):  # Another erasure was faster.
                table.io.delete(f"file://{path}")  # The table's own form of addresses: nothing is escaped.
                deleted += 1
    return Erased(rows, files, deleted, kept)


def find(table: Table, subject: Subject, *, in_folder: bool) -> Iterator[str]:
    """Yield where erased data still is: in rows of files, named by the table or by nothing, and in metadata."""
    for one in _found(table, subject):
        yield f"{one.rows} rows in {one.task.file.file_path}"
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
            if any(_may_name(entry.data_file, subject) for entry in entries):
                yield f"the bounds of a file that had it, in {manifest.manifest_path}"
    if in_folder:
        yield from _in_unnamed(table, subject)


def _in_unnamed(table: Table, subject: Subject) -> Iterator[str]:
    wanted = (pc.field("tenant_id") == subject.tenant_id) & _expression(subject)
    for path in unnamed(table):
        if path.suffix == ".parquet":
            try:
                rows = pq.read_table(path, columns=["log_id"], filters=wanted, partitioning=None).num_rows
            except (pa.ArrowException, OSError):
                yield f"{path}, which cannot be read: a sync is writing it, or was killed while it did"
            else:
                if rows:
                    yield f"{rows} rows in {path}, which no snapshot names"


def _until_committed(load: Callable[[], LakeTable], commit: Callable[[LakeTable], _T]) -> _T:
    failures = 0
    while True:
        try:
            return commit(load())
        except _LOST as error:  # Another writer was faster, or the outcome is unknown: load the table to see.
            failures += 1
            if failures > _MAX_FAILURES:
                raise LakeUnreachableError(
                    f"The lake was not changed: {failures} commits failed in a row, the last with: {error} Run it "
                    f"again."
                ) from error


def _take_out_or_fence(lake: LakeTable, subject: Subject) -> Erased | None:
    """Return what was taken out of the loaded table; None if it held nothing, and the fence was committed instead.

    The search and the fence use the same load: rows that a sync commits between two loads would stay.
    """
    table = lake.table
    found = list(_found(table, subject))
    if not found:
        _fence(lake)
        return None
    made = [_rest(table, one, subject) for one in found]
    with table.transaction() as transaction, transaction.update_snapshot(_said(lake)).overwrite() as snapshot:
        for one, rest in zip(found, made, strict=True):
            snapshot.delete_data_file(one.task.file)
            if rest is not None:
                snapshot.append_data_file(rest)
    return Erased(sum(one.rows for one in found), len(found))


def _fence(lake: LakeTable) -> None:
    # This also drops the manifests that describe the removed files.
    with lake.table.transaction() as transaction:
        transaction.set_properties(_said(lake))
        with transaction.update_snapshot(_said(lake)).fast_append():
            pass


def _expire(lake: LakeTable) -> None:
    table = lake.table
    old = [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot != table.current_snapshot()]
    if old:
        try:
            table.maintenance.expire_snapshots().by_ids(old).commit()
        except ValueError as error:  # Another erasure has expired one of them: look again.
            raise CommitFailedException(str(error)) from error


def _said(lake: LakeTable) -> dict[str, str]:
    return {} if lake.checkpoint is None else checkpoints.summary(lake.checkpoint)


def _found(table: Table, subject: Subject) -> Iterator[_Found]:
    for task in table.scan(
        row_filter=EqualTo(term=Reference("tenant_id"), value=literal(subject.tenant_id))
    ).plan_files():
        if _may_hold(task.file, subject):
            rows = dataset(table, [task]).count_rows(filter=_expression(subject))
            if rows:
                yield _Found(task, rows)


def _may_hold(file: DataFile, subject: Subject) -> bool:
    least, greatest = bound(file.lower_bounds, "log_id"), bound(file.upper_bounds, "log_id")
    return subject.log_id is None or not (
        (least is not None and subject.log_id < least) or (greatest is not None and subject.log_id > greatest)
    )


def _may_name(file: DataFile, subject: Subject) -> bool:
    """Say whether the file's bounds, which its manifest holds, may come from erased logs."""
    if tenant_of(file) != subject.tenant_id:
        return False
    bounds = [bound(some, "log_id") for some in (file.lower_bounds, file.upper_bounds)]
    earliest = bound(file.lower_bounds, "received_at")
    if subject.log_id is not None:
        return subject.log_id in bounds
    return earliest is not None and int(earliest) <= _until(subject).timestamp() * 1e6


def _expression(subject: Subject) -> pc.Expression:
    if subject.log_id is not None:
        return pc.field("log_id") == subject.log_id
    return pc.field("received_at") <= pa.scalar(_until(subject).replace(tzinfo=None), pa.timestamp("us"))


def _until(subject: Subject) -> datetime:
    return instant(subject.until)


def _rest(table: Table, found: _Found, subject: Subject) -> DataFile | None:
    """Return a new file with the file's other rows, in their order; None if there are none."""
    file = found.task.file
    if found.rows == file.record_count:
        return None
    schema = schema_to_pyarrow(table.schema())  # With the columns' ids, by which any engine knows them.
    path = new_path(file)
    batches = dataset(table, [found.task]).to_batches(
        filter=~_expression(subject), batch_size=GROUP_ROWS, batch_readahead=1
    )
    with (
        table.io.new_output(path).create() as stream,
        pq.ParquetWriter(cast("IO[bytes]", stream), schema, compression="zstd") as writer,
    ):
        for batch in batches:
            if batch.num_rows:
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))
    return parquet_file_to_data_file(table.io, table.metadata, path)


def _delete_named(table: Table) -> tuple[int, int]:
    """Delete files that only older snapshots name, data first; return how many went, and how many AWS keeps for now."""
    current = table.current_snapshot()
    if current is None:
        return 0, 0
    keep = {*_files_of(table, current.snapshot_id)}
    gone = kept = 0
    for snapshot in table.snapshots():
        if snapshot.snapshot_id != current.snapshot_id:
            for location in [one for one in _files_of(table, snapshot.snapshot_id) if one not in keep]:
                keep.add(location)
                try:
                    table.io.delete(location)
                except FileNotFoundError:
                    pass
                except OSError:  # S3 Tables lets nobody else delete files.
                    kept += 1
                else:
                    gone += 1
    return gone, kept


def _files_of(table: Table, snapshot_id: int) -> list[str]:
    """Return the snapshot's files: data, then manifests, then their list. A manifest that is gone names no files."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return []
    data: list[str] = []
    manifests: list[str] = []
    try:
        for manifest in snapshot.manifests(table.io):
            manifests.append(manifest.manifest_path)
            data += [
                entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
            ]
    except OSError:
        pass
    return [*data, *manifests, snapshot.manifest_list]
