"""A writer of KPL aggregated records: user records in, the bytes of Kinesis records out. Pure.

Format: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md (magic, protobuf, MD5). The
bytes are those that the reference library `aws_kinesis_agg` writes; `consumer.replay` reads with it. Here its import,
mostly protobuf's, would take 40 ms of a cold start.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MAGIC: Final = b"\xf3\x89\x9a\xc2"
DIGEST_SIZE: Final = 16
"""Bytes of the MD5 of the body, which is between magic and digest."""

DEFAULT_MAX_BYTES: Final = 51_200
"""The KPL's own AggregationMaxSize: two PUT payload units of 25 KB."""

_MAX_BYTES_PER_RECORD: Final = 1024 * 1024
"""The default record limit of a stream (PutRecords API reference, November 2026)."""

# Bytes of a Kinesis record with one user record, without data and keys: 64 cover protobuf's tags, lengths and indices.
_ENVELOPE_BYTES: Final = len(MAGIC) + DIGEST_SIZE + 64

# protobuf's tags (field number and wire type) of messages.proto, AggregatedRecord and Record.
_PARTITION_KEY_TABLE: Final = b"\x0a"
_EXPLICIT_HASH_KEY_TABLE: Final = b"\x12"
_RECORDS: Final = b"\x1a"
_PARTITION_KEY_INDEX_0: Final = b"\x08\x00"
_EXPLICIT_HASH_KEY_INDEX_0: Final = b"\x10\x00"
_DATA: Final = b"\x1a"


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

    A user record too large for that has an aggregated record of its own, of at most 1 MiB. One that is too large even
    for that is not in the output: no stream can take it.
    """
    partition_key = tenant_id.encode()
    hash_key = (explicit_hash_key or "").encode()
    tables = _PARTITION_KEY_TABLE + _varint(len(partition_key)) + partition_key
    before_data = _PARTITION_KEY_INDEX_0
    if hash_key:
        tables += _EXPLICIT_HASH_KEY_TABLE + _varint(len(hash_key)) + hash_key
        before_data += _EXPLICIT_HASH_KEY_INDEX_0
    before_data += _DATA
    # The key counts twice: in the record's table, and beside the data, because the stream's limit includes it.
    envelope_bytes = _ENVELOPE_BYTES + 2 * len(partition_key) + len(hash_key)
    empty_bytes = len(MAGIC) + len(tables) + DIGEST_SIZE

    pieces, positions, packed_bytes = [tables], list[int](), empty_bytes
    for position, data in user_records:
        start = before_data + _varint(len(data))
        start = _RECORDS + _varint(len(start) + len(data)) + start
        alone = len(data) + envelope_bytes > max_bytes
        if positions and (alone or packed_bytes + len(start) + len(data) > max_bytes):
            yield Packed(_framed(pieces), tuple(positions))
            pieces, positions, packed_bytes = [tables], [], empty_bytes
        if alone:
            if len(data) + envelope_bytes <= _MAX_BYTES_PER_RECORD:
                yield Packed(_framed([tables, start, data]), (position,))
            continue
        pieces += (start, data)
        positions.append(position)
        packed_bytes += len(start) + len(data)
    if positions:
        yield Packed(_framed(pieces), tuple(positions))


def _framed(pieces: list[bytes]) -> bytes:
    body = b"".join(pieces)
    return b"".join((MAGIC, body, hashlib.md5(body, usedforsecurity=False).digest()))


def _varint(value: int) -> bytes:
    """Return a length as a varint: seven bits in each byte, the lowest first; the top bit says that more follow."""
    if value < 0x80:  # noqa: PLR2004 - seven bits
        return value.to_bytes()
    groups = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - as above
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
