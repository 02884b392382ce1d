"""Clients that record their calls' changes as actions of the protocol's model: `tests.interleavings.conformance`.

A change has happened when an answer acknowledges it. There is one caller at a time: with two, the order of their calls
would be unknown.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bench.judge.history import digest
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.select import read_log
from tests.interleavings.whereabouts import places_of

if TYPE_CHECKING:
    from tests.interleavings.conformance import Happened, LogKey

_NAME: Final = re.compile(r"'([^']+)': ?\?")


class Recorded:
    """The journal of a run. `component` is the program whose calls are recorded now."""

    def __init__(self, queue_url: str) -> None:
        self.happened: dict[LogKey, list[Happened]] = defaultdict(list)
        self.poison: list[bytes] = []
        self.component = ""
        self._queue_url = queue_url
        self._bodies: dict[str, str] = {}
        self._flying: set[str] = set()
        self._held: set[str] = set()

    def tell(self, action: str, body: str) -> None:
        """Record an action on each log of a message."""
        for tenant_id, log_id, text in places_of(body):
            if not tenant_id:
                self.poison.append(text)
            self.happened[tenant_id, log_id].append((action, text))

    def empty(self) -> None:
        """Record that the table was emptied."""
        for happened in self.happened.values():
            happened.append(("empty", b""))

    def wrap(self, client: object) -> Any:
        """Return a client whose calls are recorded."""
        return _Client(client, self)

    def send_message_batch(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record sends: of ingest, a rebuild, a redrive, or the consumer, which sends a log back alone."""
        bodies = {entry["Id"]: entry["MessageBody"] for entry in asked["Entries"]}
        action = {"replay": "replay", "redrive": "resend", "consumer": "send back"}.get(self.component, "send")
        for entry in answer.get("Successful", []):
            self.tell(action, bodies[entry["Id"]])

    def send_message(self, asked: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        """Record a quarantine: the consumer sends single messages only to the dead-letter queue."""
        self.tell("quarantine", asked["MessageBody"])

    def receive_message(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record receives; a message received before has become visible again in between, or was given back."""
        dead = asked["QueueUrl"] != self._queue_url
        seen, again, action = (self._held, "give back", "hold") if dead else (self._flying, "come up", "receive")
        for message in answer.get("Messages", []):
            self._bodies[message["ReceiptHandle"]] = message["Body"]
            if message["MessageId"] in seen:
                self.tell(again, message["Body"])
            seen.add(message["MessageId"])
            self.tell(action, message["Body"])

    def delete_message_batch(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record deletions: from the queue they are the poller's, from the dead-letter queue the redrive's."""
        receipts = {entry["Id"]: entry["ReceiptHandle"] for entry in asked["Entries"]}
        for entry in answer.get("Successful", []):
            self.tell("delete" if asked["QueueUrl"] == self._queue_url else "drop", self._bodies[receipts[entry["Id"]]])

    def put_records(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record a put for each log in a record that the stream took."""
        for record, result in zip(asked["Records"], answer["Records"], strict=True):
            if result.get("ErrorCode"):
                continue
            for piece in deaggregate(record["PartitionKey"], record["Data"]):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                assert not isinstance(log, Broken)
                self.happened[log.tenant_id, log.log_id].append(("put", digest(log.text)))

    def batch_execute_statement(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record each INSERT that was not refused."""
        for statement, response in zip(asked["Statements"], answer["Responses"], strict=True):
            if "Error" in response:
                continue
            item = dict(zip(_NAME.findall(statement["Statement"]), statement["Parameters"], strict=True))
            aside = "conflict_of" in item
            key = item["tenant_id"]["S"], item["conflict_of" if aside else "log_id"]["S"]
            text = digest(item["original_text"]["S"])
            self.happened[key].append(("write aside" if aside else "write", text))


class _Client:
    def __init__(self, client: object, recorded: Recorded) -> None:
        self._client = client
        self._recorded = recorded

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._client, operation)
        record = getattr(self._recorded, operation, None)

        def call(**asked: Any) -> Any:
            answer = method(**asked)
            if record is not None:
                record(asked, answer)
            return answer

        return call
