"""Measures an audit's memory: `python -m bench.micro.audit [logs]`.

The real audit reads a stream and a table whose content is made when it is read, so that the peak is the audit's own.
The stream's single shard returns as many records as a call asks for, without AWS's limit of 10 MiB, like local engines.
"""

import base64
import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from bench.micro.memory_stream import A_RECORD, TENANTS, log
from infra.audit.run import Audit, run
from ingest.contract.kpl import aggregate
from ingest.contract.message import InternalMessage, encode

if TYPE_CHECKING:
    from infra.stack import Stack

LOGS: Final = 1_000_000
_A_SCAN_PAGE: Final = 2_000  # About 1 MB, where DynamoDB ends a page.
_START: Final = datetime(2026, 11, 24, tzinfo=UTC)


def _logs(record: int) -> list[InternalMessage]:
    """Return the logs in the stream's record number `record`; they are of one tenant."""
    first = record // TENANTS * TENANTS * A_RECORD + record % TENANTS
    return [log(first + i * TENANTS) for i in range(A_RECORD)]


class _Kinesis:
    """One open shard of `records` records."""

    def __init__(self, records: int) -> None:
        self._records = records

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": 168}}

    def list_shards(self, **_: Any) -> dict[str, Any]:
        return {"Shards": [{"ShardId": "shard", "SequenceNumberRange": {"StartingSequenceNumber": "0"}}]}

    def get_shard_iterator(self, **_: Any) -> dict[str, str]:
        return {"ShardIterator": "0"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        start = int(request["ShardIterator"])
        end = min(self._records, start + request["Limit"])
        # As with a real client, memory holds the answer as JSON with base64, then as text, then as bytes.
        body = json.dumps([base64.b64encode(self._data(number)).decode() for number in range(start, end)]).encode()
        data = json.loads(body)
        records = [_record(number, base64.b64decode(one)) for number, one in enumerate(data, start)]
        return {"Records": records, "NextShardIterator": f"{end}", "MillisBehindLatest": self._records - end}

    def _data(self, number: int) -> bytes:
        encoded = [(i, encode(message)) for i, message in enumerate(_logs(number))]
        (packed,) = aggregate(_tenant_id(number), encoded)
        return packed.data


def _record(number: int, data: bytes) -> dict[str, Any]:
    return {
        "SequenceNumber": f"{number:056}",
        "PartitionKey": _tenant_id(number),
        "Data": data,
        "ApproximateArrivalTimestamp": _START + timedelta(milliseconds=number),
    }


def _tenant_id(record: int) -> str:
    return f"tenant-{record % TENANTS:02}"


class _Dynamodb:
    """A table with an item for each of `logs` logs."""

    def __init__(self, logs: int) -> None:
        self._logs = logs

    def get_paginator(self, _: str) -> "_Dynamodb":
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        numbers = range(request["Segment"], self._logs, request["TotalSegments"])
        for start in range(0, len(numbers), _A_SCAN_PAGE):
            yield {"Items": [_item(log(number)) for number in numbers[start : start + _A_SCAN_PAGE]]}


def _item(message: InternalMessage) -> dict[str, dict[str, str]]:
    return {
        "tenant_id": {"S": message.tenant_id},
        "log_id": {"S": message.log_id},
        "received_at": {"S": message.received_at},
        "original_text": {"S": message.text},
    }


class _Sqs:
    """Two empty queues."""

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        return {"Attributes": dict.fromkeys(request["AttributeNames"], "0")}

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {}


def audited(logs: int) -> Audit:
    """Return the audit of so many logs, a multiple of 2,000, all of them stored."""
    kinesis = _Kinesis(logs // A_RECORD)
    stack = SimpleNamespace(
        stream_name="stream",
        table_name="table",
        queue_url="queue",
        dlq_url="dlq",
        place=SimpleNamespace(
            session=SimpleNamespace(client=lambda *_, **__: kinesis),
            aws_endpoint_url=None,
            sqs=_Sqs(),
            dynamodb=_Dynamodb(logs),
        ),
    )
    return run(cast("Stack", stack), now=datetime.now(UTC) + timedelta(days=3650))


def main() -> None:
    """Print the verdict, the seconds and the peak of resident memory."""
    logs = int(sys.argv[1]) if len(sys.argv) > 1 else LOGS
    imported_mb = _peak_mb()
    started_s = time.monotonic()
    audit = audited(logs)
    seconds = time.monotonic() - started_s
    print(f"{logs:,} logs: {audit.verdict} in {seconds:.0f} s, peak {_peak_mb():.0f} MB ({imported_mb:.0f} imported)")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
