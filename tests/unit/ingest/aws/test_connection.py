"""The signed connection and its clients against botocore: the same bytes, answers and exceptions."""

import contextlib
import datetime as dt
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st

from ingest.aws import clients
from ingest.aws.connection import Connection, Service, connection
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.sigv4 import Credentials, credentials_of

_NOW_S = 1_795_498_118.0
_ENVIRON = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
_ENTRIES = [{"Id": "0", "MessageBody": "é\u0001", "MessageGroupId": "acme"}]
_RECORDS = [{"PartitionKey": "acme", "Data": b"\xf3\x89\x9a\xc2\x00", "ExplicitHashKey": "7"}]


class Server:
    """A scripted AWS on loopback: each connection is served by the next script, and every request is kept."""

    def __init__(self, *scripts: Callable[[socket.socket, "Server"], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._scripts = scripts
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the server's URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        for script in self._scripts:
            connection, _ = self._listener.accept()
            with connection:
                script(connection, self)

    def read_request(self, connection: socket.socket) -> None:
        """Keep the headers, in lower case, and the body of the next request."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, value in headers.items()}
        while len(body) < int(headers["content-length"]):
            body += connection.recv(65536)
        self.requests.append((headers, body))

    def close(self) -> None:
        """Wait until every script has run."""
        self._thread.join(timeout=60)
        self._listener.close()


@contextlib.contextmanager
def serving(*scripts: Callable[[socket.socket, Server], None]) -> Iterator[Server]:
    """Run a server for the scripts."""
    server = Server(*scripts)
    try:
        yield server
    finally:
        server.close()


def answers(*bodies: bytes, status: str = "200 OK", head: str = "") -> Callable[[socket.socket, Server], None]:
    """Answer one request after the other on the same connection, and then close it."""

    def script(connection: socket.socket, server: Server) -> None:
        for body in bodies:
            server.read_request(connection)
            connection.sendall(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return script


def hangs(connection: socket.socket, server: Server) -> None:
    """Take the request and answer nothing until the client goes away."""
    server.read_request(connection)
    connection.recv(1)


@contextlib.contextmanager
def connected(
    url: str, service: Service = clients.SQS, *, token: str | None = None, timeout_s: float = 60
) -> Iterator[Connection]:
    """Give a connection to the server, and close it."""
    made = Connection(
        service,
        endpoint_url=url,
        region="eu-west-1",
        credentials=lambda: Credentials("AKID", "secret", token),
        read_timeout_s=timeout_s,
        clock=lambda: _NOW_S,
    )
    try:
        yield made
    finally:
        made.close()


def send(connection: Connection) -> dict[str, Any]:
    """Make some call."""
    return clients.Sqs(connection).send_message_batch(QueueUrl="q", Entries=[])


@given(payload=st.binary(max_size=2000), token=st.none() | st.text("abcXYZ/+=", min_size=1, max_size=900))
def test_signature_is_botocores(payload: bytes, token: str | None) -> None:
    """For any payload and credentials the Authorization header is the one that botocore writes."""
    with connected("https://sqs.eu-west-1.amazonaws.com", token=token) as sqs:
        headers = sqs.signed_headers(payload, "AmazonSQS.SendMessage")
    request = AWSRequest(
        method="POST",
        url="https://sqs.eu-west-1.amazonaws.com/",
        data=payload,
        headers={"Content-Type": clients.SQS.content_type, "X-Amz-Target": "AmazonSQS.SendMessage"},
    )
    now = dt.datetime.fromtimestamp(_NOW_S, dt.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        SigV4Auth(BotocoreCredentials("AKID", "secret", token), "sqs", "eu-west-1").add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert headers.get("X-Amz-Security-Token") == request.headers.get("X-Amz-Security-Token")


_CALLS: dict[Service, Callable[[Any], object]] = {
    clients.SQS: lambda sqs: sqs.send_message_batch(QueueUrl="https://sqs/q", Entries=_ENTRIES),
    clients.KINESIS: lambda kinesis: kinesis.put_records(StreamName="logs", Records=_RECORDS),
}


@pytest.mark.parametrize(("service", "call"), _CALLS.items(), ids=lambda value: getattr(value, "name", ""))
def test_request_is_botocores(service: Service, call: Callable[[Any], object]) -> None:
    """The body, target and content type on the wire are those that boto3 sends for the same call."""
    with serving(
        answers(b'{"Successful": [], "Records": []}'), answers(b'{"Successful": [], "Records": []}')
    ) as server:
        boto: Any = boto3.client(
            service.name,  # type: ignore[call-overload] # each service has its literal
            endpoint_url=server.url,
            region_name="eu-west-1",
            aws_access_key_id="AKID",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        call(boto)
        boto.close()
        with connected(server.url, service) as connection:
            call(clients.Sqs(connection) if service is clients.SQS else clients.Kinesis(connection))
    (their_headers, their_body), (our_headers, our_body) = server.requests
    assert json.loads(our_body) == json.loads(their_body)
    for name in ("x-amz-target", "content-type", "host"):
        assert our_headers[name] == their_headers[name]


def test_connection_is_kept() -> None:
    """Two calls go over one connection."""
    with serving(answers(b'{"n": 1}', b'{"n": 2}')) as server, connected(server.url) as sqs:
        assert [send(sqs)["n"] for _ in range(2)] == [1, 2]


def test_connection_closed_while_idle_is_opened_again() -> None:
    """A connection that AWS closed between two invocations costs a reconnect and no error."""
    with serving(answers(b'{"n": 1}'), answers(b'{"n": 2}')) as server, connected(server.url) as sqs:
        assert [send(sqs)["n"] for _ in range(2)] == [1, 2]


def test_connection_close_header_is_honoured() -> None:
    """After an answer with Connection: close the next call opens a new connection."""
    with (
        serving(answers(b'{"n": 1}', head="Connection: close\r\n"), answers(b'{"n": 2}')) as server,
        connected(server.url) as sqs,
    ):
        assert [send(sqs)["n"] for _ in range(2)] == [1, 2]


def test_fresh_connection_that_dies_is_an_error_and_no_second_send() -> None:
    """A connection that was just opened and dies without an answer is reported, not silently tried again."""
    with (
        serving(lambda connection, server: server.read_request(connection)) as server,
        connected(server.url) as sqs,
        pytest.raises(ConnectionClosedError),
    ):
        send(sqs)
    assert len(server.requests) == 1


def test_read_timeout_is_botocores_and_bounded() -> None:
    """An AWS that hangs is a ReadTimeoutError after the read timeout, and the call after it gets a new connection."""
    with serving(hangs, answers(b'{"n": 2}')) as server, connected(server.url, timeout_s=1) as sqs:
        with pytest.raises(ReadTimeoutError):  # Without the bound it waits for ever: the server hangs until we go.
            send(sqs)
        assert send(sqs) == {"n": 2}


def test_refused_connection_is_botocores() -> None:
    """Nobody listening is an EndpointConnectionError, which counts as retryable."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(f"http://127.0.0.1:{port}") as sqs, pytest.raises(EndpointConnectionError) as caught:
        send(sqs)
    assert refusal_of(caught.value) == Refusal("EndpointConnectionError", retryable=True)


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        ("400 Bad Request", b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}', "QueueDoesNotExist", False),
        ("400 Bad Request", b'{"__type": "AccessDeniedException", "Message": "no"}', "AccessDeniedException", False),
        ("400 Bad Request", b'{"__type": "ThrottlingException"}', "ThrottlingException", True),
        ("503 Service Unavailable", b"<html>", "503", True),
        ("500 Internal Server Error", b"[]", "500", True),
        ("200 OK", b"", "502", True),
        ("200 OK", b"<html>", "502", True),
        ("200 OK", b"[]", "502", True),
    ],
)
def test_error_answer_is_a_client_error(status: str, body: bytes, code: str, *, retryable: bool) -> None:
    """An error answer becomes botocore's ClientError with AWS's code, and tells whether a second try helps."""
    with (
        serving(answers(body, status=status)) as server,
        connected(server.url) as sqs,
        pytest.raises(ClientError) as caught,
    ):
        send(sqs)
    assert caught.value.response["Error"]["Code"] == code
    assert refusal_of(caught.value) == Refusal(code, retryable=retryable)


def test_bug_is_no_refusal() -> None:
    """An exception that is neither AWS's nor the network's is not taken for one."""
    assert refusal_of(KeyError("x")) is None


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://sqs.eu-west-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "https://sqs.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_SQS": "http://b"}, "http://b"),
    ],
)
def test_endpoint_is_the_environments(environ: dict[str, str], url: str) -> None:
    """The endpoint follows the region, and the variables that boto3 knows override it."""
    assert connection(clients.SQS, _ENVIRON | environ, read_timeout_s=1).endpoint_url == url


def test_credentials_come_from_the_environment() -> None:
    """Lambda's variables are used as they stand, without botocore."""
    environ = _ENVIRON | {"AWS_SESSION_TOKEN": "token"}
    assert credentials_of(environ)() == Credentials("AKID", "secret", "token")


def test_credentials_without_keys_come_from_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment has no keys, botocore's chain is asked at each request, so that it can renew them."""
    session = mock.Mock()
    found: list[Any] = [BotocoreCredentials("A1", "s1"), BotocoreCredentials("A2", "s2", "t2")]
    session.get_credentials.side_effect = found
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    credentials = credentials_of({})
    assert credentials() == Credentials("A1", "s1", None)
    assert credentials() == Credentials("A2", "s2", "t2")


def test_no_credentials_is_botocores_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials at all is NoCredentialsError, which no retry changes."""
    session = mock.Mock()
    session.get_credentials.return_value = None
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    with pytest.raises(NoCredentialsError) as caught:
        credentials_of({})()
    assert refusal_of(caught.value) == Refusal("NoCredentialsError", retryable=False)
