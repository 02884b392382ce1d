"""A query's answer, as text and as files."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import count
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq


def cells(answer: pa.RecordBatchReader) -> Iterator[list[str]]:
    """Yield each row as text: a time in RFC 3339, nothing where there is no value."""
    for row in _rows(answer):
        yield ["" if value is None else value if isinstance(value, str) else _text(value) for value in row]


def json_lines(answer: pa.RecordBatchReader) -> Iterator[str]:
    """Yield each row as a JSON object: a sum is a number, and a second column with the same name is `name_2`."""
    names = _told_apart(answer.schema.names)
    encode = msgspec.json.Encoder(decimal_format="number").encode
    for row in _rows(answer):
        yield encode(dict(zip(names, row, strict=True))).decode()


def write_csv(answer: pa.RecordBatchReader, to: BinaryIO) -> None:
    """Write RFC 4180 with a header line. What CSV has no form for is as in a table: bytes in hex, lists as text."""
    kept = [_is_of_csv(field.type) for field in answer.schema]
    fields = [
        field if is_kept else pa.field(field.name, pa.string())
        for field, is_kept in zip(answer.schema, kept, strict=True)
    ]
    with pyarrow.csv.CSVWriter(to, pa.schema(fields)) as writer:
        for batch in answer:
            columns = [
                column
                if is_kept
                else pa.array([None if value is None else _text(value) for value in column.to_pylist()], pa.string())
                for column, is_kept in zip(batch.columns, kept, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields)))


def write_parquet(answer: pa.RecordBatchReader, to: BinaryIO) -> None:
    """Write one Parquet file, its columns named as in JSON."""
    names = _told_apart(answer.schema.names)
    schema = pa.schema([field.with_name(name) for field, name in zip(answer.schema, names, strict=True)])
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def _rows(answer: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    """Yield each row as a tuple, because two columns of an answer may have the same name."""
    for batch in answer:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return the names made unique: a second `a` is `a_2`, or has the next number that is free."""
    taken = set(names)
    found: list[str] = []
    for name in names:
        candidates = (f"{name}_{number}" for number in count(2))
        told = name if name not in found else next(other for other in candidates if other not in taken)
        taken.add(told)
        found.append(told)
    return found


def _is_of_csv(type_: pa.DataType) -> bool:
    is_bytes = pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_)
    return not (is_bytes or pa.types.is_nested(type_))


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
