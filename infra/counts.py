"""How many logs stand where."""

from typing import NamedTuple

from infra.stack import Stack


class Counts(NamedTuple):
    """What waits in the queue, is received and not yet acknowledged, dead-lettered, and stored as items.

    The first three are messages, of up to `logs_per_message` logs each; what is stored are logs.
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
    """Return how many logs a message of the stack may hold, by its outputs.

    Of messages that wait since before the parameter was lowered that may be too few: four days at most.
    """
    return int(stack.outputs.get("LogsPerMessage", 1))


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
    """Return the exact number of items, by reading the whole table."""
    pages = stack.place.dynamodb.get_paginator("scan").paginate(
        TableName=stack.table_name, Select="COUNT", ConsistentRead=True
    )
    return sum(page["Count"] for page in pages)


def stored_estimate(stack: Stack) -> int:
    """Return the number of items that DynamoDB tells for nothing: AWS brings it up to date about every six hours.

    TableDescription API reference, ItemCount, November 2026. MiniStack 1.5.33 counts each item as it is written.
    """
    return stack.place.dynamodb.describe_table(TableName=stack.table_name)["Table"]["ItemCount"]
