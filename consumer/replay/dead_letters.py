"""The dead-letter queue looked at without consuming it: received, kept hidden for the look, and given back.

SQS has no listing, so this has limits. Each look counts as a receive. Until it ends, others do not see the messages. At
most 120,000 messages can be looked at (the in-flight limit of a standard queue, SQS quotas, November 2026). And a
standard queue may hold a message back from a receive: compare with `depth`, which is what SQS claims to have.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.contract.errors import Poison
from ingest.contract.message import decode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

UNMARKED_REASON: Final = "max_receives_exceeded"
"""The reason shown for what SQS itself dead-lettered: it adds no attribute of ours."""

_VISIBILITY_S: Final = 120
_BATCH: Final = 10  # Messages a call (ReceiveMessage and ChangeMessageVisibilityBatch API references).
# Long polling asks all of SQS's servers, so one empty receive is the end; where SQS claimed more, it is asked again.
_LONG_POLL_S: Final = 1
_MAX_EMPTY_RECEIVES: Final = 3


class DeadLetter(NamedTuple):
    """One message: whose log it is, as far as that is known ("" else), and its text where it decodes."""

    tenant_id: str
    log_id: str
    reason: str
    received_at: str
    text: str | None


def depth(client: "SQSClient", queue_url: str) -> int:
    """Return how many messages SQS says a queue has, waiting, delayed and in flight (approximate by its own words)."""
    attributes = client.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return sum(map(int, attributes.values()))


def peek(client: "SQSClient", dlq_url: str, *, expected: int) -> Generator[DeadLetter]:
    """Yield every message of the queue once, and give them all back at the end. `expected` is its `depth`."""
    handles: list[str] = []
    seen: set[str] = set()
    empty = 0
    try:
        while empty < (1 if len(seen) >= expected else _MAX_EMPTY_RECEIVES):
            messages = client.receive_message(
                QueueUrl=dlq_url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_VISIBILITY_S,
                WaitTimeSeconds=_LONG_POLL_S,
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            handles.extend(message["ReceiptHandle"] for message in messages)
            # SQS delivers at least once, and a look of more than the visibility time meets its first messages again.
            new = {message["MessageId"]: message for message in messages if message["MessageId"] not in seen}
            empty = 0 if new else empty + 1
            seen.update(new)
            yield from map(_dead_letter, new.values())
    finally:
        for start in range(0, len(handles), _BATCH):
            # What cannot be given back comes back by itself after the visibility time.
            client.change_message_visibility_batch(
                QueueUrl=dlq_url,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for i, handle in enumerate(handles[start : start + _BATCH])
                ],
            )


def _dead_letter(message: "MessageTypeDef") -> DeadLetter:
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    tenant_id, log_id = attributes.get("tenant_id", ""), attributes.get("log_id", "")
    reason = attributes.get("reason", UNMARKED_REASON)
    try:
        log = decode(message["Body"])
    except Poison:
        return DeadLetter(tenant_id, log_id, reason, "", None)
    return DeadLetter(log.tenant_id, log.log_id, reason, log.received_at, log.text)
