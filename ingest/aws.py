"""The hot path's two AWS calls, signed here: boto3's methods and exceptions at an eighth of boto3's CPU.

A client of this module takes the place of `boto3.client("sqs")` or `boto3.client("kinesis")` for SendMessageBatch and
PutRecords: same keyword arguments, same answers, same botocore exceptions (imported only when one is raised). What it
buys is measured in bench/micro/ingest.py; that it signs and sends what botocore does is tested against botocore.

Signature: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import base64
import hmac
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

CONNECT_TIMEOUT_S: Final = 0.5
_SIGNED_HEADERS: Final = "content-type;host;x-amz-date"
_OK: Final = 200
_SERVER_ERROR: Final = 500
_BAD_GATEWAY: Final = 502

# What a second try can change. All else (no such stream, access denied, a KMS key disabled) fails the same way again.
_RETRYABLE_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",  # SQS's throttle, and below KmsThrottled (SendMessageBatch API reference, November 2026)
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "KMSThrottlingException",
        "KmsThrottled",
    }
)


class Credentials(NamedTuple):
    """What signs a request; `token` is None for a user's long-lived keys."""

    access_key: str
    secret_key: str
    token: str | None


class Protocol(NamedTuple):
    """How a service's JSON protocol is spoken (botocore/data/*/service-2.json: metadata)."""

    service: str
    target_prefix: str
    content_type: str


SQS: Final = Protocol("sqs", "AmazonSQS", "application/x-amz-json-1.0")
DYNAMODB: Final = Protocol("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
KINESIS: Final = Protocol("kinesis", "Kinesis_20131202", "application/x-amz-json-1.1")


class Refusal(NamedTuple):
    """Why AWS or the network did not take a call; `retryable` when a second try can change it."""

    code: str
    retryable: bool


class Client:
    """One service over one kept-alive connection. Not for use by several threads at once."""

    def __init__(
        self,
        protocol: Protocol,
        *,
        endpoint_url: str,
        region: str,
        credentials: Callable[[], Credentials],
        read_timeout_s: float,
        clock: Callable[[], float] = time.time,
        ca_bundle: str | None = None,
    ) -> None:
        self._protocol = protocol
        self.endpoint_url = endpoint_url
        self._region = region
        self._credentials = credentials
        self._read_timeout_s = read_timeout_s
        self._clock = clock
        url = urlsplit(endpoint_url)
        self._host = url.netloc
        self._path = url.path or "/"
        self._tls = _tls_context(ca_bundle) if url.scheme == "https" else None
        self._address = (url.hostname or "", url.port or (443 if self._tls else 80))
        self._socket: socket.socket | None = None
        self._signing_key: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Return SQS's answer (`Successful`, `Failed`), as boto3's method of this name does.

        Raises:
            ClientError, BotoCoreError: what boto3 raises for the same failure.
        """
        return self._call("SendMessageBatch", {"QueueUrl": QueueUrl, "Entries": Entries})

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Return Kinesis' answer (`FailedRecordCount`, `Records`), as boto3's method of this name does.

        Raises:
            ClientError, BotoCoreError: what boto3 raises for the same failure.
        """
        records = [{**record, "Data": base64.b64encode(record["Data"]).decode()} for record in Records]
        return self._call("PutRecords", {"StreamName": StreamName, "Records": records})

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer (`Item`, if there is one), as boto3's method of this name does.

        Raises:
            ClientError, BotoCoreError: what boto3 raises for the same failure.
        """
        return self._call("GetItem", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer, as boto3's method of this name does.

        Raises:
            ClientError, BotoCoreError: what boto3 raises for the same failure.
        """
        return self._call("UpdateItem", request)

    def close(self) -> None:
        """Close the connection; the next call opens one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        payload = orjson.dumps(request)
        target = f"{self._protocol.target_prefix}.{operation}"
        status, body = self._post(payload, target)
        if status != _OK:
            raise _client_error(operation, status, body)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):  # Something between us and AWS answered: as good as a 502.
            raise _client_error(operation, _BAD_GATEWAY, body)
        return answer

    def _post(self, payload: bytes, target: str) -> tuple[int, bytes]:
        """Return the status and the body; a connection that AWS closed while it was idle is opened again once."""
        was_open = self._socket is not None
        try:
            return self._exchange(payload, target)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise _network_error(error, self.endpoint_url) from error
        try:
            return self._exchange(payload, target)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise _network_error(error, self.endpoint_url) from error

    def _exchange(self, payload: bytes, target: str) -> tuple[int, bytes]:
        connection = self._socket or self._open()
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.signed_headers(payload, target).items())
        head = f"POST {self._path} HTTP/1.1\r\n{headers}Content-Length: {len(payload)}\r\n\r\n"
        # One segment: http.client's own request() sends head and body apart, which costs a third of the call.
        connection.sendall(head.encode("latin-1") + payload)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        body = response.read()
        if response.will_close:
            self.close()
        return response.status, body

    def _open(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=CONNECT_TIMEOUT_S)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self._read_timeout_s)
        self._socket = connection
        return connection

    def signed_headers(self, payload: bytes, target: str) -> dict[str, str]:
        """Return the headers of a POST of `payload`, with its AWS Signature Version 4."""
        access_key, secret_key, token = self._credentials()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        date, service, content_type = now[:8], self._protocol.service, self._protocol.content_type
        canonical_token = f"x-amz-security-token:{token}\n" if token else ""
        signed = f"{_SIGNED_HEADERS}{';x-amz-security-token' if token else ''};x-amz-target"
        canonical = (
            f"POST\n{self._path}\n\ncontent-type:{content_type}\nhost:{self._host}\nx-amz-date:{now}\n"
            f"{canonical_token}x-amz-target:{target}\n\n{signed}\n{sha256(payload).hexdigest()}"
        )
        scope = f"{date}/{self._region}/{service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        if self._signing_key[0] != (date, secret_key):
            self._signing_key = ((date, secret_key), _signing_key(secret_key, date, self._region, service))
        signature = hmac.digest(self._signing_key[1], to_sign.encode(), "sha256").hex()
        headers = {
            "Content-Type": content_type,
            "Host": self._host,
            "X-Amz-Date": now,
            "X-Amz-Target": target,
            "Authorization": (
                f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
            ),
        }
        if token:
            headers["X-Amz-Security-Token"] = token
        return headers


def client(protocol: Protocol, environ: Mapping[str, str], *, read_timeout_s: float) -> Client:
    """Return the service's client for the region, endpoint and credentials that the Lambda's environment names.

    Raises:
        KeyError: the environment names no AWS_REGION.
    """
    region = environ["AWS_REGION"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    endpoint_url = (
        environ.get(f"AWS_ENDPOINT_URL_{protocol.service.upper()}")
        or environ.get("AWS_ENDPOINT_URL")
        or f"https://{protocol.service}.{region}.{suffix}"
    )
    return Client(
        protocol,
        endpoint_url=endpoint_url,
        region=region,
        credentials=credentials_of(environ),
        read_timeout_s=read_timeout_s,
        ca_bundle=environ.get("AWS_CA_BUNDLE") or None,
    )


def credentials_of(environ: Mapping[str, str]) -> Callable[[], Credentials]:
    """Return what gives the credentials: the environment's, which Lambda sets for a worker's life, else botocore's.

    botocore (SnapStart's container credentials, a profile) is asked at each request: it renews them in time.
    """
    if "AWS_ACCESS_KEY_ID" in environ:
        fixed = Credentials(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN") or None
        )
        return lambda: fixed
    import botocore.session  # noqa: PLC0415 - 60 ms that a plain Lambda never pays

    session = botocore.session.get_session()

    def renewed() -> Credentials:
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
        if frozen is None or frozen.access_key is None or frozen.secret_key is None:
            from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - as above

            raise NoCredentialsError
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return renewed


def refusal(error: Exception) -> Refusal | None:
    """Return what the error says of a call, or None when it is neither AWS's nor the network's: then raise it again."""
    from botocore.exceptions import (  # noqa: PLC0415 - see `_client_error`
        BotoCoreError,
        ClientError,
        ConnectionError,  # noqa: A004 - botocore's
        HTTPClientError,
    )

    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "Unknown")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Refusal(code, code in _RETRYABLE_CODES or status >= _SERVER_ERROR)
    if isinstance(error, BotoCoreError):
        return Refusal(type(error).__name__, isinstance(error, ConnectionError | HTTPClientError))
    return None


@cache  # Reading the certificate authorities takes 20 ms, once for all clients.
def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle)


def _signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _client_error(operation: str, status: int, body: bytes) -> Exception:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - its import costs more than all of a cold start

    try:
        error = orjson.loads(body)
        code = error["__type"].rpartition("#")[2]
        message = error.get("message") or error.get("Message") or ""
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        code, message = str(status), body[:200].decode(errors="replace")
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore sets more
        operation,
    )


def _network_error(error: Exception, endpoint_url: str) -> Exception:
    from botocore import exceptions  # noqa: PLC0415 - as above

    if isinstance(error, TimeoutError):
        return exceptions.ReadTimeoutError(endpoint_url=endpoint_url)
    if isinstance(error, http.client.HTTPException | ConnectionResetError | BrokenPipeError):
        return exceptions.ConnectionClosedError(endpoint_url=endpoint_url)
    return exceptions.EndpointConnectionError(endpoint_url=endpoint_url, error=error)
