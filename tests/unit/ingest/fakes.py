"""Requests, events and AWS for the tests of ingest; the fakes accept, refuse and fail as told."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.access.keys import access_id
from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request
from ingest.contract.message import InternalMessage

RECEIVED_AT = "2026-11-24T05:40:00.000Z"
QUEUE_URL = "http://127.0.0.1/000000000000/logs"


def request(
    body: bytes,
    content_type: str | None = "application/json",
    *,
    tenant_id: str | None = "acme",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Request:
    """Return a request of tenant acme."""
    given = {"content-type": content_type, "x-tenant-id": tenant_id}
    return Request({n: v for n, v in given.items() if v is not None} | dict(headers or {}), query or {}, body)


def parsed(body: bytes, content_type: str | None = "application/json", **request_arguments: Any) -> Parsed:
    """Return what `parse` makes of a request; log_ids are `generated-0`, `generated-1` and so on."""
    return parse(
        request(body, content_type, **request_arguments),
        DIALECT,
        received_at=RECEIVED_AT,
        log_id_at=lambda position: f"generated-{position}",
    )


def only(found: Parsed) -> InternalMessage:
    """Return the message of a request that holds exactly one."""
    (message,) = found.messages
    return message


def message(log_id: str = "log-1", text: str = "hello", **overrides: Any) -> InternalMessage:
    """Return a message of tenant acme."""
    members: dict[str, Any] = {
        "tenant_id": "acme",
        "log_id": log_id,
        "source": "json_upload",
        "text": text,
        "received_at": RECEIVED_AT,
        "schema_version": 1,
    }
    return InternalMessage(**(members | overrides))


def event(
    body: str | bytes | None,
    content_type: str | None = "application/json",
    *,
    path: str = "/ingest",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an HTTP API event (payload format 2.0) of tenant acme; bytes travel as base64."""
    given = {"content-type": content_type, "x-tenant-id": "acme"} | dict(headers or {})
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "headers": {n: v for n, v in given.items() if v is not None},
        "requestContext": {"requestId": "request-1", "http": {"method": method, "path": path}},
        "isBase64Encoded": isinstance(body, bytes),
    }
    if body is not None:
        made["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    if query:
        made["queryStringParameters"] = dict(query)
    return made


class Clock:
    """A clock that moves only when told, or slept on."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.slept_s: list[float] = []

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        """Move the clock on."""
        self.slept_s.append(wait_s)
        self.now_s += wait_s


def take_all(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return SQS's answer when it takes every entry."""
    return {"Successful": [{"Id": entry["Id"], "MessageId": f"m-{entry['Id']}"} for entry in entries]}


class FakeSqs:
    """SQS's batch call: each call gets the next of `answers`, then `take_all`."""

    def __init__(self, *answers: Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]] | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[list[dict[str, Any]]] = []
        self.always: Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]] | Exception = take_all
        self.on_call: Callable[[], None] = lambda: None

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer as told."""
        assert QueueUrl == QUEUE_URL
        self.calls.append([dict(entry) for entry in Entries])
        self.on_call()
        answer = self.answers.pop(0) if self.answers else self.always
        if isinstance(answer, Exception):
            raise answer
        return answer(Entries)

    @property
    def bodies(self) -> list[str]:
        """The bodies of every entry of every call, in order."""
        return [entry["MessageBody"] for call in self.calls for entry in call]


class FakeDynamoDb:
    """DynamoDB's table of keys and quotas: it counts the updates, or fails each with `error`.

    `acme-key` and `globex-key` write, `acme-reads` reads. A look-up fails with `lookup_error` if there is one.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.lookup_error: Exception | None = None
        self.updates: list[dict[str, Any]] = []
        self.keys: dict[str, dict[str, Any]] = {
            access_id(key): {
                "tenant_id": {"S": tenant_id},
                "key_id": {"S": f"id-of-{tenant_id}"},
                "scopes": {"SS": [scope]},
            }
            for key, tenant_id, scope in (
                ("acme-key", "acme", "write"),
                ("globex-key", "globex", "write"),
                ("acme-reads", "acme", "read"),
            )
        }

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Answer with the key's item, as told."""
        if self.lookup_error is not None:
            raise self.lookup_error
        item = self.keys.get(request["Key"]["id"]["S"])
        return {} if item is None else {"Item": item}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Answer as told."""
        self.updates.append(request)
        if self.error is not None:
            raise self.error
        return {}


class FakeKinesis:
    """Kinesis' batch call: takes every record, or fails every call with `error`."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.records: list[dict[str, Any]] = []

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer as told."""
        assert StreamName == "logs"
        if self.error is not None:
            raise self.error
        self.records += [dict(record) for record in Records]
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "shardId-0"} for _ in Records]}
