"""How many logs stand where."""

from datetime import datetime, timedelta
from typing import NamedTuple

from botocore.exceptions import ClientError

from consumer.erasures import ERASED_AT
from infra.stack import Stack
from ingest.contract.packed import MOST_LOGS


class Counts(NamedTuple):
    """What waits in the queue, is received and not yet acknowledged, dead-lettered, and stored as items.

    The first three are messages, of one or several logs each; what is stored are logs.
    """

    queued: int
    in_flight: int
    dlq: int
    stored: int


def read(stack: Stack, *, exact: bool = False) -> Counts:
    """Return the counts now. SQS calls its numbers approximate; `stored` is exact only on request.

    Exact, it reads the whole table: half a read unit a kilobyte. Else it is DynamoDB's own count, on AWS up to six
    hours old.
    """
    queued, in_flight = queue_depth(stack, stack.queue_url)
    dead, dead_in_flight = queue_depth(stack, stack.dlq_url)
    return Counts(
        queued=queued,
        in_flight=in_flight,
        dlq=dead + dead_in_flight,
        stored=stored(stack) if exact else stored_estimate(stack),
    )


def logs_per_message(stack: Stack) -> int:
    """Return how many logs a message may hold that the stack sends now, by its outputs."""
    return int(stack.outputs.get("LogsPerMessage", 1))


def most_logs_per_message(stack: Stack, queue_url: str, *, now: datetime) -> int:
    """Return how many logs a message that is in the queue now may hold.

    It holds what the parameter said when it was sent. Today's value is that only once ingest is older, as it is, than
    anything that the queue keeps; before, and where nobody may look, it is what any message may hold. A stack that
    names no function (its outputs are of before they did) is taken at its word.
    """
    today = logs_per_message(stack)
    if "IngestFunctionName" not in stack.outputs:
        return today
    try:
        kept_s = int(
            stack.place.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["MessageRetentionPeriod"])[
                "Attributes"
            ]["MessageRetentionPeriod"]
        )
        ingest = stack.place.lambda_.get_function_configuration(FunctionName=stack.outputs["IngestFunctionName"])
        unchanged_for = now - datetime.fromisoformat(ingest["LastModified"])
    except ClientError:
        return MOST_LOGS
    return today if unchanged_for > timedelta(seconds=kept_s) else MOST_LOGS


def queue_depth(stack: Stack, queue_url: str) -> tuple[int, int]:
    """Return the numbers of messages that wait (delayed ones too) and that are in flight."""
    attributes = stack.place.sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return (
        int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesDelayed"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )


def stored(stack: Stack) -> int:
    """Return the exact number of logs, by reading the whole table: tombstones of what was erased are none."""
    pages = stack.place.dynamodb.get_paginator("scan").paginate(
        TableName=stack.table_name,
        Select="COUNT",
        ConsistentRead=True,
        FilterExpression=f"attribute_not_exists({ERASED_AT})",
    )
    return sum(page["Count"] for page in pages)


def stored_estimate(stack: Stack) -> int:
    """Return the number of items that DynamoDB tells for nothing: AWS brings it up to date about every six hours.

    TableDescription API reference, ItemCount, November 2026. MiniStack 1.5.33 counts each item as it is written.
    """
    return stack.place.dynamodb.describe_table(TableName=stack.table_name)["Table"]["ItemCount"]
