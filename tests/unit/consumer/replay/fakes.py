"""A stream in memory: shards that were split and merged, served in pages, with the failures that a test asks for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from consumer.replay.checkpoint import ShardPosition
from consumer.replay.read import Page

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import RecordTypeDef


def record(sequence_number: str, *, arrival_ms: int = 0, key: str = "acme", data: bytes = b"x") -> "RecordTypeDef":
    """Return a Kinesis record as boto3 gives it."""
    return {
        "SequenceNumber": sequence_number,
        "PartitionKey": key,
        "Data": data,
        "ApproximateArrivalTimestamp": datetime.fromtimestamp(arrival_ms / 1000, UTC),
    }


def client_error(code: str) -> ClientError:
    """Return an error that Kinesis answers with."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetRecords")


class FakeKinesis:
    """One shard: each GetRecords call takes the next of `script`: a page, or an exception to raise.

    A page is (records, millis_behind, has_next_iterator).
    """

    def __init__(self, *script: "tuple[Sequence[RecordTypeDef], int, bool] | Exception") -> None:
        self.script = list(script)
        self.iterators: list[dict[str, Any]] = []
        self.used: list[str] = []
        self.limits: list[int] = []

    @property
    def client(self) -> "KinesisClient":
        """This, as the type that the code names."""
        return cast("KinesisClient", self)

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        """Return a new iterator."""
        self.iterators.append(request)
        return {"ShardIterator": f"iterator-{len(self.iterators)}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Answer as the script says."""
        self.used.append(request["ShardIterator"])
        self.limits.append(request["Limit"])
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        records, millis_behind, has_next = step
        answer: dict[str, Any] = {"Records": list(records), "MillisBehindLatest": millis_behind}
        return answer | ({"NextShardIterator": f"{request['ShardIterator']}+"} if has_next else {})


class FakeReaders:
    """Pages of several shards for the merge. `order` decides which page arrives first."""

    def __init__(self, pages: Mapping[str, Sequence[Page]], *, late: Callable[[str], bool] = lambda _: False) -> None:
        self.pages = {shard_id: list(of_shard) for shard_id, of_shard in pages.items()}
        self.late = late
        self.started: list[tuple[str, ShardPosition]] = []
        self.stopped: list[str] = []
        self.pages_read = 0

    def start(self, shard_id: str, position: ShardPosition) -> None:
        """Note the start."""
        self.started.append((shard_id, position))

    def take(self, shard_id: str, timeout_s: float) -> Page | None:
        """Return the next page, or None when it is late or there is none."""
        del timeout_s
        assert shard_id in {started for started, _ in self.started}, f"{shard_id} was not started"
        if self.late(shard_id) or not self.pages[shard_id]:
            return None
        self.pages_read += 1
        return self.pages[shard_id].pop(0)

    def wait(self, seen_pages: int, timeout_s: float) -> None:
        """Let a page be there at once."""
        del timeout_s
        self.pages_read = max(self.pages_read, seen_pages + 1)

    def stop(self, shard_id: str) -> None:
        """Note the stop."""
        self.stopped.append(shard_id)
