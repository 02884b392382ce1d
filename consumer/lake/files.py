"""A table's data files as one pyarrow dataset, which skips the files and columns that a query does not need."""

from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import PrimitiveType

from consumer.lake.schema import ARROW, SCHEMA, TENANT_POSITION

_BOUNDED: Final = ("received_at", "log_id", "event_time", "severity")


class UnreadableFileError(Exception):
    """A data file is in a form that this program never writes. The text says which."""


def tenant_of(file: DataFile) -> str:
    """Return the tenant whose rows the file holds."""
    return str(file.partition[TENANT_POSITION])


def bound(bounds: dict[int, bytes] | None, name: str) -> Any:
    """Return the column's value in a file's lower or upper bounds, or None."""
    field = SCHEMA.find_field(name)
    encoded = (bounds or {}).get(field.field_id)
    if encoded is None or not isinstance(field.field_type, PrimitiveType):
        return None
    return from_bytes(field.field_type, encoded)


def dataset(table: Table, tasks: Iterable[FileScanTask]) -> ds.Dataset:
    """Return the files as a dataset; each file has the bounds that its manifest states for its rows.

    Raises:
        UnreadableFileError: a file has delete files, or is not read by pyarrow.
    """
    format_ = ds.ParquetFileFormat()
    filesystem = None
    fragments = []
    for task in tasks:
        if task.delete_files:
            raise UnreadableFileError(
                f"{task.file.file_path} has Iceberg delete files, which rdp does not read. Compact the table with the "
                f"program that wrote them."
            )
        filesystem, path = _located(table, task.file.file_path)
        fragments.append(
            format_.make_fragment(
                path,
                filesystem=filesystem,
                partition_expression=_known(task.file),
                file_size=task.file.file_size_in_bytes,
            )
        )
    if not fragments:
        return ds.dataset(ARROW.empty_table())
    return ds.FileSystemDataset(fragments, ARROW, format_, filesystem)


def _located(table: Table, location: str) -> tuple[Any, str]:
    if not isinstance(table.io, PyArrowFileIO):
        raise UnreadableFileError(f"The table's files are read by {type(table.io).__name__}, not by pyarrow.")
    scheme, netloc, path = PyArrowFileIO.parse_location(location, table.io.properties)
    return table.io.fs_by_scheme(scheme, netloc), path


def _known(file: DataFile) -> pc.Expression:
    known = [pc.field("tenant_id") == pc.scalar(tenant_of(file))]
    for name in _BOUNDED:
        field = pc.field(name)
        type_ = ARROW.field(name).type
        for bounds, compared in ((file.lower_bounds, "least"), (file.upper_bounds, "greatest")):
            value = _scalar(bound(bounds, name), type_)
            if value is None:
                continue
            inside = field >= value if compared == "least" else field <= value
            # The file may also hold rows without a value.
            known.append(inside | field.is_null() if ARROW.field(name).nullable else inside)
    return reduce(and_, known)


def _scalar(value: Any, type_: pa.DataType) -> "pa.Scalar[Any] | None":
    """Return the value for pyarrow: Iceberg counts a time in microseconds since the epoch."""
    return None if value is None else pa.scalar(value, pa.int64() if isinstance(value, int) else type_).cast(type_)
