"""The Lambdas' clients and botocore's get the same recorded answers, and must behave the same."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, NamedTuple
from unittest import mock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from consumer import quarantine, store
from ingest.aws import clients
from ingest.aws.refusal import refusal_of
from ingest.aws.second_try import SecondTry
from tests.clock import Clock

_KEYS: Final = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
_QUEUE_URL: Final = "https://sqs.eu-west-1.amazonaws.com/123456789012/logs"
_KEY: Final = {"tenant_id": {"S": "acme"}, "log_id": {"S": "é"}}


class Call(NamedTuple):
    """A call of a service's client, and AWS's answer when it succeeds (API references, November 2026)."""

    service: str
    make: Callable[[Any], Any]
    answer: dict[str, Any]


CALLS: Final = {
    "SendMessage": Call(
        "sqs",
        lambda sqs: sqs.send_message(
            QueueUrl=_QUEUE_URL,
            MessageBody='{"a\u20ac\u0001\\',
            MessageAttributes={"reason": {"DataType": "String", "StringValue": "undecodable"}},
        ),
        {"MessageId": "m", "MD5OfMessageBody": "b", "MD5OfMessageAttributes": "a", "SequenceNumber": "1"},
    ),
    "SendMessageBatch": Call(
        "sqs",
        lambda sqs: sqs.send_message_batch(
            QueueUrl=_QUEUE_URL, Entries=[{"Id": "0", "MessageBody": "é\u0001", "MessageGroupId": "acme"}]
        ),
        {
            "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "b"}],
            "Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "as told"}],
        },
    ),
    "ChangeMessageVisibilityBatch": Call(
        "sqs",
        lambda sqs: sqs.change_message_visibility_batch(
            QueueUrl=_QUEUE_URL, Entries=[{"Id": "0", "ReceiptHandle": "AQEB+/=", "VisibilityTimeout": 43_200}]
        ),
        {
            "Successful": [{"Id": "0"}],
            "Failed": [{"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": "as told"}],
        },
    ),
    "PutRecords": Call(
        "kinesis",
        lambda kinesis: kinesis.put_records(
            StreamName="logs",
            Records=[{"PartitionKey": "acme", "Data": b"\xf3\x89\x9a\xc2\x00", "ExplicitHashKey": "7"}],
        ),
        {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}]},
    ),
    "BatchExecuteStatement": Call(
        "dynamodb",
        lambda dynamodb: dynamodb.batch_execute_statement(
            Statements=[
                {
                    "Statement": "INSERT INTO \"logs\" VALUE {'tenant_id':?,'fields':?}",
                    "Parameters": [
                        {"S": "acme"},
                        {"M": {"n": {"N": "1.50"}, "none": {"NULL": True}, "list": {"L": [{"BOOL": False}]}}},
                    ],
                }
            ]
        ),
        {
            "Responses": [
                {"TableName": "logs"},
                {
                    "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
                    "TableName": "logs",
                },
            ]
        },
    ),
    "BatchGetItem": Call(
        "dynamodb",
        lambda dynamodb: dynamodb.batch_get_item(
            RequestItems={"logs": {"Keys": [_KEY], "ConsistentRead": True, "ProjectionExpression": "log_id"}}
        ),
        {"Responses": {"logs": [_KEY]}, "UnprocessedKeys": {"logs": {"Keys": [_KEY], "ConsistentRead": True}}},
    ),
}


class Recorded(NamedTuple):
    """An answer: status, body, and `x-amzn-query-error`."""

    status: int
    body: bytes
    query_error: str | None = None


_HTML: Final = b"\n<html><body><b>Http/1.1 Service Unavailable</b></body> </html>"

ERRORS: Final = {
    "throttled": Recorded(
        400,
        b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of '
        b'configured provisioned throughput for the table was exceeded."}',
    ),
    "invalid": Recorded(
        400,
        b'{"__type":"com.amazon.coral.validate#ValidationException","message":"Statement wasn\'t well formed"}',
    ),
    "denied": Recorded(
        400,
        b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:sts::1:role is not '
        b'authorized to perform: dynamodb:PartiQLInsert"}',
    ),
    "old token": Recorded(
        400,
        b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token is expired"}',
    ),
    "with an address": Recorded(400, b'{"__type":"LimitExceededException:http://internal.amazon.com/coral/x.y.z/"}'),
    "no type": Recorded(400, b'{"message":"what?"}'),
    "empty object": Recorded(400, b"{}"),
    "empty": Recorded(400, b""),
    "too large": Recorded(413, b"Request Entity Too Large"),
    "internal": Recorded(500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"?"}'),
    "internal, empty": Recorded(500, b""),
    "unavailable": Recorded(503, _HTML),
    "unavailable, no HTML": Recorded(503, b"upstream connect error"),
    "slow down": Recorded(503, b'{"__type":"SlowDown","message":"Please reduce your rate"}'),
    "no queue": Recorded(
        400,
        b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}',
        "AWS.SimpleQueueService.NonExistentQueue;Sender",
    ),
    "busy queue": Recorded(
        400,
        b'{"__type":"com.amazonaws.sqs#RequestThrottled","message":"Rate exceeded"}',
        "RequestThrottled;Sender ",
    ),
    "odd query error": Recorded(400, b'{"__type":"com.amazonaws.sqs#OverLimit"}', "a;b;c"),
    "half a query error": Recorded(400, b'{"__type":"com.amazonaws.sqs#OverLimit"}', "OverLimit"),
}


class Server(ThreadingHTTPServer):
    """AWS on loopback, which answers everything alike; `requests` are the headers, in lower case, and bodies it saw."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Recorded) -> None:
        requests: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(answer.status)
                if answer.query_error is not None:
                    self.send_header("x-amzn-query-error", answer.query_error)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = requests
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def _serving(answer: Recorded) -> Iterator[Server]:
    with Server(answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _theirs(service: str, url: str, tries: int = 1) -> Iterator[Any]:
    client: Any = boto3.client(
        service,  # type: ignore[call-overload] # each service has its literal
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": tries}),
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _ours(service: str, url: str) -> Iterator[Any]:
    environ = _KEYS | {"AWS_ENDPOINT_URL": url}
    make: Any = {"sqs": clients.sqs, "dynamodb": clients.dynamodb, "kinesis": clients.kinesis}[service]
    client: Any = make(environ, read_timeout_s=60)
    try:
        yield client
    finally:
        _close(client)


@pytest.mark.parametrize("operation", CALLS)
def test_request_and_answer_are_botocores(operation: str) -> None:
    """Body, target and content type of the request, and the returned answer, are the same as botocore's."""
    service, make, answer = CALLS[operation]
    with _serving(Recorded(200, json.dumps(answer).encode())) as server:
        with _theirs(service, server.url) as theirs:
            their_answer = make(theirs)
        with _ours(service, server.url) as ours:
            our_answer = make(ours)
    del their_answer["ResponseMetadata"]
    assert our_answer == their_answer == answer
    (their_headers, their_body), (our_headers, our_body) = server.requests
    assert json.loads(our_body) == json.loads(their_body)
    for name in ("x-amz-target", "content-type", "host", "x-amzn-query-mode"):
        assert our_headers.get(name) == their_headers.get(name)


def _error(make: Callable[[Any], Any], client: Any) -> tuple[Any, ...]:
    with pytest.raises(ClientError) as caught:
        make(client)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"], status, caught.value.operation_name, refusal_of(caught.value)


@pytest.mark.parametrize("operation", ["BatchExecuteStatement", "SendMessage"])
@pytest.mark.parametrize("recorded", ERRORS.values(), ids=ERRORS)
def test_error_is_botocores(operation: str, recorded: Recorded) -> None:
    """An error has the same code, message, fault, status and operation as botocore's."""
    service, make, _ = CALLS[operation]
    with _serving(recorded) as server:
        with _theirs(service, server.url) as theirs:
            their_error = _error(make, theirs)
        with _ours(service, server.url) as ours:
            our_error = _error(make, ours)
    assert our_error == their_error


@pytest.mark.parametrize("recorded", ERRORS.values(), ids=ERRORS)
def test_the_queues_client_tries_again_what_botocore_does(recorded: Recorded) -> None:
    """The queue's client tries twice or once, as botocore's standard mode with two attempts does."""
    make = CALLS["SendMessage"].make
    clock = Clock()
    with _serving(recorded) as server:
        with _theirs("sqs", server.url, tries=2) as theirs, mock.patch("time.sleep"):
            their_error = _error(make, theirs)
        their_tries = len(server.requests)
    with _serving(recorded) as server:
        queues = quarantine.client(_KEYS | {"AWS_ENDPOINT_URL": server.url}, clock.time(lambda: 0.5))
        assert _error(make, queues) == their_error
        our_tries = len(server.requests)
        _close(queues)
    assert our_tries == their_tries
    assert clock.sleeps == [0.5] * (our_tries - 1)


def test_the_tables_client_tries_once() -> None:
    """The table's client tries once, because its caller knows which statements to repeat and until when."""
    with _serving(ERRORS["internal, empty"]) as server:
        table = store.client(_KEYS | {"AWS_ENDPOINT_URL": server.url})
        with pytest.raises(ClientError):
            CALLS["BatchExecuteStatement"].make(table)
        assert len(server.requests) == 1
        _close(table)


def test_a_second_try_that_succeeds_is_the_answer() -> None:
    """If the second try succeeds, the caller gets its answer and does not see the first error."""
    asked: list[str] = []

    class Flaky:
        def call(self, operation: str, request: object) -> dict[str, Any]:
            assert request == {"QueueUrl": "q"}
            asked.append(operation)
            if len(asked) == 1:
                raise ClientError({"Error": {"Code": "RequestThrottled"}}, operation)
            return {"MessageId": "m"}

    clock = Clock()
    sqs = clients.Sqs(SecondTry(Flaky(), clock.time()))
    assert sqs.send_message(QueueUrl="q") == {"MessageId": "m"}
    assert asked == ["SendMessage"] * 2
    assert clock.sleeps == [1.0]


def test_a_bug_is_not_tried_again() -> None:
    """An error that comes neither from AWS nor from the network is raised at once."""

    class Broken:
        def call(self, operation: str, request: object) -> dict[str, Any]:
            raise KeyError(operation, request)

    clock = Clock()
    with pytest.raises(KeyError):
        SecondTry(Broken(), clock.time()).call("SendMessage", {})
    assert clock.sleeps == []


def _close(client: Any) -> None:
    connection = client.connection
    connection = getattr(connection, "connection", connection)
    for each in getattr(connection, "_idle", [connection]):
        each.close()
