"""Parquet in a folder, partitioned by tenant and date as in `tenant_id=acme/date=2026-11-24/part-000001.parquet`.

Needs pyarrow (the extra `analytics`). DuckDB, Athena and Spark read such a folder as one table.
"""

import os
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from consumer.replay import private
from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.timestamps import instant
from ingest.contract import exact_json
from ingest.contract.message import InternalMessage

_MAX_BUFFERED_BYTES: Final = 64 * 1024 * 1024
_PART: Final = re.compile(r"part-(\d{6,})\.parquet")
_PARTIAL_SUFFIX: Final = ".partial"

_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("log_id", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    # UTC, and no time zone in the type: DuckDB and Athena then need no time zone library to truncate it to a minute.
    pa.field("received_at", pa.timestamp("ms"), nullable=False),
    pa.field("text", pa.string(), nullable=False),
    # RFC 3339 with the sender's digits: a column of ns would hold only the years 1677 to 2262.
    pa.field("event_at", pa.string()),
    pa.field("severity", pa.string()),
    pa.field("fields", pa.string()),  # JSON: tenants' fields have no common type.
]
SCHEMA: Final = pa.schema(_FIELDS)
"""A part file's columns; the partition columns tenant_id and date are in its path."""

_Row = tuple[str, str, datetime, str, str | None, str | None, str | None]  # In the order of the columns.


class ParquetSink:
    """Each commit writes one part file per tenant and date. The position is the number of the last commit's parts."""

    commit_logs = 200_000
    idle_commit_s = 60.0  # When following, one part file a minute: many small files make slow queries.

    def __init__(self, folder: Path, *, full_bytes: int = _MAX_BUFFERED_BYTES) -> None:
        self._folder = folder
        self._full_bytes = full_bytes
        self._part = 0
        self._rows: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
        self._buffered_bytes = 0

    @property
    def full(self) -> bool:
        """Whether 64 MiB (`full_bytes`) of texts and fields wait for the next commit."""
        return self._buffered_bytes >= self._full_bytes

    def resume(self, committed: int) -> None:
        """Delete the parts after part number `committed`; with 0, the folder may hold nothing but parts.

        Raises:
            CheckpointMismatchError: with 0, the folder holds other files.
        """
        private.made_folder(self._folder)
        if committed == 0 and any(self._folder.iterdir()):
            stray = [path for path in self._folder.rglob("*") if path.is_file() and not _is_ours(path)]
            if stray:
                raise CheckpointMismatchError(
                    f"{self._folder} has files that no replay wrote, such as {stray[0].name}. "
                    f"Name an empty or a new folder: --to DIR/."
                )
        for path in sorted(self._folder.rglob("part-*")):
            number = _PART.fullmatch(path.name.removesuffix(_PARTIAL_SUFFIX))
            if number and (path.name.endswith(_PARTIAL_SUFFIX) or int(number[1]) > committed):
                path.unlink()
        self._part = committed

    def write(self, message: InternalMessage) -> None:
        """Take one log."""
        received_at = instant(message.received_at).replace(tzinfo=None)
        fields = None if message.fields is None else exact_json.encode(message.fields).decode()
        self._rows[message.tenant_id, received_at.date().isoformat()].append(
            (
                message.log_id,
                message.source,
                received_at,
                message.text,
                message.event_at,
                message.severity,
                fields,
            )
        )
        self._buffered_bytes += len(message.text) + len(fields or "")

    def commit(self) -> int:
        """Write the parts, durably; return their number."""
        if self._rows:
            self._part += 1
            # Each part gets its final name at once: after a kill between two, resume deletes parts by their number.
            for (tenant_id, date), rows in sorted(self._rows.items()):
                _write(self._folder / f"tenant_id={tenant_id}" / f"date={date}", self._part, rows)
            self._rows.clear()
            self._buffered_bytes = 0
        return self._part

    def close(self) -> None:
        """Drop what was not committed."""
        self._rows.clear()


def _is_ours(path: Path) -> bool:
    return _PART.fullmatch(path.name.removesuffix(_PARTIAL_SUFFIX)) is not None


def _write(folder: Path, number: int, rows: list[_Row]) -> None:
    columns = dict(zip(SCHEMA.names, zip(*rows, strict=True), strict=True))
    private.made_folder(folder)
    final = folder / f"part-{number:06}.parquet"
    partial = final.with_name(final.name + _PARTIAL_SUFFIX)
    partial.unlink(missing_ok=True)
    with private.opened(partial, anew=True) as file:
        pq.write_table(pa.table(columns, schema=SCHEMA), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(final)
    private.sync_folder(folder)
