"""One signed, kept-alive connection to an AWS service that speaks JSON, at an eighth of boto3's CPU.

Its answers and exceptions are boto3's; botocore is imported only when an exception is raised. bench/micro/ingest.py
measures the CPU that this saves. Tests compare what it signs and sends with botocore.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from ingest.aws import refusal
from ingest.aws.http1 import BadResponse, HttpResponse, read_response
from ingest.aws.sigv4 import Credentials, Signer, credentials_of

CONNECT_TIMEOUT_S: Final = 0.5
_OK: Final = 200
_BAD_GATEWAY: Final = 502


class Service(NamedTuple):
    """A service's name, and the parameters of its JSON protocol (botocore/data/*/service-2.json: metadata).

    `query_names`: each call asks for errors by the names that they had in the service's older query protocol.
    """

    name: str
    target_prefix: str
    content_type: str
    query_names: bool = False


class Connection:
    """One service over one kept-alive connection. Not for use by several threads at once."""

    def __init__(
        self,
        service: Service,
        *,
        endpoint_url: str,
        region: str,
        credentials: Callable[[], Credentials],
        read_timeout_s: float,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        ca_bundle: str | None = None,
    ) -> None:
        self._service = service
        self.endpoint_url = endpoint_url
        self._signer = Signer(service.name, region, credentials, clock)
        self._read_timeout_s = read_timeout_s
        self._connect_timeout_s = connect_timeout_s
        url = urlsplit(endpoint_url)
        self._host = url.netloc
        self._path = url.path or "/"
        # Not signed: only headers that begin with x-amz- must be, and nothing but an error's name depends on this one.
        self._unsigned = "x-amzn-query-mode: true\r\n" if service.query_names else ""
        self._tls = _tls_context(ca_bundle) if url.scheme == "https" else None
        self._address = (url.hostname or "", url.port or (443 if self._tls else 80))
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Close the connection; the next call opens one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the service's answer.

        Raises:
            ClientError, BotoCoreError: what boto3 raises for the same failure.
        """
        payload = orjson.dumps(request)
        target = f"{self._service.target_prefix}.{operation}"
        response = self._post(payload, target)
        if response.status != _OK:
            raise refusal.client_error(operation, response)
        try:
            answer = orjson.loads(response.body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):  # Not AWS's answer, but one from in between: handled like a 502.
            raise refusal.client_error(operation, response._replace(status=_BAD_GATEWAY))
        return answer

    def _post(self, payload: bytes, target: str) -> HttpResponse:
        """Return the response. If AWS closed the idle connection, it is opened again, once."""
        was_open = self._socket is not None
        try:
            return self._exchange(payload, target)
        except (BadResponse, OSError) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise refusal.network_error(error, self.endpoint_url) from error
        try:
            return self._exchange(payload, target)
        except (BadResponse, OSError) as error:
            self.close()
            raise refusal.network_error(error, self.endpoint_url) from error

    def _exchange(self, payload: bytes, target: str) -> HttpResponse:
        connection = self._socket or self._open()
        signed = self.signed_headers(payload, target)
        headers = "".join([f"{name}: {value}\r\n" for name, value in signed.items()])
        head = f"POST {self._path} HTTP/1.1\r\n{headers}{self._unsigned}Content-Length: {len(payload)}\r\n\r\n"
        # One segment: http.client's own request() sends head and body apart, which costs a third of the call.
        connection.sendall(head.encode("latin-1") + payload)
        response = read_response(connection)
        if response.will_close:
            self.close()
        return response

    def signed_headers(self, payload: bytes, target: str) -> dict[str, str]:
        """Return the headers of a POST of `payload` to the service, signed."""
        return self._signer.headers(
            payload, host=self._host, path=self._path, content_type=self._service.content_type, target=target
        )

    def _open(self) -> socket.socket:
        try:
            connection = socket.create_connection(self._address, timeout=self._connect_timeout_s)
        except TimeoutError as error:
            raise refusal.NoConnectionInTimeError from error
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.settimeout(self._read_timeout_s)
        self._socket = connection
        return connection


def connection(
    service: Service, environ: Mapping[str, str], *, read_timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S
) -> Connection:
    """Return a connection to the service for the region, endpoint and credentials that the Lambda's environment names.

    Raises:
        KeyError: the environment names no AWS_REGION.
    """
    region = environ["AWS_REGION"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    endpoint_url = (
        environ.get(f"AWS_ENDPOINT_URL_{service.name.upper()}")
        or environ.get("AWS_ENDPOINT_URL")
        or f"https://{service.name}.{region}.{suffix}"
    )
    return Connection(
        service,
        endpoint_url=endpoint_url,
        region=region,
        credentials=credentials_of(environ),
        read_timeout_s=read_timeout_s,
        connect_timeout_s=connect_timeout_s,
        ca_bundle=environ.get("AWS_CA_BUNDLE") or None,
    )


@cache  # Reading the certificate authorities takes 20 ms: once for all clients.
def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle)
