"""An HTTP response read from a socket, at a fifth of http.client's CPU; http.client reads unusual responses.

AWS's JSON services answer with HTTP/1.1 and a Content-Length. http.client parses the headers as an email message, which
costs more than signing the request. It is imported only when it is needed: together with the email package it takes a
tenth of a cold start.
"""

import io
import re
import socket
from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RECEIVE_BYTES: Final = 65_536
_MAX_HEAD_BYTES: Final = 65_536  # http.client's limit for a line.
_END_OF_HEAD: Final = b"\r\n\r\n"
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,10})[ \t]*(?=\r\n|\Z)")
_USUAL: Final = re.compile(rb"http/1\.1 [2-5][0-9]{2}[ \r]")
_STATUS: Final = slice(9, 12)


class BadResponse(Exception):  # noqa: N818 - says what was received
    """The connection ended in the middle of a response, or the bytes are no HTTP."""


class HttpResponse(NamedTuple):
    """Status, the head's lines as received, and body; `will_close` when the connection can't be used again."""

    status: int
    head: bytes
    body: bytes
    will_close: bool


def read_response(connection: socket.socket) -> HttpResponse:
    """Return the next response on the connection.

    Raises:
        BadResponse: the response ended early or is no HTTP.
        OSError: the connection failed, timed out, or was closed before the response (ConnectionResetError).
    """
    received = b""
    while (end := received.find(_END_OF_HEAD)) < 0:
        if len(received) > _MAX_HEAD_BYTES:
            raise BadResponse("a head that does not end")
        received += _receive(connection, received)
    as_sent = received[:end]
    head = as_sent.lower()
    length = _CONTENT_LENGTH.findall(head)
    if len(length) != 1 or b"\r\ntransfer-encoding:" in head or not _USUAL.match(head):
        return _read_by_library(connection, received)
    body = received[end + len(_END_OF_HEAD) :]
    body_bytes = int(length[0])
    while len(body) < body_bytes:
        body += _receive(connection, body)
    if len(body) > body_bytes:
        raise BadResponse("more bytes than the response announced")
    return HttpResponse(int(head[_STATUS]), as_sent, body, will_close=b"\r\nconnection: close" in head)


def _receive(connection: socket.socket, so_far: bytes) -> bytes:
    received = connection.recv(_RECEIVE_BYTES)
    if not received:
        if so_far:
            raise BadResponse("the connection was closed in the middle of a response")
        raise ConnectionResetError("the connection was closed without a response")
    return received


def _read_by_library(connection: socket.socket, received: bytes) -> HttpResponse:
    from http.client import HTTPException, HTTPResponse  # noqa: PLC0415 - see above

    response = HTTPResponse(cast("socket.socket", _Replayed(connection, received)), method="POST")
    try:
        response.begin()
        body = response.read()
    except HTTPException as error:
        raise BadResponse(repr(error)) from error
    head = "\r\n".join([f"{name}: {value}" for name, value in response.getheaders()])
    return HttpResponse(response.status, head.encode("latin-1"), body, response.will_close)


class _Replayed(io.RawIOBase):
    """The connection with the bytes already read put back, for http.client, which calls `makefile`."""

    def __init__(self, connection: socket.socket, received: bytes) -> None:
        super().__init__()
        self._connection = connection
        self._received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._received:
            return self._connection.recv_into(buffer)
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._received))
        view[:count] = self._received[:count]
        self._received = self._received[count:]
        return count
