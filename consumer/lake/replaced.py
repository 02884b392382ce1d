"""Whether a stream is still the one that a checkpoint was reading.

A stream that was restored from an older state has the same name and creation time. Its new records get sequence numbers
that lie before the checkpoint's positions, and would count as read. So this looks for the record that a position names.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from consumer.replay.attempts import StreamUnreadableError, error_code
from consumer.replay.checkpoint import SHARD_END, TRIM_HORIZON, ShardPosition
from consumer.replay.read import list_shards, pages
from ingest.aws.retry import Time

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_NOT_OF_THIS_STREAM: Final = "InvalidArgumentException"  # GetShardIterator API reference, November 2026.


def replaced_shards(
    client: "KinesisClient", stream_name: str, positions: Mapping[str, ShardPosition], *, time: Time
) -> list[str]:
    """Return the shards that hold records from before their position, but not the record that the position names.

    Retention cannot cause this, because it deletes the oldest records first. The check costs one or two calls per shard
    that is being read.

    Raises:
        StreamUnreadableError: Kinesis refuses.
    """
    read = {
        shard_id: position
        for shard_id, position in positions.items()
        if position.sequence_number not in (SHARD_END, TRIM_HORIZON)
    }
    if not read:
        return []
    listed = {shard["ShardId"] for shard in list_shards(client, stream_name, time=time)}
    first = partial(_first, client, stream_name, time)
    return [shard_id for shard_id, at in read.items() if shard_id in listed and _is_replaced(first, shard_id, at)]


def _is_replaced(first: Callable[[str, ShardPosition], str | None], shard_id: str, position: ShardPosition) -> bool:
    try:
        if first(shard_id, position) == position.sequence_number:
            return False
    except StreamUnreadableError as error:
        if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == _NOT_OF_THIS_STREAM:
            return True
        raise
    oldest = first(shard_id, ShardPosition())
    return oldest is not None and int(oldest) < int(position.sequence_number)


def _first(client: "KinesisClient", stream_name: str, time: Time, shard_id: str, position: ShardPosition) -> str | None:
    """Return the number of the shard's first record from the position on, or None if there is none."""
    for page in pages(client, stream_name, shard_id, position, since=None, idle_wait_s=0, time=time):
        if page.records:
            return page.records[0]["SequenceNumber"]
        if page.caught_up:
            return None
    return None
