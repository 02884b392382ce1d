"""What a lake holds, by tenant and day, and how far it is behind the stream."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from pyiceberg.table import Table

from consumer.lake.files import tenant_of
from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.read import list_shards, pages
from ingest.aws.retry import Time

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_DAY_POSITION: Final = 1
_EPOCH: Final = date(1970, 1, 1)


class Part(NamedTuple):
    """One tenant's rows of one day (UTC), the files that they are in, and the files' bytes."""

    tenant_id: str
    day: str
    rows: int
    files: int
    file_bytes: int


class Moment(NamedTuple):
    """One snapshot, what made it, and how many rows the table had then."""

    snapshot_id: int
    committed_at: datetime
    operation: str
    rows: int


def parts(table: Table) -> list[Part]:
    """Return what the table holds now, by tenant and day, out of its manifests: no data file is opened."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for task in table.scan().plan_files():
        sums = found[tenant_of(task.file), _day(task.file.partition[_DAY_POSITION])]
        sums[0] += task.file.record_count
        sums[1] += 1
        sums[2] += task.file.file_size_in_bytes
    return [Part(tenant_id, day, *sums) for (tenant_id, day), sums in sorted(found.items())]


def moments(table: Table) -> list[Moment]:
    """Return the snapshots that can be queried, the oldest first."""
    return [
        Moment(
            snapshot.snapshot_id,
            datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
            "" if snapshot.summary is None else snapshot.summary.operation.value,
            0 if snapshot.summary is None else int(snapshot.summary.additional_properties.get("total-records") or 0),
        )
        for snapshot in table.snapshots()
    ]


def lag_ms(
    client: "KinesisClient",
    stream_name: str,
    positions: Mapping[str, ShardPosition],
    *,
    now_ms: Callable[[], int],
    time: Time,
) -> int:
    """Return how long the oldest record that the lake has not read has been on the stream; 0 when it has read all.

    Raises:
        StreamUnreadableError: Kinesis refuses.
    """
    waiting = [
        arrived_ms
        for shard in list_shards(client, stream_name, time=time)
        for arrived_ms in _first_unread(
            client, stream_name, shard["ShardId"], positions.get(shard["ShardId"], ShardPosition()), time
        )
    ]
    return max(0, now_ms() - min(waiting)) if waiting else 0


def _first_unread(
    client: "KinesisClient", stream_name: str, shard_id: str, position: ShardPosition, time: Time
) -> Iterator[int]:
    if position.sequence_number == SHARD_END:
        return
    for page in pages(client, stream_name, shard_id, position, since=None, idle_wait_s=0, time=time):
        for record in page.records:
            if record["SequenceNumber"] != position.sequence_number:
                yield int(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
                return
        if page.caught_up:
            return


def _day(days: object) -> str:
    """Return the day as in `2026-11-28`: Iceberg counts days since 1970."""
    return days.isoformat() if isinstance(days, date) else (_EPOCH + timedelta(days=int(str(days)))).isoformat()
