"""Reads what a stack holds after a run into the run's history: the table's items, the dead letters, the stream.

The stream is deaggregated here with AWS's own protobuf classes instead of the replay's reader: the judge must not share
code with what it judges.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bench.judge.history import History
from bench.judge.judge import Counts
from consumer.item import CONFLICT_OF, LOG_ID, of_tenant, projection, sent_log_id, string
from consumer.replay.aggregated_record import AggregatedRecord
from infra.counts import logs_per_message, queue_depth
from infra.stack import Stack
from ingest.contract.errors import Unreadable
from ingest.contract.kpl import DIGEST_SIZE, MAGIC
from ingest.contract.message import decode
from ingest.contract.packed import apart, is_packed

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, RecordTypeDef

_LOOK_S: Final = 120
_POLL_S: Final = 0.25
_QUIET_POLLS: Final = 8
_THROTTLED_TRIES: Final = 60
_THROTTLED_WAIT_S: Final = 1.0
"""A page of 10 MiB uses up a shard's next five seconds, and the stack's own readers share them (GetRecords API
reference, November 2026). boto3's four retries may be over before that."""


def collect(history: History, stack: Stack, *, since: datetime, has_stream: bool = True) -> None:
    """Read everything that the stack holds of the history's tenants into the history; `since` is when the run began."""
    history.index()
    for tenant_id in history.tenants():
        _read_items(history, stack, tenant_id)
    _read_dead_letters(history, stack)
    if has_stream:
        for tenant_id, log_id, text in _stream_records(stack, since):
            history.add_stream_record(tenant_id, log_id, text)
    history.commit()


def await_empty(stack: Stack, *, timeout_s: float, tell: Callable[[int], None] = lambda _: None) -> Counts:
    """Wait until the queue has been empty for two seconds, or the time is over; return the counts at that moment.

    `tell` is called with the number of messages that are left.
    """
    deadline_s = time.monotonic() + timeout_s
    quiet = 0
    while True:
        queued, in_flight = queue_depth(stack, stack.queue_url)
        quiet = quiet + 1 if queued + in_flight == 0 else 0
        tell(queued + in_flight)
        if quiet >= _QUIET_POLLS or time.monotonic() > deadline_s:
            return Counts(queued, in_flight, logs_per_message=logs_per_message(stack))
        time.sleep(_POLL_S)


def _read_items(history: History, stack: Stack, tenant_id: str) -> None:
    pages = stack.place.dynamodb.get_paginator("query").paginate(
        TableName=stack.table_name,
        KeyConditionExpression=of_tenant(tenant_id).condition,
        ExpressionAttributeValues=of_tenant(tenant_id).values,
        ProjectionExpression=projection(
            LOG_ID, CONFLICT_OF, "original_text", "modified_data", "received_at", "processed_at"
        ),
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            history.add_item(
                tenant_id,
                sent_log_id(item),
                string(item, "original_text"),
                string(item, "modified_data"),
                received_ms=_epoch_ms(string(item, "received_at")),
                processed_ms=_epoch_ms(string(item, "processed_at")),
            )


def _read_dead_letters(history: History, stack: Stack) -> None:
    """Read every message of the DLQ into the history; they are hidden from others meanwhile, then visible again."""
    sqs = stack.place.sqs
    handles: dict[str, str] = {}
    expected = sum(queue_depth(stack, stack.dlq_url))
    deadline_s = time.monotonic() + _LOOK_S
    while len(handles) < expected and time.monotonic() < deadline_s:
        answer = sqs.receive_message(
            QueueUrl=stack.dlq_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_LOOK_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        for message in answer.get("Messages", []):
            if message["MessageId"] not in handles:
                attributes: Mapping[str, Any] = message.get("MessageAttributes", {})
                reason = attributes.get("reason", {}).get("StringValue", "")
                for body in _bodies(message["Body"]):
                    history.add_dead_letter(*_dead_log(body), reason)
            handles[message["MessageId"]] = message["ReceiptHandle"]
    for handle in handles.values():
        sqs.change_message_visibility(QueueUrl=stack.dlq_url, ReceiptHandle=handle, VisibilityTimeout=0)
    if len(handles) < expected:
        raise RuntimeError(
            f"The dead-letter queue has {expected} messages, but only {len(handles)} of them could be read: "
            f"somebody else "
            f"holds the others. Run the bench again in 5 minutes."
        )


def _bodies(body: str) -> list[str]:
    """Return the body of each log in a message, which holds one log or several."""
    try:
        return apart(body) if is_packed(body) else [body]
    except Unreadable:
        return [body]


def _dead_log(body: str) -> tuple[str, str, str]:
    """Return (tenant_id, log_id, text) of a dead letter; for a body that is no log, ("", "", body)."""
    try:
        log = json.loads(body)
        return log["tenant_id"], log["log_id"], log["text"]
    except (ValueError, KeyError, TypeError):
        return "", "", body


def _epoch_ms(rfc3339: str) -> float:
    return datetime.fromisoformat(rfc3339).timestamp() * 1000


def _stream_records(stack: Stack, since: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield (partition key of its Kinesis record, log_id, text) for every user record that arrived since then."""
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
            answer = get_records(kinesis, iterator)
            for record in answer["Records"]:
                for data in _user_records(record):
                    message = decode(data)
                    yield record["PartitionKey"], message.log_id, message.text
            caught_up = not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0
            iterator = None if caught_up else answer.get("NextShardIterator")


def get_records(
    kinesis: "KinesisClient", iterator: str, *, wait: Callable[[float], object] = time.sleep
) -> "GetRecordsOutputTypeDef":
    """Return the page at an iterator, when the shard's throttle lets go. Raises: ClientError."""
    for _ in range(_THROTTLED_TRIES):
        try:
            return kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        except kinesis.exceptions.ProvisionedThroughputExceededException:
            wait(_THROTTLED_WAIT_S)
    return kinesis.get_records(ShardIterator=iterator, Limit=10_000)


def _user_records(record: "RecordTypeDef") -> list[bytes]:
    data = record["Data"]
    if not data.startswith(MAGIC):
        return [data]
    body, digest = data[len(MAGIC) : -DIGEST_SIZE], data[-DIGEST_SIZE:]
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        raise ValueError(f"stream record {record['SequenceNumber']} has a wrong checksum")
    return [user_record.data for user_record in AggregatedRecord.FromString(body).records]
