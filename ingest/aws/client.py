"""The hot path's two AWS calls, signed here: boto3's methods and exceptions at an eighth of boto3's CPU.

A client of this module takes the place of `boto3.client("sqs")` or `boto3.client("kinesis")` for SendMessageBatch and
PutRecords: same keyword arguments, same answers, same botocore exceptions (imported only when one is raised). What it
buys is measured in bench/micro/ingest.py; that it signs and sends what botocore does is tested against botocore.
"""

import base64
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from ingest.aws import refusal
from ingest.aws.http1 import read_response
from ingest.aws.sigv4 import Credentials, Signer, credentials_of

CONNECT_TIMEOUT_S: Final = 0.5
_OK: Final = 200
_BAD_GATEWAY: Final = 502


class Protocol(NamedTuple):
    """How a service's JSON protocol is spoken (botocore/data/*/service-2.json: metadata)."""

    service: str
    target_prefix: str
    content_type: str


SQS: Final = Protocol("sqs", "AmazonSQS", "application/x-amz-json-1.0")
DYNAMODB: Final = Protocol("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
KINESIS: Final = Protocol("kinesis", "Kinesis_20131202", "application/x-amz-json-1.1")


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
        self._signer = Signer(protocol.service, region, credentials, clock)
        self._read_timeout_s = read_timeout_s
        url = urlsplit(endpoint_url)
        self._host = url.netloc
        self._path = url.path or "/"
        self._tls = _tls_context(ca_bundle) if url.scheme == "https" else None
        self._address = (url.hostname or "", url.port or (443 if self._tls else 80))
        self._socket: socket.socket | None = None

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
            raise refusal.client_error(operation, status, body)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):  # Something between us and AWS answered: as good as a 502.
            raise refusal.client_error(operation, _BAD_GATEWAY, body)
        return answer

    def _post(self, payload: bytes, target: str) -> tuple[int, bytes]:
        """Return the status and the body; a connection that AWS closed while it was idle is opened again once."""
        was_open = self._socket is not None
        try:
            return self._exchange(payload, target)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise refusal.network_error(error, self.endpoint_url) from error
        try:
            return self._exchange(payload, target)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise refusal.network_error(error, self.endpoint_url) from error

    def _exchange(self, payload: bytes, target: str) -> tuple[int, bytes]:
        connection = self._socket or self._open()
        signed = self.signed_headers(payload, target)
        headers = "".join([f"{name}: {value}\r\n" for name, value in signed.items()])
        head = f"POST {self._path} HTTP/1.1\r\n{headers}Content-Length: {len(payload)}\r\n\r\n"
        # One segment: http.client's own request() sends head and body apart, which costs a third of the call.
        connection.sendall(head.encode("latin-1") + payload)
        response = read_response(connection)
        if response.will_close:
            self.close()
        return response.status, response.body

    def signed_headers(self, payload: bytes, target: str) -> dict[str, str]:
        """Return the headers of a POST of `payload` to the service, signed."""
        return self._signer.headers(
            payload, host=self._host, path=self._path, content_type=self._protocol.content_type, target=target
        )

    def _open(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=CONNECT_TIMEOUT_S)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self._read_timeout_s)
        self._socket = connection
        return connection


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


@cache  # Reading the certificate authorities takes 20 ms, once for all clients.
def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle)
