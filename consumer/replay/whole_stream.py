"""Opens a whole stream for reading: lists its shards, starts a reader per shard, and merges them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from consumer.replay.checkpoint import ShardPosition
from consumer.replay.merge import Merge, Readers
from consumer.replay.read import PAGE_BYTES, Page, list_shards, pages
from consumer.replay.readers import PAGES_HELD, OpenPages, ShardReaders
from consumer.replay.shards import Shard, from_listing
from ingest.aws.retry import Time

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_FOLLOW_POLL_S: Final = 1.0
"""AWS's advice for a shard that is caught up (GetRecords API reference)."""

HELD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of data that all shards' readers together hold, about."""

_LEAST_PAGE_BYTES: Final = 64 * 1024  # Above 256 shards memory grows with them: a page needs a record, often 50 KiB.


def page_bytes(shards: int) -> int:
    """Return how large pages may be with this number of shards, so that all together hold `HELD_BYTES`."""
    return max(_LEAST_PAGE_BYTES, min(PAGE_BYTES, HELD_BYTES // (PAGES_HELD * max(1, shards))))


class ClosingReaders(Readers, Protocol):
    """Readers that can be ended; their sleeps then raise."""

    def close(self) -> None:
        """End every reading."""


@contextmanager
def read_stream(
    client: "KinesisClient",
    stream_name: str,
    *,
    positions: Mapping[str, ShardPosition],
    since: datetime | None,
    follow: bool,
    stopped: Callable[[], bool],
    time: Time,
    readers: Callable[[OpenPages], ClosingReaders] = ShardReaders,
) -> Iterator[Merge]:
    """Give the merged stream from `positions` on; its readers end with the `with` block.

    `since` skips records that arrived long before it (by Kinesis's clock, with a margin); select by received_at too.

    Raises:
        StreamUnreadableError: at once or from the merge: Kinesis refuses for another reason than its load.
    """
    known_shards = 0

    def shards() -> dict[str, Shard]:
        nonlocal known_shards
        found = from_listing(list_shards(client, stream_name, time=time))
        known_shards = len(found)
        return found

    def open_pages(shard_id: str, position: ShardPosition, reader_sleep: Callable[[float], None]) -> Iterator[Page]:
        return pages(
            client,
            stream_name,
            shard_id,
            position,
            since=since,
            idle_wait_s=_FOLLOW_POLL_S if follow else 0,
            time=time._replace(sleep=reader_sleep),
            page_bytes=page_bytes(known_shards),
        )

    opened = readers(open_pages)
    try:
        yield Merge(opened, shards, positions, follow=follow, stopped=stopped)
    finally:
        opened.close()
