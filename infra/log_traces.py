"""Gathers everything that a stack has of one log: its row, its dead letter, its stream record, the functions' lines."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from consumer import clock
from consumer.item import Key
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.deaggregate import UserRecord, deaggregate
from consumer.replay.read import list_shards, pages
from infra import dead_letters, stored_logs
from infra.counts import queue_depth
from infra.erasure import of_log
from infra.function_log import GROUPS, Entry
from infra.log_life import Retries, StreamRecord, Traces, receipt_ms
from infra.stack import Stack
from ingest.contract.errors import Poison
from ingest.contract.message import decode

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_REQUEST_MS: Final = 60_000
"""How long after the receipt the line of the log's request is searched for: an invocation ends within 30 s."""

_MOST_LINES: Final = 10_000
_MOST_RECORDS: Final = 20_000
"""At most so many Kinesis records of a shard are read, from the log's receipt (less a margin for the clocks) on."""

_LAST_MS: Final = 900_000
"""How far back the stream is searched for a log if nobody knows when it came: a busy shard takes 60 MB a minute."""

_ON_STREAM_MS: Final = 600_000
"""How long after the receipt the record is searched for. If Kinesis refused the log at first, the consumer puts it on
the stream minutes later."""


def gather(stack: Stack, key: Key) -> Traces:
    """Return everything there is of the log. `unread` names what could not be read; the rest is returned all the same.

    It looks into the dead-letter queue only if something is in it, because a look hides its messages for a moment.
    """
    item = stored_logs.table(stack).get([key]).get(key)
    sent_as = Key(key.tenant_id, item.conflict_of) if item and item.conflict_of else key
    letters = []
    if any(queue_depth(stack, stack.dlq_url)):
        found = dead_letters.look(stack.place.sqs, stack.dlq_url)
        letters = [letter for letter in found if letter.holds(*sent_as)]
    received = receipt_ms(key, item=item, letters=letters)
    unread: list[str] = []
    records: list[StreamRecord] = []
    entries: list[Entry] = []
    try:
        records += _records(stack, sent_as, received)
    except ClientError as error:
        unread.append(f"the stream: {error.response['Error']['Code']}")
    received = receipt_ms(key, item=item, letters=letters, records=records)
    if received is None:
        unread.append(
            f"the request, and the stream before the last {_LAST_MS // 60_000} minutes, because this id does not say "
            f"when the log came. The last {_LAST_MS // 60_000} minutes of the stream do not have it"
        )
    try:
        entries += _lines(stack, sent_as, received)
    except ClientError as error:
        unread.append(f"the functions' lines: {error.response['Error']['Code']}")
    erasure = of_log.find(stack.place.dynamodb, stack.table_name, key, received) if item is None else None
    retries = None if item or letters else _retries(stack)
    return Traces(sent_as, item, letters, records, entries, unread, erasure, retries)


def _retries(stack: Stack) -> Retries:
    names: Sequence[QueueAttributeNameType] = ("VisibilityTimeout", "RedrivePolicy")
    attributes = stack.place.sqs.get_queue_attributes(QueueUrl=stack.queue_url, AttributeNames=names)["Attributes"]
    return Retries(
        int(attributes["VisibilityTimeout"]), int(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"])
    )


def _lines(stack: Stack, key: Key, received: int | None) -> Iterator[Entry]:
    """Yield ingest's lines around the time of receipt, and the consumer's lines that name the log id."""
    if received is not None:
        window = {"startTime": max(received - 1_000, 0), "endTime": received + _REQUEST_MS}
        yield from _events(stack, "ingest", window)
    named = '"' + key.log_id.replace("\\", "\\\\").replace('"', '\\"') + '"'  # CloudWatch Logs' filter syntax: a term.
    since = {"startTime": received} if received is not None else {}
    for entry in _events(stack, "consumer", {"filterPattern": named, **since}):
        if key.log_id in entry.message:
            yield entry


def _events(stack: Stack, service: str, request: Mapping[str, object]) -> Iterator[Entry]:
    paginator = stack.place.logs.get_paginator("filter_log_events")
    found = paginator.paginate(
        logGroupName=stack.outputs[GROUPS[service]],
        PaginationConfig={"MaxItems": _MOST_LINES},
        **request,  # type: ignore[arg-type] # built by the callers
    )
    for page in found:
        for event in page["events"]:
            yield Entry(event["timestamp"], service, event["message"])


def _records(stack: Stack, key: Key, received: int | None) -> Iterator[StreamRecord]:
    """Yield the log's places on the stream, after its receipt, or in the last minutes if nobody knows when that was.

    It searches the shard of the tenant's partition key, then the other shards.

    The log may be on another shard because a tenant with sub-keys is spread over shards by an explicit hash key.
    """
    time = clock.system().time
    since_ms = clock.system().now_ms() - _LAST_MS if received is None else received
    until_ms = math.inf if received is None else received + _ON_STREAM_MS
    since = datetime.fromtimestamp(since_ms / 1000, UTC)
    kinesis = stack.place.kinesis
    shards = list_shards(kinesis, stack.stream_name, time=time)
    found = 0
    for shard in sorted(shards, key=lambda shard: not _holds(shard, key.tenant_id)):
        if found and not _holds(shard, key.tenant_id):
            return
        shard_id = shard["ShardId"]
        seen = 0
        start = ShardPosition()
        for page in pages(kinesis, stack.stream_name, shard_id, start, since=since, idle_wait_s=0, time=time):
            for record in page.records:
                at_ms = round(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
                for user in deaggregate(record["PartitionKey"], record["Data"]):
                    if not isinstance(user, UserRecord) or user.partition_key != key.tenant_id:
                        continue
                    if (received_at := _received_at(user.data, key)) is not None:
                        found += 1
                        number, place = record["SequenceNumber"], user.sub_sequence_number
                        yield StreamRecord(at_ms, shard_id, number, place, received_at)
                seen += 1
            last_ms = max((r["ApproximateArrivalTimestamp"].timestamp() * 1000 for r in page.records), default=0)
            if page.caught_up or page.ended or seen >= _MOST_RECORDS or last_ms > until_ms:
                break


def _holds(shard: "ShardTypeDef", tenant_id: str) -> bool:
    hashed = int.from_bytes(hashlib.md5(tenant_id.encode(), usedforsecurity=False).digest())
    within = shard["HashKeyRange"]
    return int(within["StartingHashKey"]) <= hashed <= int(within["EndingHashKey"])


def _received_at(data: bytes, key: Key) -> str | None:
    """Return when a record's log was received; None if it is another log."""
    try:
        message = decode(data)
    except Poison:
        return None
    return message.received_at if (message.tenant_id, message.log_id) == key else None
