"""Restores what the table lacks from the stream. It sends the logs to the queue, so that the consumer writes them."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from botocore.exceptions import ClientError

from consumer import clock
from consumer.item import LOG_ID, TENANT_ID, key_attributes, key_of, string
from consumer.replay.sinks import QueueSink
from infra.audit import places
from infra.audit.ledger import ChangedItem, Ledger
from infra.audit.places import Selection
from infra.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_CONDITION_FAILED: Final = "ConditionalCheckFailedException"


def send_missing(
    stack: Stack, ledger: Ledger, within: Selection, *, tell: Callable[[int], None] = lambda _sent: None
) -> int:
    """Send each missing log to the queue, once, as it is on the stream; return how many.

    If it is killed, start it again with a new audit: logs that were stored meanwhile are no longer missing.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load.
        QueueRefusedError: SQS does not take logs.
    """
    sink = QueueSink(stack.place.sqs, stack.queue_url, time=clock.system().time)
    sent = 0
    for logs in places.read_logs(stack, within):
        for log in logs:
            if log is not None and ledger.claim(log.tenant_id, log.log_id, log.text):
                sink.write(log)
                sent += 1
                tell(sent)
    sink.commit()
    return sent


def take_out(stack: Stack, ledger: Ledger, changed: Iterable[ChangedItem], export: BinaryIO) -> int:
    """Delete the changed items, and return how many. From then on the ledger counts their logs as missing.

    Each item is written to `export` before it is deleted, as a line of DynamoDB's own JSON. If the item that has the
    log id itself is deleted, its conflicts that the stream has are deleted too. Otherwise a conflict's log that is sent
    again would take the free log id and be stored twice.
    """
    taken = 0
    for one in changed:
        items = list(_items_of(stack, one))
        gone = [item for item in items if ledger.is_changed(one.tenant_id, one.log_id, _text(item))]
        if frees_log_id := any(string(item, LOG_ID) == one.log_id for item in gone):
            gone += [item for item in items if ledger.is_streamed(one.tenant_id, one.log_id, _text(item))]
        for item in gone:
            export.write(json.dumps(item, default=str).encode() + b"\n")
            export.flush()
            taken += _delete(stack, item)
        if frees_log_id:
            ledger.miss(one.tenant_id, one.log_id)
    return taken


def _items_of(stack: Stack, one: ChangedItem) -> "Iterator[dict[str, AttributeValueTypeDef]]":
    """Yield the item of the log id, and its conflicts: their keys are the log id, a space, and more."""
    pages = stack.place.dynamodb.get_paginator("query").paginate(
        TableName=stack.table_name,
        KeyConditionExpression=f"{TENANT_ID} = :tenant_id AND begins_with({LOG_ID}, :log_id)",
        ExpressionAttributeValues={":tenant_id": {"S": one.tenant_id}, ":log_id": {"S": one.log_id}},
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            if string(item, LOG_ID) == one.log_id or string(item, LOG_ID).startswith(f"{one.log_id} "):
                yield item


def _delete(stack: Stack, item: "dict[str, AttributeValueTypeDef]") -> bool:
    """Delete the item unless its text has changed since it was read; say whether it was deleted."""
    try:
        stack.place.dynamodb.delete_item(
            TableName=stack.table_name,
            Key=key_attributes(key_of(item)),
            ConditionExpression="original_text = :seen",
            ExpressionAttributeValues={":seen": item["original_text"]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == _CONDITION_FAILED:
            return False
        raise
    return True


def _text(item: "dict[str, AttributeValueTypeDef]") -> str:
    return string(item, "original_text")
