"""KPL aggregated records, written with `aws_kinesis_agg`: the one place that imports it.

Format: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md (magic, protobuf, MD5).
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_path_before_import = list(sys.path)
from aws_kinesis_agg import (  # noqa: E402 - between the two lines that guard sys.path
    DIGEST_SIZE,
    MAGIC,
    MAX_BYTES_PER_RECORD,
)
from aws_kinesis_agg.aggregator import AggRecord, RecordAggregator  # noqa: E402 - as above
from aws_kinesis_agg.messages_pb2 import AggregatedRecord  # noqa: E402 - as above

# aws_kinesis_agg 1.2.3 puts its own folder, with generic module names such as `config_pb2`, at the head of sys.path.
sys.path[:] = _path_before_import

__all__ = ["DEFAULT_MAX_BYTES", "DIGEST_SIZE", "MAGIC", "AggregatedRecord", "Packed", "aggregate"]

DEFAULT_MAX_BYTES: Final = 51_200
"""The KPL's own AggregationMaxSize: two PUT payload units of 25 KB."""

# The aggregator compares a record's size without the magic and the digest first, and silently loses what lies between:
# it is never handed a record that is so close to its limit. 64 bytes cover the protobuf tags, lengths and indices.
_ENVELOPE_BYTES: Final = len(MAGIC) + DIGEST_SIZE + 64


class Packed(NamedTuple):
    """One Kinesis record: its `data`, and the positions in the input of the user records inside it, in order."""

    data: bytes
    positions: tuple[int, ...]


def aggregate(
    tenant_id: str,
    user_records: Iterable[tuple[int, bytes]],
    *,
    explicit_hash_key: str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> Iterator[Packed]:
    """Yield aggregated records of at most `max_bytes` that hold one tenant's (position, data) pairs, in order.

    A user record that is larger than that comes in an aggregated record of its own, of at most 1 MiB (the default
    record limit of a stream, PutRecords API reference, November 2026). One that does not even fit there is not in the
    output: a stream cannot take it.
    """
    # Bytes, because a str makes the aggregator count each character as four bytes.
    partition_key = tenant_id.encode()
    hash_key = explicit_hash_key.encode() if explicit_hash_key is not None else None
    # The key counts twice: in the record's own table, and beside the data towards the stream's limit.
    envelope_bytes = _ENVELOPE_BYTES + 2 * len(partition_key) + len(hash_key or b"")
    aggregator = RecordAggregator(max_bytes)
    positions: list[int] = []
    for position, data in user_records:
        if len(data) + envelope_bytes > max_bytes:
            if positions:
                yield Packed(_data(aggregator.clear_and_get()), tuple(positions))
                positions = []
            if len(data) + envelope_bytes <= MAX_BYTES_PER_RECORD:
                alone = RecordAggregator(MAX_BYTES_PER_RECORD)
                alone.add_user_record(partition_key, data, hash_key)
                yield Packed(_data(alone.clear_and_get()), (position,))
            continue
        full = aggregator.add_user_record(partition_key, data, hash_key)
        if full is not None:
            yield Packed(_data(full), tuple(positions))
            positions = []
        positions.append(position)
    if positions:
        yield Packed(_data(aggregator.clear_and_get()), tuple(positions))


def _data(record: AggRecord) -> bytes:
    data: bytes = record.get_contents()[2]
    return data
