"""A Kinesis stream in memory: shards by hash range, resharding, expiring iterators, and empty pages."""

# ruff: noqa: N803 - boto3's names

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.clock import Clock
from tests.faults.answers import client_error

_HASHES: Final = 1 << 128
_ITERATOR_LIFE_S: Final = 300
_MAX_RECORDS: Final = 500
_MAX_RECORD_BYTES: Final = 1_048_576
_MAX_CALL_BYTES: Final = 10 * 1_048_576
_BEHIND_MS: Final = 1_000


@dataclass
class Shard:
    """One shard: its hashes are [`first`, `end`); it keeps the records written to it."""

    shard_id: str
    first: int
    end: int
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


class Kinesis:
    """The client methods that the code calls, on one stream. A page holds at most `page_records` records."""

    def __init__(self, stream_name: str, clock: Clock, *, shards: int = 2, page_records: int = 3) -> None:
        self._name = stream_name
        self._clock = clock
        self._page_records = page_records
        self._sequence = 0
        self.shards: dict[str, Shard] = {}
        for number in range(shards):
            self._open(_HASHES * number // shards, _HASHES * (number + 1) // shards)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every record of every shard."""
        return [record for shard in self.shards.values() for record in shard.records]

    def split(self, shard_id: str) -> None:
        """Close a shard and open its two children."""
        shard = self._close(shard_id)
        middle = (shard.first + shard.end) // 2
        self._open(shard.first, middle, shard_id)
        self._open(middle, shard.end, shard_id)

    def merge(self, shard_id: str, adjacent_id: str) -> None:
        """Close two adjacent shards and open their child."""
        first, second = self._close(shard_id), self._close(adjacent_id)
        self._open(min(first.first, second.first), max(first.end, second.end), shard_id, adjacent_id)

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Append every record to the open shard of its hash."""
        sizes = [len(record["Data"]) + len(record["PartitionKey"].encode()) for record in Records]
        if StreamName != self._name:
            raise client_error("PutRecords", "ResourceNotFoundException")
        if not 0 < len(Records) <= _MAX_RECORDS or max(sizes) > _MAX_RECORD_BYTES or sum(sizes) > _MAX_CALL_BYTES:
            raise client_error("PutRecords", "ValidationException")
        return {"FailedRecordCount": 0, "Records": [self._append(record) for record in Records]}

    def list_shards(self, **asked: Any) -> dict[str, Any]:
        """Return a page of two shards, with the token of the next page."""
        start = int(asked.get("NextToken", "0"))
        listing = [_listed(shard) for shard in self.shards.values()]
        answer: dict[str, Any] = {"Shards": listing[start : start + 2]}
        if start + 2 < len(listing):
            answer["NextToken"] = str(start + 2)
        return answer

    def get_shard_iterator(
        self,
        *,
        ShardId: str,
        ShardIteratorType: str,
        StartingSequenceNumber: str = "",
        Timestamp: datetime | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Return the iterator for a place in a shard."""
        records = self.shards[ShardId].records
        numbers = [record["SequenceNumber"] for record in records]
        match ShardIteratorType:
            case "TRIM_HORIZON":
                place = 0
            case "AT_SEQUENCE_NUMBER":
                if StartingSequenceNumber not in numbers:
                    raise client_error("GetShardIterator", "InvalidArgumentException")  # Not this stream's.
                place = numbers.index(StartingSequenceNumber)
            case "AFTER_SEQUENCE_NUMBER":
                place = numbers.index(StartingSequenceNumber) + 1
            case "AT_TIMESTAMP" if Timestamp is not None:
                place = sum(record["ApproximateArrivalTimestamp"] < Timestamp for record in records)
            case _:
                raise client_error("GetShardIterator", "InvalidArgumentException")
        return {"ShardIterator": self._iterator(ShardId, place)}

    def get_records(self, *, ShardIterator: str, Limit: int = 10_000) -> dict[str, Any]:
        """Return a page; an empty page comes before each page with records, as in a shard with long gaps."""
        shard_id, place_text, empty_text, expires_text = ShardIterator.split("|")
        if self._clock.now_s > float(expires_text):
            raise client_error("GetRecords", "ExpiredIteratorException")
        shard, place = self.shards[shard_id], int(place_text)
        if empty_text == "empty" and place < len(shard.records):
            iterator = self._iterator(shard_id, place, empty=False)
            return {"Records": [], "NextShardIterator": iterator, "MillisBehindLatest": _BEHIND_MS}
        page = shard.records[place : place + min(Limit, self._page_records)]
        place += len(page)
        left = place < len(shard.records)
        answer: dict[str, Any] = {"Records": page, "MillisBehindLatest": _BEHIND_MS if left else 0}
        if left or not shard.closed:
            answer["NextShardIterator"] = self._iterator(shard_id, place)
        return answer

    def _append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        key_hash = int.from_bytes(hashlib.md5(record["PartitionKey"].encode(), usedforsecurity=False).digest())
        hash_key = int(record.get("ExplicitHashKey", key_hash))
        shard = next(s for s in self.shards.values() if not s.closed and s.first <= hash_key < s.end)
        self._sequence += 1
        number = f"{self._sequence:056d}"
        shard.records.append(
            {
                "SequenceNumber": number,
                "PartitionKey": record["PartitionKey"],
                "Data": bytes(record["Data"]),
                "ApproximateArrivalTimestamp": self._clock.now(),
            }
        )
        return {"SequenceNumber": number, "ShardId": shard.shard_id}

    def _open(self, first: int, end: int, *parents: str) -> None:
        shard_id = f"shardId-{len(self.shards):012d}"
        self.shards[shard_id] = Shard(shard_id, first, end, parents)

    def _close(self, shard_id: str) -> Shard:
        shard = self.shards[shard_id]
        assert not shard.closed, "only an open shard can be split or merged"
        shard.closed = True
        return shard

    def _iterator(self, shard_id: str, place: int, *, empty: bool = True) -> str:
        return f"{shard_id}|{place}|{'empty' if empty else 'full'}|{self._clock.now_s + _ITERATOR_LIFE_S}"


def _listed(shard: Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": "0"} | ({"EndingSequenceNumber": "9"} if shard.closed else {})
    parents = dict(zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False))
    return {"ShardId": shard.shard_id, "SequenceNumberRange": numbers, **parents}
