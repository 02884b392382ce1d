"""The signed connection and its clients send, return and raise the same as botocore."""

import contextlib
import datetime as dt
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from hypothesis import given
from hypothesis import strategies as st

from ingest.aws import clients
from ingest.aws.connection import Connection, Service, connection
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.sigv4 import Credentials, credentials_of
from tests.unit.ingest.aws.scripted import Server, answers, hangs, serving

_NOW_S = 1_795_498_118.0
_ENVIRON = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


def answers_nothing_encrypted(connection: socket.socket, _: Server) -> None:
    """Answer each client in plain HTTP."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@contextlib.contextmanager
def connected(
    url: str,
    service: Service = clients.SQS,
    *,
    token: str | None = None,
    timeout_s: float = 60,
    connect_timeout_s: float = 60,
) -> Iterator[Connection]:
    """Give a connection to the server, and close it."""
    made = Connection(
        service,
        endpoint_url=url,
        region="eu-west-1",
        credentials=lambda: Credentials("AKID", "secret", token),
        read_timeout_s=timeout_s,
        connect_timeout_s=connect_timeout_s,
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


def test_connection_is_kept() -> None:
    """Two calls use the same connection."""
    with serving(answers(b'{"n": 1}', b'{"n": 2}')) as server, connected(server.url) as sqs:
        assert [send(sqs)["n"] for _ in range(2)] == [1, 2]


def test_connection_closed_while_idle_is_opened_again() -> None:
    """A connection that AWS closed between two invocations is opened again without an error."""
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
    """A new connection that ends without an answer is an error, and the request is not sent again."""
    with (
        serving(lambda connection, server: server.read_request(connection)) as server,
        connected(server.url) as sqs,
        pytest.raises(ConnectionClosedError),
    ):
        send(sqs)
    assert len(server.requests) == 1


def test_read_timeout_is_botocores_and_bounded() -> None:
    """If AWS does not answer, a ReadTimeoutError follows in time, and the next call gets a new connection."""
    with serving(hangs, answers(b'{"n": 2}')) as server, connected(server.url, timeout_s=3) as sqs:
        with pytest.raises(ReadTimeoutError):  # Without the bound it waits for ever: the server hangs until we go.
            send(sqs)
        assert send(sqs) == {"n": 2}


def test_refused_connection_is_botocores() -> None:
    """A refused connection is an EndpointConnectionError, which may be retried."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(f"http://127.0.0.1:{port}") as sqs, pytest.raises(EndpointConnectionError) as caught:
        send(sqs)
    assert refusal_of(caught.value) == Refusal("EndpointConnectionError", retryable=True)


def test_a_connection_that_nobody_answers_is_botocores_and_bounded() -> None:
    """A connection that is not accepted is a ConnectTimeoutError, which may be retried, and no ReadTimeoutError."""
    with socket.socket() as busy:  # Whoever comes when the queue of connections is full is not answered.
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        url = f"http://127.0.0.1:{busy.getsockname()[1]}"
        with contextlib.ExitStack() as full, connected(url, connect_timeout_s=0.1) as sqs:
            with contextlib.suppress(TimeoutError):
                while True:
                    full.enter_context(socket.create_connection(busy.getsockname(), timeout=0.1))
            with pytest.raises(ConnectTimeoutError) as caught:
                send(sqs)
    assert refusal_of(caught.value) == Refusal("ConnectTimeoutError", retryable=True)


def test_a_peer_that_speaks_no_tls_is_botocores() -> None:
    """A server without TLS is an SSLError, which may be retried."""
    with (
        serving(answers_nothing_encrypted) as server,
        connected(server.url.replace("http:", "https:")) as sqs,
        pytest.raises(SSLError) as caught,
    ):
        send(sqs)
    assert refusal_of(caught.value) == Refusal("SSLError", retryable=True)


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
    """An error answer is botocore's ClientError with AWS's code, and says whether a retry helps."""
    with (
        serving(answers(body, status=status)) as server,
        connected(server.url) as sqs,
        pytest.raises(ClientError) as caught,
    ):
        send(sqs)
    assert caught.value.response["Error"]["Code"] == code
    assert refusal_of(caught.value) == Refusal(code, retryable=retryable)


def test_bug_is_no_refusal() -> None:
    """An exception that comes neither from AWS nor from the network is not treated as a refusal."""
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
    """The endpoint is the region's, unless one of boto3's variables names another."""
    assert connection(clients.SQS, _ENVIRON | environ, read_timeout_s=1).endpoint_url == url


def test_credentials_come_from_the_environment() -> None:
    """Lambda's variables give the credentials, without botocore."""
    environ = _ENVIRON | {"AWS_SESSION_TOKEN": "token"}
    assert credentials_of(environ)() == Credentials("AKID", "secret", "token")


def test_credentials_without_keys_come_from_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys in the environment, botocore's chain is asked at each request, so that it can renew them."""
    session = mock.Mock()
    found: list[Any] = [BotocoreCredentials("A1", "s1"), BotocoreCredentials("A2", "s2", "t2")]
    session.get_credentials.side_effect = found
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    credentials = credentials_of({})
    assert credentials() == Credentials("A1", "s1", None)
    assert credentials() == Credentials("A2", "s2", "t2")


def test_no_credentials_is_botocores_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any credentials the error is NoCredentialsError, which is not retried."""
    session = mock.Mock()
    session.get_credentials.return_value = None
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    with pytest.raises(NoCredentialsError) as caught:
        credentials_of({})()
    assert refusal_of(caught.value) == Refusal("NoCredentialsError", retryable=False)
