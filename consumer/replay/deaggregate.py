"""Pure: takes a Kinesis record in the KPL's format apart into its user records, or says what is wrong with them.

Format: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

import hashlib
from typing import Final, Literal, NamedTuple

from google.protobuf.message import DecodeError

from consumer.replay.aggregated_record import AggregatedRecord
from ingest.contract.errors import UnreadableReason
from ingest.contract.kpl import DIGEST_SIZE, MAGIC

BrokenReason = Literal[
    "truncated",
    "wrong_digest",
    "broken_body",
    "index_out_of_range",
    "tenant_mismatch",
    UnreadableReason,
]

_FRAME_BYTES: Final = len(MAGIC) + DIGEST_SIZE


class UserRecord(NamedTuple):
    """One log's bytes. `sub_sequence_number` is its position in its aggregated record (the KCL's name), else 0."""

    sub_sequence_number: int
    partition_key: str
    data: bytes


class Broken(NamedTuple):
    """Bytes on the stream that are no log of ours: all bytes of a record, or those of one user record."""

    sub_sequence_number: int
    partition_key: str
    data: bytes
    reason: BrokenReason


def deaggregate(partition_key: str, data: bytes) -> list[UserRecord | Broken]:
    """Return the user records of a Kinesis record in their order; a plain record is its own only user record.

    The answer holds everything that the record holds. A record that starts with the magic but is damaged comes back
    whole as one `Broken`. A user record whose key is missing, or is no UTF-8, is a `Broken` among its neighbours.
    """
    if not data.startswith(MAGIC):
        return [UserRecord(0, partition_key, data)]
    if len(data) < _FRAME_BYTES:
        return [Broken(0, partition_key, data, "truncated")]
    body = data[len(MAGIC) : -DIGEST_SIZE]
    if hashlib.md5(body, usedforsecurity=False).digest() != data[-DIGEST_SIZE:]:
        return [Broken(0, partition_key, data, "wrong_digest")]
    try:
        aggregated = AggregatedRecord.FromString(body)
    except DecodeError:
        return [Broken(0, partition_key, data, "broken_body")]
    if not aggregated.IsInitialized():  # A required field is missing, which the parser lets pass.
        return [Broken(0, partition_key, data, "broken_body")]
    keys = list(aggregated.partition_key_table)
    hash_keys = len(aggregated.explicit_hash_key_table)
    user_records: list[UserRecord | Broken] = []
    for position, record in enumerate(aggregated.records):
        index = record.partition_key_index
        # Explicit hash keys only steer the write: an index is checked, because a wrong one means a broken writer.
        if index >= len(keys) or (
            record.HasField("explicit_hash_key_index") and record.explicit_hash_key_index >= hash_keys
        ):
            user_records.append(Broken(position, partition_key, record.data, "index_out_of_range"))
        elif not isinstance(keys[index], str):  # protobuf gives a proto2 string that is no UTF-8 as bytes.
            user_records.append(Broken(position, partition_key, record.data, "undecodable"))
        else:
            user_records.append(UserRecord(position, keys[index], record.data))
    return user_records
