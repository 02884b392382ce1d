"""SQS standard queues in memory: visibility, receive counts, dead-letter queues, at-least-once delivery."""

# ruff: noqa: N803 - boto3's names

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.clock import Clock
from tests.faults.answers import client_error

MAX_BATCH: Final = 10
MAX_BYTES: Final = 1_048_576
MAX_VISIBILITY_S: Final = 43_200
MAX_DELAY_S: Final = 900
MOVED_A_SECOND: Final = 2
"""Messages that a move task moves a second. AWS is faster, but then a small DLQ would be empty at the first look."""

# Only XML characters are allowed (SendMessage API reference). Others are refused with InvalidMessageContents.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Attributes = dict[str, dict[str, str]]


@dataclass
class Message:
    """One message. It can be received again from `visible_at_s` on; only its last receipt can delete or hide it."""

    message_id: str
    body: str
    attributes: Attributes
    group_id: str
    sent_ms: int
    visible_at_s: float = 0
    receive_count: int = 0
    first_receive_ms: int = 0
    last_receive_s: float = 0
    receipt: str = ""


@dataclass
class MoveTask:
    """SQS's own task that moves all visible messages to another queue, begun at `started_s`."""

    destination_url: str
    started_s: float
    moved: int = 0
    running: bool = True


class Queue:
    """One queue; `dead_letters` gets a message that is due again after `max_receives` receives."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        visibility_s: float = 300,
        dead_letters: "Queue | None" = None,
        max_receives: int = 5,
    ) -> None:
        self.url = url
        self.messages: dict[str, Message] = {}
        self.deleted: dict[str, Message] = {}
        self.move_tasks: list[MoveTask] = []
        self.order: Callable[[list[Message]], list[Message]] = lambda messages: messages
        self._clock = clock
        self._visibility_s = visibility_s
        self._dead_letters = dead_letters
        self._max_receives = max_receives
        self._sent = 0
        self._receipts = 0

    @property
    def visible(self) -> list[Message]:
        """The messages that a receive may return now."""
        return [m for m in self.messages.values() if m.visible_at_s <= self._clock.now_s]

    @property
    def next_visible_s(self) -> float | None:
        """When the next message becomes visible; None for an empty queue."""
        return min((m.visible_at_s for m in self.messages.values()), default=None)

    def send(self, body: str, attributes: Mapping[str, Any] | None = None, group_id: str = "", delay_s: int = 0) -> str:
        """Add a message that can be received after `delay_s`; return its id."""
        message_id = self._next_id()
        taken = {name: dict(value) for name, value in (attributes or {}).items()}
        visible_at_s = self._clock.now_s + delay_s if delay_s else 0
        self.messages[message_id] = Message(
            message_id, body, taken, group_id, self._clock.now_ms(), visible_at_s=visible_at_s
        )
        return message_id

    def _next_id(self) -> str:
        self._sent += 1
        return f"{self.url.rpartition('/')[2]}-{self._sent}"

    def receive(self, count: int, visibility_s: float | None = None) -> list[Message]:
        """Return up to `count` visible messages, now in flight; those without receives left are dead-lettered."""
        batch: list[Message] = []
        for message in self.order(self.visible):
            if len(batch) == count:
                break
            if self._dead_letters is not None and message.receive_count >= self._max_receives:
                del self.messages[message.message_id]
                self._dead_letters.take_over(message)
                continue
            self._receipts += 1
            message.receive_count += 1
            message.first_receive_ms = message.first_receive_ms or self._clock.now_ms()
            message.last_receive_s = self._clock.now_s
            message.visible_at_s = self._clock.now_s + (self._visibility_s if visibility_s is None else visibility_s)
            message.receipt = f"{message.message_id}#{self._receipts}"
            batch.append(replace(message))
        return batch

    def take_over(self, message: Message) -> None:
        """Add a message of another queue: it keeps its id, body and attributes, and its receives count from 0."""
        self.messages[message.message_id] = replace(
            message, receive_count=0, first_receive_ms=0, visible_at_s=0, receipt=""
        )

    def delete(self, receipt: str) -> None:
        """Delete by the last receipt; an older receipt succeeds but deletes nothing (DeleteMessage API reference)."""
        message = self._of(receipt)
        if message is not None:
            self.deleted[message.message_id] = self.messages.pop(message.message_id)

    def hide(self, receipt: str, visibility_s: int) -> str:
        """Hide the message for so long from now on; return "", or the error code."""
        message = self._of(receipt)
        if message is None:
            return "ReceiptHandleIsInvalid"
        until_s = self._clock.now_s + visibility_s
        if visibility_s < 0 or until_s - message.last_receive_s > MAX_VISIBILITY_S:
            return "InvalidParameterValue"
        message.visible_at_s = until_s
        return ""

    def revive(self, message_id: str) -> None:
        """Bring a deleted message back, as when one of SQS's servers missed the deletion."""
        self.messages[message_id] = replace(self.deleted[message_id], visible_at_s=0)

    def begin_move(self, destination_url: str) -> None:
        """Begin a move task."""
        self.move_tasks.append(MoveTask(destination_url, self._clock.now_s))

    def move_on(self, queues: Mapping[str, "Queue"]) -> MoveTask | None:
        """Advance the newest move task by the time since its start, and return it; it runs without being watched."""
        if not self.move_tasks:
            return None
        task = self.move_tasks[-1]
        due = int((self._clock.now_s - task.started_s) * MOVED_A_SECOND) - task.moved
        for message in self.visible[: due if task.running else 0]:
            # A new message with a new id ("Configure a dead-letter queue redrive", SQS developer guide).
            queues[task.destination_url].send(message.body, message.attributes, message.group_id)
            del self.messages[message.message_id]
            task.moved += 1
        task.running = task.running and bool(self.visible)
        return task

    def _of(self, receipt: str) -> Message | None:
        message = self.messages.get(receipt.partition("#")[0])
        return message if message is not None and message.receipt == receipt else None


class Sqs:
    """The client methods that the code calls, on queues by URL."""

    def __init__(self, queues: Iterable[Queue]) -> None:
        self._queues = {queue.url: queue for queue in queues}

    def send_message(
        self, *, QueueUrl: str, MessageBody: str, MessageAttributes: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:  # fmt: skip
        """Take one message, or refuse it."""
        if code := _refusal(MessageBody, MessageAttributes):
            raise client_error("SendMessage", code)
        group_id = more.get("MessageGroupId", "")
        return {"MessageId": self._queues[QueueUrl].send(MessageBody, MessageAttributes, group_id)}

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Add the well-formed entries and refuse the others one by one; a call that is too large is refused whole."""
        _check_batch("SendMessageBatch", Entries)
        if sum(_size(entry["MessageBody"], entry.get("MessageAttributes")) for entry in Entries) > MAX_BYTES:
            raise client_error("SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in Entries:
            body, attributes = entry["MessageBody"], entry.get("MessageAttributes")
            if code := _refusal(body, attributes):
                answer["Failed"].append({"Id": entry["Id"], "Code": code, "SenderFault": True})
                continue
            if not 0 <= (delay_s := entry.get("DelaySeconds", 0)) <= MAX_DELAY_S:
                answer["Failed"].append({"Id": entry["Id"], "Code": "InvalidParameterValue", "SenderFault": True})
                continue
            message_id = self._queues[QueueUrl].send(body, attributes, entry.get("MessageGroupId", ""), delay_s)
            answer["Successful"].append({"Id": entry["Id"], "MessageId": message_id})
        return {name: entries for name, entries in answer.items() if entries}

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int = 1, VisibilityTimeout: float | None = None, **_: Any
    ) -> dict[str, Any]:  # fmt: skip
        """Return visible messages; without any, the answer has no member `Messages`."""
        batch = self._queues[QueueUrl].receive(MaxNumberOfMessages, VisibilityTimeout)
        messages = [
            {
                "MessageId": message.message_id,
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                "MessageAttributes": message.attributes,
                "Attributes": {
                    "ApproximateReceiveCount": str(message.receive_count),
                    "ApproximateFirstReceiveTimestamp": str(message.first_receive_ms),
                    "SentTimestamp": str(message.sent_ms),
                    "MessageGroupId": message.group_id,
                },
            }
            for message in batch
        ]
        return {"Messages": messages} if messages else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:
        """Delete one message."""
        self._queues[QueueUrl].delete(ReceiptHandle)
        return {}

    def delete_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Delete the messages."""
        _check_batch("DeleteMessageBatch", Entries)
        for entry in Entries:
            self._queues[QueueUrl].delete(entry["ReceiptHandle"])
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> dict[str, Any]:
        """Hide one message for so long from now on."""
        if code := self._queues[QueueUrl].hide(ReceiptHandle, VisibilityTimeout):
            raise client_error("ChangeMessageVisibility", code)
        return {}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Hide each message for so long from now on."""
        _check_batch("ChangeMessageVisibilityBatch", Entries)
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in Entries:
            if code := self._queues[QueueUrl].hide(entry["ReceiptHandle"], entry["VisibilityTimeout"]):
                answer["Failed"].append({"Id": entry["Id"], "Code": code, "SenderFault": True})
            else:
                answer["Successful"].append({"Id": entry["Id"]})
        return answer

    def start_message_move_task(self, *, SourceArn: str, DestinationArn: str) -> dict[str, Any]:
        """Begin to move the visible messages; as in AWS, a source has one task at a time."""
        source, destination = self._by_arn(SourceArn), self._by_arn(DestinationArn)
        newest = source.move_on(self._queues)
        if newest is not None and newest.running:
            raise client_error("StartMessageMoveTask", "InvalidParameterValue")
        source.begin_move(destination.url)
        return {"TaskHandle": f"{SourceArn}#{len(source.move_tasks)}"}

    def list_message_move_tasks(self, *, SourceArn: str, MaxResults: int = 1) -> dict[str, Any]:
        """Return the tasks, newest first."""
        source = self._by_arn(SourceArn)
        source.move_on(self._queues)
        return {
            "Results": [
                {
                    "Status": "RUNNING" if task.running else "COMPLETED",
                    "SourceArn": SourceArn,
                    "DestinationArn": arn_of(task.destination_url),
                    "ApproximateNumberOfMessagesMoved": task.moved,
                }
                for task in source.move_tasks[: -MaxResults - 1 : -1]
            ]
        }

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str]) -> dict[str, Any]:
        """Return the requested counts."""
        queue = self._queues[QueueUrl]
        visible = len(queue.visible)
        attributes = {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesDelayed": "0",
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - visible),
            "QueueArn": arn_of(QueueUrl),
        }
        return {"Attributes": {n: v for n, v in attributes.items() if n in AttributeNames or "All" in AttributeNames}}

    def _by_arn(self, arn: str) -> Queue:
        return next(queue for queue in self._queues.values() if arn_of(queue.url) == arn)


def arn_of(queue_url: str) -> str:
    """Return a queue's ARN."""
    return f"arn:aws:sqs:us-east-1:000000000000:{queue_url.rpartition('/')[2]}"


def _check_batch(operation: str, entries: Sequence[Mapping[str, Any]]) -> None:
    ids = {entry["Id"] for entry in entries}
    if not entries:
        raise client_error(operation, "AWS.SimpleQueueService.EmptyBatchRequest")
    if len(entries) > MAX_BATCH:
        raise client_error(operation, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
    if len(ids) < len(entries):
        raise client_error(operation, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")


def _refusal(body: str, attributes: Mapping[str, Any] | None) -> str:
    if not body:
        return "MissingParameter"
    if _size(body, attributes) > MAX_BYTES:
        return "InvalidParameterValue"
    texts = [body, *(value["StringValue"] for value in (attributes or {}).values())]
    if not all(texts[1:]) or len(texts) > MAX_BATCH + 1:  # An empty attribute value, or more than ten attributes.
        return "InvalidParameterValue"
    return "InvalidMessageContents" if any(map(_NOT_XML.search, texts)) else ""


def _size(body: str, attributes: Mapping[str, Any] | None) -> int:
    named = sum(
        len(f"{name}{value['DataType']}{value['StringValue']}".encode()) for name, value in (attributes or {}).items()
    )
    return len(body.encode()) + named
