"""AWS in memory, by the project's facts about it: one stream, one queue with its DLQ, one table, one virtual clock.

`deliver` acts as Lambda's event source mapping for SQS: the function's answer decides which messages are deleted.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from tests.clock import Clock
from tests.faults.model_dynamodb import Dynamodb
from tests.faults.model_kinesis import Kinesis
from tests.faults.model_sqs import Message, Queue, Sqs

QUEUE_URL: Final = "https://sqs.us-east-1.amazonaws.com/000000000000/logs"
DLQ_URL: Final = "https://sqs.us-east-1.amazonaws.com/000000000000/logs-dlq"
STREAM_NAME: Final = "logs"
TABLE_NAME: Final = "logs"
QUEUE_VISIBILITY_S: Final = 300
"""The template's value."""
REFUSED_TEXT: Final = "text that the table refuses"
"""The table refuses a whole call if a row's text contains this."""


class World:
    """The state that survives when a process ends."""

    def __init__(self, clock: Clock, *, shards: int = 2, max_receives: int = 5) -> None:
        self.clock = clock
        self.max_receives = max_receives
        self.dlq = Queue(DLQ_URL, clock)
        self.queue = Queue(
            QUEUE_URL, clock, visibility_s=QUEUE_VISIBILITY_S, dead_letters=self.dlq, max_receives=max_receives
        )
        self.kinesis = Kinesis(STREAM_NAME, clock, shards=shards)
        self.dynamodb = Dynamodb(TABLE_NAME, refused_text=REFUSED_TEXT)
        self.sqs = Sqs([self.queue, self.dlq])

    def deliver(
        self,
        function: Callable[[dict[str, Any]], object],
        *,
        batch_size: int = 5,
        on_delete: Callable[[Message], None] = lambda _: None,
    ) -> int:
        """Give the function a batch and delete the messages that its answer acknowledges; return the batch's size.

        When the function raises or is killed, the whole batch has failed and its messages come back. `on_delete` is
        called with each message that is about to be deleted.
        """
        batch = self.queue.receive(batch_size)
        if not batch:
            return 0
        try:
            answer = function(sqs_event(batch))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | AssertionError):
                raise
            return len(batch)
        failed = failed_identifiers(answer, {message.message_id for message in batch})
        for message in batch:
            if message.message_id not in failed:
                on_delete(message)
                self.queue.delete(message.receipt)
        return len(batch)


def failed_identifiers(answer: object, message_ids: Collection[str]) -> set[str]:
    """Return which messages Lambda keeps after a function's answer.

    It keeps none if there is no answer, an empty one, one with another top-level member, or an empty or null list. It
    keeps all if an entry has no identifier of the batch. (Lambda developer guide, "Success and failure conditions",
    November 2026.)
    """
    entries = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not entries:
        return set()
    named = {entry.get("itemIdentifier") for entry in entries}
    return set(message_ids) if named - set(message_ids) else named


def sqs_event(batch: Collection[Message]) -> dict[str, Any]:
    """Return Lambda's event for a batch."""
    return {
        "Records": [
            {
                "messageId": message.message_id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": str(message.receive_count),
                    "SentTimestamp": str(message.sent_ms),
                    "SenderId": "AIDAEXAMPLE",
                    "ApproximateFirstReceiveTimestamp": str(message.first_receive_ms),
                },
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                    for name, value in message.attributes.items()
                },
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:logs",
                "awsRegion": "us-east-1",
            }
            for message in batch
        ]
    }
