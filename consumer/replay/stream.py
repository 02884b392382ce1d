"""A whole stream opened for reading: its shards listed, a reader a shard, and the merge over them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from consumer.replay.checkpoint import ShardPosition
from consumer.replay.merge import Merge
from consumer.replay.read import Page, list_shards, pages
from consumer.replay.readers import ShardReaders
from consumer.replay.shards import Shard, from_listing

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_FOLLOW_POLL_S: Final = 1.0
"""AWS's advice for a shard that is caught up (GetRecords API reference)."""


@contextmanager
def read_stream(
    client: "KinesisClient",
    stream_name: str,
    *,
    positions: Mapping[str, ShardPosition],
    since: datetime | None,
    follow: bool,
    stopped: Callable[[], bool],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Merge]:
    """Give the merged stream from `positions` on; its readers end with the `with` block.

    `since` spares reading what arrived long before it (by Kinesis's clock, with a margin); select by received_at too.

    Raises:
        StreamUnreadableError: at once or from the merge: Kinesis refuses for another reason than its load.
    """

    def shards() -> dict[str, Shard]:
        return from_listing(list_shards(client, stream_name, sleep=sleep))

    def open_pages(shard_id: str, position: ShardPosition, reader_sleep: Callable[[float], None]) -> Iterator[Page]:
        return pages(
            client,
            stream_name,
            shard_id,
            position,
            since=since,
            idle_wait_s=_FOLLOW_POLL_S if follow else 0,
            monotonic=monotonic,
            sleep=reader_sleep,
        )

    readers = ShardReaders(open_pages)
    try:
        yield Merge(readers, shards, positions, follow=follow, stopped=stopped)
    finally:
        readers.close()
