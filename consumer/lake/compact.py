"""Merges small files, expires old snapshots and sweeps unnamed files, for a lake whose catalog does none of this.

A compaction's commit repeats the checkpoint that it found, and succeeds only on the snapshot that it read. If a sync
commits meanwhile, the sync wins, and the compaction looks again. No row changes.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, cast
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import parquet_file_to_data_file, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from consumer.lake import checkpoint as checkpoints
from consumer.lake.files import dataset
from consumer.lake.schema import ARROW, PROPERTIES
from consumer.lake.table import LakeTable

SMALL_BYTES: Final = 16 * 1024 * 1024
"""A file below this is small."""

GROUP_BYTES: Final = 32 * 1024 * 1024
"""The most bytes of small files (of one tenant and day) that are made into one file."""

DECODED_BYTES: Final = 256 * 1024 * 1024
"""The same limit as rows in memory: if all rows have one text, they are a thousand times the size of their file."""

_SWEPT_AFTER_S: Final = 3 * 24 * 3600  # Iceberg's own default for unnamed files; a commit takes only minutes.
_BATCH_ROWS: Final = 4096
_LEAST_FILES: Final = 2  # Fewer cannot be merged.
GROUP_ROWS: Final = int(PROPERTIES["write.parquet.row-group-limit"])
"""Rows of a row group."""

_ORDER: "Final[list[tuple[str, Literal['ascending', 'descending']]]]" = [
    ("received_at", "ascending"),
    ("log_id", "ascending"),
]


class Compacted(NamedTuple):
    """How many files were read, and how many were made of them."""

    read: int
    made: int


def compact(load: Callable[[], LakeTable], *, decoded_bytes: int = DECODED_BYTES) -> Compacted:
    """Make one file, sorted by time, of each group of small files; return the counts."""
    read = made = 0
    full: set[str] = set()  # Files whose rows do not fit into memory beside another's.
    while True:
        lake = load()
        tasks = [task for task in lake.table.scan().plan_files() if task.file.file_path not in full]
        group = next(_groups(tasks), None)
        if group is None:
            return Compacted(read, made)
        rows, taken = _read(lake.table, group, decoded_bytes)
        if rows is None:
            full.add(taken[0].file.file_path)
        elif _replace(lake, taken, rows):
            read += len(taken)
            made += 1


def _groups(tasks: Sequence[FileScanTask]) -> Iterator[list[FileScanTask]]:
    """Yield groups of small files of one tenant and day: at least two files, and as many as fit into `GROUP_BYTES`."""
    parts: defaultdict[tuple[Any, ...], list[FileScanTask]] = defaultdict(list)
    for task in tasks:
        if task.file.file_size_in_bytes < SMALL_BYTES:
            partition = task.file.partition
            parts[tuple(partition[place] for place in range(len(partition)))].append(task)
    for part in parts.values():
        group: list[FileScanTask] = []
        for task in sorted(part, key=lambda task: task.file.file_size_in_bytes):
            if sum(taken.file.file_size_in_bytes for taken in group) + task.file.file_size_in_bytes > GROUP_BYTES:
                break
            group.append(task)
        if len(group) >= _LEAST_FILES:
            yield group


def _read(
    table: Table, group: Sequence[FileScanTask], decoded_bytes: int
) -> tuple[pa.Table | None, Sequence[FileScanTask]]:
    """Return the rows of the first files of the group, as many as fit, and those files.

    If not even two files fit, return None and the file that does not fit.

    Memory: `decoded_bytes` and a batch.
    """
    batches: list[pa.RecordBatch] = []
    taken_batches = taken_files = used = 0
    for task in group:
        for batch in dataset(table, [task]).to_batches(batch_size=_BATCH_ROWS, batch_readahead=1, fragment_readahead=1):
            batches.append(batch)
            used += batch.nbytes
            if used > decoded_bytes:
                break
        else:
            taken_files += 1
            taken_batches = len(batches)
            continue
        break
    if taken_files < _LEAST_FILES:
        return None, (group[taken_files],)
    return pa.Table.from_batches(batches[:taken_batches], ARROW), group[:taken_files]


def _replace(lake: LakeTable, group: Sequence[FileScanTask], rows: pa.Table) -> bool:
    """Return whether the group's rows are one file now; False if somebody else committed meanwhile."""
    table = lake.table
    made = _made(table, group, rows.sort_by(_ORDER))
    said = {} if lake.checkpoint is None else checkpoints.summary(lake.checkpoint)
    try:
        with table.transaction() as transaction, transaction.update_snapshot(said).overwrite() as snapshot:
            for task in group:
                snapshot.delete_data_file(task.file)
            snapshot.append_data_file(made)
    except CommitFailedException:
        with suppress(FileNotFoundError):  # An erasure was faster, and has deleted the new file.
            table.io.delete(made.file_path)
        return False
    return True


def _made(table: Table, group: Sequence[FileScanTask], rows: pa.Table) -> DataFile:
    schema = schema_to_pyarrow(table.schema())  # With the columns' ids, by which any engine knows them.
    path = new_path(group[0].file)
    with (
        table.io.new_output(path).create() as stream,
        pq.ParquetWriter(cast("IO[bytes]", stream), schema, compression="zstd") as writer,
    ):
        writer.write_table(rows.cast(schema), row_group_size=GROUP_ROWS)
    return parquet_file_to_data_file(table.io, table.metadata, path)


def expire(table: Table, *, now: datetime, keep: timedelta) -> int:
    """Return how many snapshots older than `keep` were expired; the newest stays, whatever its age."""
    before = len(table.snapshots())
    table.maintenance.expire_snapshots().older_than(now - keep).commit()
    return before - len(table.catalog.load_table(table.name()).snapshots())


def sweep(table: Table, *, now_s: float | None = None) -> int:
    """Return how many files were deleted: in the table's folder, three days old, and named by no snapshot left.

    Commits that were killed or lost a race wrote them, or only expired snapshots named them.
    """
    stale = unnamed(table, before_s=(time.time() if now_s is None else now_s) - _SWEPT_AFTER_S)
    for path in stale:
        path.unlink()
    return len(stale)


def unnamed(table: Table, *, before_s: float | None = None) -> list[Path]:
    """Return the files in the table's folder that no snapshot names; with `before_s`, those last written before it."""
    named = {_path(location) for location in _named(table)}
    found = [path for path in _path(table.location()).rglob("*") if path.is_file() and path not in named]
    return [path for path in found if before_s is None or path.stat().st_mtime < before_s]


def new_path(file: DataFile) -> str:
    """Return a new path for a file that replaces this one."""
    return f"{file.file_path.rpartition('/')[0]}/{uuid.uuid4()}.parquet"


def _named(table: Table) -> Iterator[str]:
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    for snapshot in table.snapshots():
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            yield manifest.manifest_path
            yield from (entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))


def _path(location: str) -> Path:
    parts = urlsplit(location)
    return Path(unquote(parts.path) if parts.scheme else location)
