"""The table as Iceberg has it: columns, partitions, and the properties that exactly-once rests on."""

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import BinaryType, IcebergType, NestedField, StringType, TimestampType

from consumer.lake.rows import Row

_TYPES: Final[Mapping[str, tuple[IcebergType, pa.DataType, bool]]] = {
    "tenant_id": (StringType(), pa.string(), True),
    "log_id": (StringType(), pa.string(), True),
    "received_at": (TimestampType(), pa.timestamp("us"), True),
    "event_at": (StringType(), pa.string(), False),
    "event_time": (TimestampType(), pa.timestamp("us"), False),
    "severity": (StringType(), pa.string(), False),
    "source": (StringType(), pa.string(), True),
    "text": (StringType(), pa.string(), True),
    "fields": (StringType(), pa.string(), False),  # JSON: tenants' fields have no common type.
    "redaction_version": (StringType(), pa.string(), True),
    "original_digest": (BinaryType(), pa.binary(), False),
}

SCHEMA: Final = Schema(
    *(
        NestedField(field_id=number, name=name, field_type=iceberg, required=required)
        for number, (name, (iceberg, _, required)) in enumerate(_TYPES.items(), 1)
    )
)
"""The columns, as `rows.Row` has them."""

ARROW: Final = pa.schema(
    [pa.field(name, arrow, nullable=not required) for name, (_, arrow, required) in _TYPES.items()]
)
"""The same for pyarrow."""

TENANT_POSITION: Final = 0
"""The tenant's position in a file's partition; the day is next."""

_FIRST_PARTITION_FIELD: Final = 1000  # Iceberg's own first number for partition fields.

PARTITIONS: Final = PartitionSpec(
    PartitionField(SCHEMA.find_field("tenant_id").field_id, _FIRST_PARTITION_FIELD, IdentityTransform(), "tenant_id"),
    PartitionField(SCHEMA.find_field("received_at").field_id, _FIRST_PARTITION_FIELD + 1, DayTransform(), "day"),
)
"""By tenant, and by the day (UTC) on which the log was received."""

RETRIES: Final = "commit.retry.num-retries"

PROPERTIES: Final[Mapping[str, str]] = {
    # With retries, pyiceberg would append the same rows again after a lost race, though the winner may have them too.
    RETRIES: "0",
    "write.metadata.metrics.column.log_id": "full",  # The default is 16 characters; whole ids tell files apart.
    # No bounds for what senders write. No query skips files by them, and one log could end every sync: from a text of
    # more than 16 characters whose 16th is U+D7FF, pyiceberg makes half a surrogate pair, which it cannot write.
    **{f"write.metadata.metrics.column.{name}": "counts" for name in ("source", "event_at", "text", "fields")},
    "write.parquet.row-group-limit": "65536",  # So that a reader of one hour skips most of a day's file.
    "write.target-file-size-bytes": str(128 * 1024 * 1024),
    "commit.manifest-merge.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
}


def arrow_table(rows: Iterable[Row]) -> pa.Table:
    """Return the rows as pyarrow has them."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, ARROW, strict=False)]
    return pa.Table.from_arrays(arrays, schema=ARROW) if arrays else ARROW.empty_table()
