"""Small fakes of the AWS services that the consumer uses: they refuse what AWS refuses, and fail on demand."""

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from botocore.exceptions import ClientError

from consumer.handler import Clients, outside
from consumer.invocation import consume
from consumer.item import Item, Key, key_attributes, key_of
from consumer.outside import Outside
from consumer.redact import Redactor
from consumer.settings import Settings
from consumer.unpack import Delivery, Log
from consumer.verdict import OUTCOMES
from ingest.contract.message import InternalMessage, encode
from ingest.contract.packed import joined
from tests.clock import START_MS, Clock
from tests.messages import RECEIVED_AT, RECEIVED_MS, message, none_erased


def item(log_id: str = "log-1", text: str = "hello", **members: Any) -> Item:
    """Return the item of a log of tenant acme."""
    return Item(
        **{
            "tenant_id": "acme",
            "log_id": log_id,
            "source": "json_upload",
            "original_text": text,
            "modified_data": text,
            "received_at": RECEIVED_AT,
            "processed_at": "2025-11-24T16:00:00.000Z",
            "redaction_version": "upper-1",
            **members,
        }
    )


def delivery(
    message_id: str = "m-1", body: str = "", receive_count: int = 1, first_receive_ms: int = START_MS
) -> Delivery:
    """Return one receipt of a message."""
    return Delivery(
        message_id=message_id,
        receipt_handle=f"handle-{message_id}",
        body=body,
        receive_count=receive_count,
        first_receive_ms=first_receive_ms,
    )


def log(message_id: str = "m-1", *, receive_count: int = 1, first_receive_ms: int = START_MS, **members: Any) -> Log:
    """Return a log; `members` are those of its message."""
    return Log(
        delivery=delivery(message_id, receive_count=receive_count, first_receive_ms=first_receive_ms),
        message=message(**members),
        received_ms=RECEIVED_MS,
    )


def packed(*bodies: str) -> str:
    """Return the body of one message with these logs."""
    return joined([one.encode() for one in bodies]).decode()


def sqs_event(
    *records: tuple[str, str],
    receive_count: int = 1,
    first_receive_ms: int = START_MS,
    sent_ms: int = START_MS,
    attributes: dict[str, dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Return Lambda's SQS event for pairs of message id and body; `attributes` as SendMessage took them."""
    return {
        "Records": [
            {
                "messageId": message_id,
                "receiptHandle": f"handle-{message_id}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(receive_count),
                    "SentTimestamp": str(sent_ms),
                    "SenderId": "AIDAEXAMPLE",
                    "ApproximateFirstReceiveTimestamp": str(first_receive_ms),
                },
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                    for name, value in (attributes or {}).items()
                },
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:logs",
                "awsRegion": "us-east-1",
            }
            for message_id, body in records
        ]
    }


def client_error(code: str, status: int = 400) -> ClientError:
    """Return the error that botocore raises for an answer of AWS."""
    return ClientError(
        {"Error": {"Code": code, "Message": "as told"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore's type asks for members that no code reads
        "Operation",
    )


Attributes = dict[str, Any]
AnyKey = tuple[str, str]


class FakeDynamoDB:
    """A table that behaves like DynamoDB, with the items of `items`.

    `statement_error(key)` may return the error code of one statement, `call_error()` an error for a whole call.
    """

    def __init__(
        self,
        *,
        statement_error: Callable[[AnyKey], str | None] = lambda _key: None,
        call_error: Callable[[], Exception | None] = lambda: None,
        unprocessed: Callable[[AnyKey], bool] = lambda _key: False,
    ) -> None:
        self.items: dict[AnyKey, Attributes] = {}
        self.calls: list[list[AnyKey]] = []
        self.reads: list[list[AnyKey]] = []
        self.statement_error = statement_error
        self.call_error = call_error
        self.unprocessed = unprocessed

    def texts(self) -> dict[AnyKey, str]:
        """Return the stored original texts."""
        return {key: item["original_text"]["S"] for key, item in self.items.items()}

    def batch_execute_statement(self, *, Statements: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Insert the item of each statement, independently of the others."""
        items = [_item(statement) for statement in Statements]
        keys: list[AnyKey] = [key_of(item) for item in items]
        self.calls.append(keys)
        if error := self.call_error():
            raise error
        if not 1 <= len(items) <= 25 or len(set(keys)) < len(keys):
            raise client_error("ValidationException")
        if len(json.dumps(Statements)) > 16_000_000:
            raise client_error("RequestEntityTooLarge", 413)
        return {"Responses": [self._insert(key, item) for key, item in zip(keys, items, strict=True)]}

    def _insert(self, key: AnyKey, item: Attributes) -> dict[str, Any]:
        code = self.statement_error(key)
        if code is None and key in self.items:
            code = "DuplicateItem"
        if code is None and sum(len(name) + _size(value) for name, value in item.items()) > 400 * 1024:
            code = "ValidationError"
        if code is not None:
            return {"Error": {"Code": code, "Message": "as told"}, "TableName": "logs"}
        self.items[key] = item
        return {"TableName": "logs"}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Return the items, less those that are `unprocessed` this time."""
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] is True
        keys: list[AnyKey] = [key_of(key) for key in request["Keys"]]
        self.reads.append(keys)
        if error := self.call_error():
            raise error
        if not 1 <= len(keys) <= 100 or len(set(keys)) < len(keys):
            raise client_error("ValidationException")
        unread = [key for key in keys if self.unprocessed(key)]
        found = [self.items[key] for key in keys if key in self.items and key not in unread]
        response: dict[str, Any] = {"Responses": {table: found}, "UnprocessedKeys": {}}
        if unread:
            response["UnprocessedKeys"] = {table: {"Keys": [key_attributes(Key(*key)) for key in unread]}}
        return response


def _item(statement: dict[str, Any]) -> Attributes:
    match = re.fullmatch(r'INSERT INTO "logs" VALUE \{(.+)\}', statement["Statement"])
    assert match is not None, statement["Statement"]
    names = re.findall(r"'(\w+)':\?", match[1])
    return dict(zip(names, statement["Parameters"], strict=True))


def _size(value: Any) -> int:
    """Return an attribute value's bytes by DynamoDB's rules (developer guide, "DynamoDB item sizes and formats")."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) // 2 + 2
        case "L":
            return 3 + sum(1 + _size(element) for element in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(element) for name, element in held.items())
        case _:
            return 1


class FakeSqs:
    """The queue's visibility changes and the dead-letter queue's messages.

    `refuse(body)` may return an error to raise for a message; `hide_error` is raised for a whole visibility call, and
    the handles in `hide_failures` fail each for itself.
    """

    def __init__(
        self,
        *,
        refuse: Callable[[str], Exception | None] = lambda _body: None,
        hide_error: Exception | None = None,
        hide_failures: Iterable[str] = (),
    ) -> None:
        self.dead: list[tuple[str, dict[str, str]]] = []
        self.hidden: dict[str, int] = {}
        self.sent: list[dict[str, Any]] = []
        self.refused_entries: Callable[[str], bool] = lambda _body: False
        self._refuse = refuse
        self._hide_error = hide_error
        self._hide_failures = set(hide_failures)

    def send_message(self, *, QueueUrl: str, MessageBody: str, MessageAttributes: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Take a message as SQS would."""
        assert QueueUrl == "https://sqs/dlq"
        if error := self._refuse(MessageBody):
            raise error
        assert len(MessageAttributes) <= 10
        for value in MessageAttributes.values():
            assert value["DataType"] == "String"
            assert re.fullmatch(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+", value["StringValue"])
        self.dead.append((MessageBody, {name: value["StringValue"] for name, value in MessageAttributes.items()}))
        return {"MessageId": f"dead-{len(self.dead)}"}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Take messages into the queue, ten at most a call, except the bodies that are refused."""
        assert QueueUrl == "https://sqs/logs"
        assert 1 <= len(Entries) <= 10
        refused = [entry for entry in Entries if self.refused_entries(entry["MessageBody"])]
        taken = [entry for entry in Entries if entry not in refused]
        assert all(0 <= entry["DelaySeconds"] <= 900 for entry in Entries)
        self.sent += taken
        return {
            "Successful": [{"Id": entry["Id"], "MessageId": entry["Id"]} for entry in taken],
            "Failed": [{"Id": entry["Id"], "Code": "InvalidMessageContents", "SenderFault": True} for entry in refused],
        }

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Hide messages, ten at most a call."""
        assert QueueUrl == "https://sqs/logs"
        assert 1 <= len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        if self._hide_error:
            raise self._hide_error
        failed = []
        for entry in Entries:
            assert isinstance(entry["VisibilityTimeout"], int)
            assert 0 <= entry["VisibilityTimeout"] <= 43_200
            if entry["ReceiptHandle"] in self._hide_failures:
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                self.hidden[entry["ReceiptHandle"]] = entry["VisibilityTimeout"]
        return {"Successful": [], "Failed": failed}


class Upper(Redactor):
    """A redactor that shows what it touched; the text "bug" sets off a bug in it, "exit" ends the process."""

    def __init__(self) -> None:
        super().__init__([], [re.compile("bug|exit")], "upper-1", phones=False)

    def text(self, text: str, /) -> str:
        """Return the text in capitals."""
        if text == "bug":
            raise LookupError("in the redactor")
        if text == "exit":
            os._exit(1)
        return text.upper()

    def fields(self, fields: dict[str, Any], /) -> dict[str, Any]:
        """Return the names only."""
        return dict.fromkeys(fields, "TOUCHED")


class World:
    """Fakes of everything that an invocation uses; `consume` runs one."""

    def __init__(self, dynamodb: FakeDynamoDB | None = None, sqs: FakeSqs | None = None) -> None:
        self.dynamodb = dynamodb or FakeDynamoDB()
        self.sqs = sqs or FakeSqs()
        self.clock = Clock()
        self.stream: list[InternalMessage] = []
        self.off_stream: Callable[[InternalMessage], bool] = lambda _message: False
        self.ended: list[int] = []
        self.lines: list[str] = []

    def put_on_stream(self, messages: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Take all messages except those that are `off_stream`."""
        assert give_up_at_s > self.clock.monotonic()
        refused = frozenset(position for position, entry in enumerate(messages) if self.off_stream(entry))
        self.stream += [entry for position, entry in enumerate(messages) if position not in refused]
        return refused

    def outside(self) -> Outside:
        """Return this world as the invocation sees it, put together as in the Lambda, except for the stream."""
        clients = Clients(cast("Any", self.sqs), cast("Any", self.dynamodb), cast("Any", None))
        built = outside(
            settings_of(),
            clients,
            self.clock.programs(),
            write_line=self.lines.append,
            end_process=self.ended.append,
            erased=none_erased,
        )
        return built._replace(put_on_stream=self.put_on_stream)

    def consume(self, event: object, *, remaining_s: float = 50, **settings: Any) -> list[str]:
        """Return the identifiers of the failed items; no delay and no crashes unless `settings` say so."""
        answer = consume(
            event,
            remaining_s=remaining_s,
            request_id="request-1",
            settings=settings_of(**settings),
            redactor=Upper(),
            outside=self.outside(),
        )
        assert list(answer) == ["batchItemFailures"]
        assert all(list(failure) == ["itemIdentifier"] for failure in answer["batchItemFailures"])
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def counts(self) -> dict[str, int]:
        """Return the last invocation's outcomes that are not zero, from its metrics line."""
        line = json.loads(self.lines[-1])
        return {outcome: line[outcome] for outcome in OUTCOMES if outcome in line}


def settings_of(**settings: Any) -> Settings:
    """Return settings without delay and crashes, unless `settings` say otherwise."""
    defaults: dict[str, Any] = {
        "queue_url": "https://sqs/logs",
        "dlq_url": "https://sqs/dlq",
        "table_name": "logs",
        "stream_name": "logs",
        "seconds_per_char": 0.0,
        "crash_probability": 0.0,
    }
    return Settings(**(defaults | settings))


def body(log_id: str = "log-1", text: str = "hello", **members: Any) -> str:
    """Return the queue message's body of a log."""
    return encode(message(log_id, text, **members)).decode()
