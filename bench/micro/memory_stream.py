"""A stream in memory for measurements: its shards of aggregated records are served at once, without a call limit."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ingest.contract.kpl import aggregate
from ingest.contract.message import InternalMessage, encode

SHARDS: Final = 8
TENANTS: Final = 20
A_RECORD: Final = 100
PAGE_RECORDS: Final = 50

_START: Final = datetime(2026, 11, 24, tzinfo=UTC)
_TEXT: Final = "10.0.0.12 - - GET /account/orders?page=2 HTTP/1.1 200 512 0.012 upstream=10.0.3.7:8080 "

Shards = dict[str, list[dict[str, Any]]]
"""Kinesis records by shard id, as boto3 returns them."""


class MemoryKinesis:
    """Serves prepared shards from memory, with the methods of boto3's client."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def list_shards(self, **_: Any) -> dict[str, Any]:
        """Return the shards, all open."""
        return {
            "Shards": [{"ShardId": s, "SequenceNumberRange": {"StartingSequenceNumber": "0"}} for s in self._shards]
        }

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        """Return an iterator at the beginning."""
        return {"ShardIterator": f"{request['ShardId']}/0"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Return the next page."""
        shard_id, _, start = request["ShardIterator"].partition("/")
        end = int(start) + PAGE_RECORDS
        records = self._shards[shard_id][int(start) : end]
        left = len(self._shards[shard_id]) - end
        return {"Records": records, "NextShardIterator": f"{shard_id}/{end}", "MillisBehindLatest": max(0, left)}


def log(number: int) -> InternalMessage:
    """Return one log of about 300 bytes on the wire."""
    return InternalMessage(
        tenant_id=f"tenant-{number % TENANTS:02}",
        log_id=f"0198f3c2-7b1e-7{number % 4096:03x}-9{number % 997:03}-{number:012}",
        source="json_upload",
        text=_TEXT + str(number),
        received_at=(_START + timedelta(milliseconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        schema_version=1,
    )


def shards(logs: int) -> Shards:
    """Return shards full of aggregated records of 100 logs each."""
    made: Shards = {f"shardId-{i:012}": [] for i in range(SHARDS)}
    names = sorted(made)
    for tenant in range(TENANTS):
        numbers = range(tenant, logs, TENANTS)
        for start in range(0, len(numbers), A_RECORD):
            encoded = [(i, encode(log(n))) for i, n in enumerate(numbers[start : start + A_RECORD])]
            for packed in aggregate(f"tenant-{tenant:02}", encoded):
                shard = made[names[tenant % SHARDS]]
                shard.append(
                    {
                        "SequenceNumber": f"4968{start:010}{tenant:03}{len(shard):012}",
                        "PartitionKey": f"tenant-{tenant:02}",
                        "Data": packed.data,
                        "ApproximateArrivalTimestamp": _START + timedelta(milliseconds=start),
                    }
                )
    return made
