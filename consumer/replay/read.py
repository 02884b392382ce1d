"""Reads one shard's pages: gets and renews iterators, backs off on throttles and network errors, skips empty pages."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's

from consumer.replay.attempts import EXPIRED, Attempts, error_code
from consumer.replay.checkpoint import TRIM_HORIZON, ShardPosition
from ingest.aws.retry import Time

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import (
        GetRecordsOutputTypeDef,
        GetShardIteratorInputTypeDef,
        RecordTypeDef,
        ShardTypeDef,
    )

PAGE_RECORDS: Final = 10_000
"""The most records per GetRecords call; AWS also ends it at 10 MiB (GetRecords API reference, November 2026)."""

PAGE_BYTES: Final = 2 * 1024 * 1024
"""Bytes of data that a call asks for, by the size of the earlier records. A shard gives all its readers 2 MB a second
(Kinesis quotas), so larger pages are read no faster and only held longer; some engines have no limit of bytes."""

FIRST_RECORDS: Final = 10
"""Records that a shard's first call asks for, while their size is not known: at 1 MiB each, they are AWS's 10 MiB."""

_GROWTH: Final = 8  # From call to call: while records are small, calls ask for 10, 80, 640, 5,120, 10,000.
_CUT_BYTES: Final = 5 * 1024 * 1024  # Half of what a page can hold, as records may be large.
_CALLS_PER_S: Final = 5  # GetRecords per shard, all readers together (API reference).

# AT_TIMESTAMP goes by Kinesis's clock, received_at by ingest's: a clock that is five minutes off breaks signatures.
_CLOCK_SKEW: Final = timedelta(minutes=5)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC) + _CLOCK_SKEW  # Nothing arrived sooner, and year 1 leaves no margin.


class Page(NamedTuple):
    """What one GetRecords call brought. `caught_up`: nothing was left after it. `ended`: nothing will ever come."""

    records: "list[RecordTypeDef]"
    millis_behind: int
    caught_up: bool
    ended: bool


def client_config() -> Config:
    """Return the botocore configuration for reading: retries are made here, a page of 10 MiB gets time to arrive."""
    return Config(
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=64,  # One per shard's thread; more shards than this share them.
    )


def list_shards(client: "KinesisClient", stream_name: str, *, time: Time) -> "list[ShardTypeDef]":
    """Return every shard of the stream, open and closed, that still holds records. Raises: StreamUnreadableError."""
    shards: list[ShardTypeDef] = []
    attempts = Attempts(time)
    token: str | None = None
    while True:
        try:
            # The API refuses the name beside a token: the token carries it.
            response = client.list_shards(NextToken=token) if token else client.list_shards(StreamName=stream_name)
        except (ClientError, ConnectionError, HTTPClientError) as error:
            attempts.failed(error)
            continue
        attempts.succeeded()
        shards.extend(response["Shards"])
        token = response.get("NextToken")
        if not token:
            return shards


def pages(
    client: "KinesisClient",
    stream_name: str,
    shard_id: str,
    position: ShardPosition,
    *,
    since: datetime | None,
    idle_wait_s: float,
    time: Time,
    page_bytes: int = PAGE_BYTES,
) -> Iterator[Page]:
    """Yield the shard's pages from `position` on, without end while the shard is open.

    The first record may be the one that `position` names, because user records after the position may be left in it. A
    shard that was not begun starts at `since` by arrival time (with a margin), or else at the trim horizon. When all is
    read, a page says so and the next call comes after `idle_wait_s`. `time.sleep` may raise to end the reading. A page
    holds about `page_bytes`, and at least one record.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load, or too many times in a row.
    """
    calls = _ShardCalls(client, _start(stream_name, shard_id, position, since), time)
    limit = FIRST_RECORDS
    while True:
        response = calls.get_records(limit)
        records = response["Records"]
        ended = response.get("NextShardIterator") is None
        millis_behind = response.get("MillisBehindLatest", 0)
        # A page with records can be the last one: on a busy stream there are no empty pages. But after a page that may
        # have been cut by its size, some engines say 0 ms behind although more is there: so ask again.
        data_bytes = sum([len(record["Data"]) for record in records])
        caught_up = millis_behind == 0 and len(records) < limit and data_bytes < _CUT_BYTES
        if records:
            mean_bytes = data_bytes // len(records) + 1
            limit = min(PAGE_RECORDS, limit * _GROWTH, max(1, page_bytes // mean_bytes))
        if records or caught_up or ended:
            yield Page(records, millis_behind, caught_up, ended)
        if ended:
            return
        if caught_up:
            time.sleep(idle_wait_s)


def _start(
    stream_name: str, shard_id: str, position: ShardPosition, since: datetime | None
) -> "GetShardIteratorInputTypeDef":
    start: GetShardIteratorInputTypeDef = {
        "StreamName": stream_name,
        "ShardId": shard_id,
        "ShardIteratorType": "TRIM_HORIZON",
    }
    if position.sequence_number != TRIM_HORIZON:
        start["ShardIteratorType"] = "AT_SEQUENCE_NUMBER"
        start["StartingSequenceNumber"] = position.sequence_number
    elif since is not None:
        start["ShardIteratorType"] = "AT_TIMESTAMP"
        start["Timestamp"] = max(since, _FIRST) - _CLOCK_SKEW
    return start


class _ShardCalls:
    """GetRecords for one shard: renews the iterator at the last position, and keeps to five calls a second."""

    def __init__(
        self,
        client: "KinesisClient",
        start: "GetShardIteratorInputTypeDef",
        time: Time,
    ) -> None:
        self._client = client
        self._start = start
        self._time = time
        self._attempts = Attempts(time)
        self._recent_calls_s: deque[float] = deque(maxlen=_CALLS_PER_S)
        self._iterator: str | None = None

    def get_records(self, limit: int) -> "GetRecordsOutputTypeDef":
        while True:
            try:
                response = self._call(limit)
            except ClientError as error:
                if error_code(error) == EXPIRED:
                    self._iterator = None  # Five minutes went by: the same place, a new iterator.
                self._attempts.failed(error)
            except (ConnectionError, HTTPClientError) as error:
                self._attempts.failed(error)
            else:
                self._attempts.succeeded()
                self._iterator = response.get("NextShardIterator")
                if response["Records"]:
                    self._start["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
                    self._start["StartingSequenceNumber"] = response["Records"][-1]["SequenceNumber"]
                    self._start.pop("Timestamp", None)
                return response

    def _call(self, limit: int) -> "GetRecordsOutputTypeDef":
        if self._iterator is None:
            self._iterator = self._client.get_shard_iterator(**self._start)["ShardIterator"]
        calls = self._recent_calls_s
        if len(calls) == _CALLS_PER_S and (wait_s := calls[0] + 1 - self._time.monotonic()) > 0:
            self._time.sleep(wait_s)
        calls.append(self._time.monotonic())
        return self._client.get_records(ShardIterator=self._iterator, Limit=limit)
