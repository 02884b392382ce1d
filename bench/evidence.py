"""What a stack holds after a run, read into its history: items by Query, the DLQ by a look, the stream from the start.

The stream is deaggregated here with AWS's own protobuf classes and not with the replay's reader: a judge must not share
its eyes with the judged.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bench.history import History
from bench.judge import Counts
from consumer.replay.dead_letters import UNMARKED_REASON, peek
from infra.counts import queue_depth
from infra.stack import Stack
from ingest.kpl import DIGEST_SIZE, MAGIC, AggregatedRecord
from ingest.message import decode

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import RecordTypeDef

_POLL_S: Final = 0.25
_QUIET_POLLS: Final = 8


def collect(history: History, stack: Stack, *, since: datetime, has_stream: bool = True) -> None:
    """Read into the history everything of its tenants that the stack holds; `since`: when the run began."""
    history.index()
    for tenant_id in history.tenants():
        _read_items(history, stack, tenant_id)
    for letter in peek(stack.place.sqs, stack.dlq_url):
        reason = "" if letter.reason == UNMARKED_REASON else letter.reason
        history.add_dead_letter(letter.tenant_id, letter.log_id, letter.text or "", reason)
    if has_stream:
        for tenant_id, log_id, text in _stream_records(stack, since):
            history.add_stream_record(tenant_id, log_id, text)
    history.commit()


def await_empty(stack: Stack, *, timeout_s: float, tell: Callable[[int], None] = lambda _: None) -> Counts:
    """Wait until the queue has stood empty for two seconds, or the time is over; return the counts then.

    `tell` gets the number of messages that are left.
    """
    deadline_s = time.monotonic() + timeout_s
    quiet = 0
    while True:
        queued, in_flight = queue_depth(stack, stack.queue_url)
        quiet = quiet + 1 if queued + in_flight == 0 else 0
        tell(queued + in_flight)
        if quiet >= _QUIET_POLLS or time.monotonic() > deadline_s:
            return Counts(queued, in_flight)
        time.sleep(_POLL_S)


def _read_items(history: History, stack: Stack, tenant_id: str) -> None:
    pages = stack.place.dynamodb.get_paginator("query").paginate(
        TableName=stack.table_name,
        KeyConditionExpression="tenant_id = :tenant_id",
        ExpressionAttributeValues={":tenant_id": {"S": tenant_id}},
        ProjectionExpression="log_id, original_text, modified_data, received_at, processed_at",
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            history.add_item(
                tenant_id,
                item["log_id"]["S"],
                item["original_text"]["S"],
                item["modified_data"]["S"],
                received_ms=_epoch_ms(item["received_at"]["S"]),
                processed_ms=_epoch_ms(item["processed_at"]["S"]),
            )


def _epoch_ms(rfc3339: str) -> float:
    return datetime.fromisoformat(rfc3339).timestamp() * 1000


def _stream_records(stack: Stack, since: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield (partition key of the record on the shard, log_id, text) of every user record that arrived since then."""
    kinesis = stack.place.kinesis
    shards = [
        shard["ShardId"]
        for page in kinesis.get_paginator("list_shards").paginate(StreamName=stack.stream_name)
        for shard in page["Shards"]
    ]
    for shard_id in shards:
        iterator: str | None = kinesis.get_shard_iterator(
            StreamName=stack.stream_name, ShardId=shard_id, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
        )["ShardIterator"]
        while iterator is not None:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            for record in answer["Records"]:
                for data in _user_records(record):
                    message = decode(data)
                    yield record["PartitionKey"], message.log_id, message.text
            caught_up = not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0
            iterator = None if caught_up else answer.get("NextShardIterator")


def _user_records(record: "RecordTypeDef") -> list[bytes]:
    data = record["Data"]
    if not data.startswith(MAGIC):
        return [data]
    body, digest = data[len(MAGIC) : -DIGEST_SIZE], data[-DIGEST_SIZE:]
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        raise ValueError(f"stream record {record['SequenceNumber']} has a wrong checksum")
    return [user_record.data for user_record in AggregatedRecord.FromString(body).records]
