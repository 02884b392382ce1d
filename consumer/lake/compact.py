"""Small files into few, old snapshots out, unnamed files swept: for a lake whose catalog does none of it.

A commit of a compaction says the checkpoint that it found, and needs the snapshot that it read: a sync that commits
meanwhile wins, and the compaction looks again. No row changes.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, cast
from urllib.parse import unquote, urlsplit

import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import parquet_file_to_data_file, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from consumer.lake import checkpoint as checkpoints
from consumer.lake.files import dataset
from consumer.lake.schema import PROPERTIES
from consumer.lake.table import LakeTable

SMALL_BYTES: Final = 16 * 1024 * 1024
"""A file below this is small."""

GROUP_BYTES: Final = 32 * 1024 * 1024
"""Small files of one tenant and day that are made one, at most: some 300 MB of rows, which is the memory it takes."""

_SWEPT_AFTER_S: Final = 3 * 24 * 3600  # Iceberg's own default for files that nothing names: a commit takes minutes.
_ROW_GROUP: Final = int(PROPERTIES["write.parquet.row-group-limit"])
_ORDER: "Final[list[tuple[str, Literal['ascending', 'descending']]]]" = [
    ("received_at", "ascending"),
    ("log_id", "ascending"),
]


class Compacted(NamedTuple):
    """How many files were read, and how many were made of them."""

    read: int
    made: int


def compact(load: Callable[[], LakeTable]) -> Compacted:
    """Make one file of each group of small ones, sorted by time; return the counts."""
    read = made = 0
    while True:
        lake = load()
        group = next(_groups([*lake.table.scan().plan_files()]), None)
        if group is None:
            return Compacted(read, made)
        if _replace(lake, group):
            read += len(group)
            made += 1


def _groups(tasks: Sequence[FileScanTask]) -> Iterator[list[FileScanTask]]:
    """Yield the small files of one tenant and day, two at least, as many as fit into `GROUP_BYTES`."""
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
        if len(group) > 1:
            yield group


def _replace(lake: LakeTable, group: Sequence[FileScanTask]) -> bool:
    """Return whether the group's rows are one file now; else somebody committed meanwhile."""
    table = lake.table
    made = _made(table, group)
    said = {} if lake.checkpoint is None else checkpoints.summary(lake.checkpoint)
    try:
        with table.transaction() as transaction, transaction.update_snapshot(said).overwrite() as snapshot:
            for task in group:
                snapshot.delete_data_file(task.file)
            snapshot.append_data_file(made)
    except CommitFailedException:
        table.io.delete(made.file_path)
        return False
    return True


def _made(table: Table, group: Sequence[FileScanTask]) -> DataFile:
    rows = dataset(table, group).to_table().sort_by(_ORDER)
    schema = schema_to_pyarrow(table.schema())  # With the columns' ids, by which any engine knows them.
    path = f"{group[0].file.file_path.rpartition('/')[0]}/{uuid.uuid4()}.parquet"
    with (
        table.io.new_output(path).create() as stream,
        pq.ParquetWriter(cast("IO[bytes]", stream), schema, compression="zstd") as writer,
    ):
        writer.write_table(rows.cast(schema), row_group_size=_ROW_GROUP)
    return parquet_file_to_data_file(table.io, table.metadata, path)


def expire(table: Table, *, now: datetime, keep: timedelta) -> int:
    """Return how many snapshots older than `keep` are gone; the newest stays, whatever its age."""
    before = len(table.snapshots())
    table.maintenance.expire_snapshots().older_than(now - keep).commit()
    return before - len(table.catalog.load_table(table.name()).snapshots())


def sweep(table: Table, *, now_s: float | None = None) -> int:
    """Return how many files were deleted: in the table's folder, three days old, and named by no snapshot left.

    They are what killed and overtaken commits wrote, and what expired snapshots had to themselves.
    """
    named = {_path(location) for location in _named(table)}
    before_s = (time.time() if now_s is None else now_s) - _SWEPT_AFTER_S
    found = [path for path in _path(table.location()).rglob("*") if path.is_file() and path not in named]
    stale = [path for path in found if path.stat().st_mtime < before_s]
    for path in stale:
        path.unlink()
    return len(stale)


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
