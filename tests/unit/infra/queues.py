"""SQS's two queues in memory, with visibility, receipts, and a death at any step."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, so no cleaning up either."""


class Message:
    """One message; `visible` is False while somebody has received it."""

    def __init__(self, message_id: str, body: str, attributes: Mapping[str, str]) -> None:
        self.message_id = message_id
        self.body = body
        self.attributes = attributes
        self.visible = True
        self.receives = 0


class Queues:
    """The calls of an SQS client that a redrive makes, on queues by URL.

    `refuse(operation, entry)` gives an error code for an entry; `kill_at` dies at that call, counted from 0, before or
    after it takes effect. Then every further call dies too.
    """

    def __init__(
        self,
        refuse: Callable[[str, dict[str, Any]], str | None] = lambda _operation, _entry: None,
        *,
        kill_at: int | None = None,
        kill_after_effect: bool = False,
    ) -> None:
        self.queues: dict[str, list[Message]] = {"dlq": [], "queue": []}
        self.calls: list[str] = []
        self.on_send: Callable[[Message], None] = lambda _message: None
        self._refuse = refuse
        self._kill_at = kill_at
        self._kill_after_effect = kill_after_effect
        self._ids = itertools.count()

    def add(self, queue: str, body: str, **attributes: str) -> str:
        """Put a message and return its id."""
        message = Message(f"{queue}-{next(self._ids)}", body, attributes)
        self.queues[queue].append(message)
        return message.message_id

    def bodies(self, queue: str) -> list[str]:
        """The bodies in a queue, hidden ones too."""
        return [message.body for message in self.queues[queue]]

    def hidden(self, queue: str) -> list[str]:
        """The bodies of those that somebody holds."""
        return [message.body for message in self.queues[queue] if not message.visible]

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Up to MaxNumberOfMessages visible messages, which this hides."""

        def receive() -> dict[str, Any]:
            visible = [m for m in self.queues[request["QueueUrl"]] if m.visible][: request["MaxNumberOfMessages"]]
            for message in visible:
                message.visible = False
                message.receives += 1
            return {"Messages": [self._received(message) for message in visible]} if visible else {}

        return self._call("receive", receive)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Each entry that is not refused is in the queue under a new id."""

        def send(entry: dict[str, Any]) -> dict[str, Any]:
            message_id = self.add(request["QueueUrl"], entry["MessageBody"])
            self.on_send(self.queues[request["QueueUrl"]][-1])
            return {"MessageId": message_id}

        return self._batch("send", request["Entries"], send)

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:
        """Each entry that is not refused is gone."""

        def delete(entry: dict[str, Any]) -> dict[str, Any]:
            queue = self.queues[request["QueueUrl"]]
            queue[:] = [message for message in queue if self._receipt(message) != entry["ReceiptHandle"]]
            return {}

        return self._batch("delete", request["Entries"], delete)

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Each entry is visible again."""

        def show(entry: dict[str, Any]) -> dict[str, Any]:
            assert entry["VisibilityTimeout"] == 0
            for message in self.queues[request["QueueUrl"]]:
                if self._receipt(message) == entry["ReceiptHandle"]:
                    message.visible = True
            return {}

        return self._batch("show", request["Entries"], show)

    def _batch(
        self, operation: str, entries: list[dict[str, Any]], act: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        assert 1 <= len(entries) <= 10
        assert len({entry["Id"] for entry in entries}) == len(entries)

        def run() -> dict[str, Any]:
            codes = {entry["Id"]: self._refuse(operation, entry) for entry in entries}
            return {
                "Successful": [{"Id": e["Id"], **act(e)} for e in entries if codes[e["Id"]] is None],
                "Failed": [{"Id": i, "Code": code, "SenderFault": False} for i, code in codes.items() if code],
            }

        return self._call(operation, run)

    def _call(self, operation: str, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        number = len(self.calls)
        self.calls.append(operation)
        if self._kill_at is not None and number > self._kill_at:
            raise Killed
        if number == self._kill_at and not self._kill_after_effect:
            raise Killed
        answer = effect()
        if number == self._kill_at:
            raise Killed
        return answer

    @staticmethod
    def _receipt(message: Message) -> str:
        return f"{message.message_id}/{message.receives}"

    def _received(self, message: Message) -> dict[str, Any]:
        return {
            "MessageId": message.message_id,
            "ReceiptHandle": self._receipt(message),
            "Body": message.body,
            "Attributes": {"ApproximateReceiveCount": str(message.receives), "SentTimestamp": "1700000000000"},
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
            },
        }
