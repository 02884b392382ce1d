"""What a query answers, as text and as files."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq


def cells(answer: pa.RecordBatchReader) -> Iterator[list[str]]:
    """Yield each row as text: a time in RFC 3339, nothing where there is no value."""
    for row in _rows(answer):
        yield ["" if value is None else value if isinstance(value, str) else _text(value) for value in row.values()]


def json_lines(answer: pa.RecordBatchReader) -> Iterator[str]:
    """Yield each row as a JSON object."""
    for row in _rows(answer):
        yield msgspec.json.encode(row).decode()


def write_csv(answer: pa.RecordBatchReader, to: BinaryIO) -> None:
    """Write RFC 4180 with a header line."""
    with pyarrow.csv.CSVWriter(to, answer.schema) as writer:
        for batch in answer:
            writer.write_batch(batch)


def write_parquet(answer: pa.RecordBatchReader, to: BinaryIO) -> None:
    """Write one Parquet file."""
    with pq.ParquetWriter(to, answer.schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(batch)


def _rows(answer: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in answer:
        yield from batch.to_pylist()


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
