"""A program that serves the API at the root of a port: a reverse proxy to the engine, which has the API under a path.

It refuses requests that API Gateway or Lambda would refuse for their size, with their messages, so that what works here
works there. It changes two things of a request. It puts the API's path before the request's path. And it inflates a
compressed body if the engine passes on its content type as text, and drops its `Content-Encoding`: the engine would
decode such a body as UTF-8 and damage it. The function sees the request as if the client had not compressed it. What
API Gateway does with gzip under a text type is not documented. All else (method, Host, other headers, query, answer) is
unchanged.

It uses only the standard library: it starts in some 50 ms, and in any folder.
"""

import asyncio
import contextlib
import json
import os
import sys
import zlib
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's quota of an HTTP API's payload (its quotas page, November 2026)."""

MAX_EVENT_BYTES: Final = 6 * 1024 * 1024
"""Lambda's quota of a synchronous invocation: of the JSON event that holds the request (its quotas page, November 2026;
`RequestEntityTooLargeException` names 6,291,456 bytes). API Gateway then answers 413 `Request Too Long`: users report
that of REST APIs, and no report of an HTTP API was found."""

MAX_LINES_BYTES: Final = 10_240
"""API Gateway's quota of an HTTP API's request line and header values together (its quotas page, November 2026)."""

MAX_INFLATED_BYTES: Final = 64 * 1024 * 1024
"""Our own limit, to protect this machine's memory from one request."""

_MAX_HEAD_BYTES: Final = 64 * 1024
_IDLE_S: Final = 75.0
_WATCH_S: Final = 0.2
_LAST_ANSWERS_S: Final = 5.0
_MAX_LENGTH_DIGITS: Final = 20  # Python converts at most 4,300 to a number.
_CHUNK_BYTES: Final = 64 * 1024
_BACKLOG: Final = 1024
_GZIP_OR_ZLIB: Final = 47  # zlib's flag for "gzip or zlib, by the header".
_RAW: Final = -15
_ENCODINGS: Final = frozenset({b"gzip", b"x-gzip", b"deflate"})
_MAX_ENCODINGS: Final = 4
_ENVELOPE_BYTES: Final = 1_500
_ENVELOPE_TIMES: Final = 3
"""The event's size without the body: a constant for names, ids and domain, and three times path, query and headers."""
_SHORT_ESCAPES: Final = b'"\\\n\r\t\b\f'
_LONG_ESCAPES: Final = bytes(set(range(32)) - set(_SHORT_ESCAPES))
_TEXT_TYPES: Final = frozenset({b"application/json", b"application/xml", b"application/javascript"})
"""The content types that the engine (MiniStack 1.5.33) and API Gateway pass on as text, besides text/*."""
_OF_ONE_CONNECTION: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade", b"transfer-encoding"}
)

Headers = list[tuple[bytes, bytes]]


class RefusedError(Exception):
    """A request that this program refuses; the connection is closed after the answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Head(NamedTuple):
    """A request line and its headers, with the names as the client wrote them."""

    method: bytes
    target: bytes
    version: bytes
    headers: Headers

    def value(self, name: bytes) -> bytes:
        """Return a header's value in lower case, empty if there is none."""
        return b",".join(value for known, value in self.headers if known.lower() == name).strip().lower()

    @property
    def ends_connection(self) -> bool:
        """Say whether this is the client's last request on the connection."""
        asked = self.value(b"connection")
        return b"close" in asked or (self.version == b"HTTP/1.0" and b"keep-alive" not in asked)


def parse(head: bytes) -> Head:
    """Return the head of a request. Raises: RefusedError."""
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    words = first.split(b" ")
    headers = [line.partition(b":") for line in rest]
    if len(words) != 3 or words[2] not in {b"HTTP/1.0", b"HTTP/1.1"} or any(not colon for _, colon, _ in headers):  # noqa: PLR2004 - method, target, version
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")
    method, target, version = words
    if target.startswith((b"http://", b"https://")):
        target = b"/" + target.split(b"//", 1)[1].partition(b"/")[2]
    if not target.startswith(b"/"):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")
    return Head(method, target, version, [(name, value.strip()) for name, _, value in headers])


def check_sizes(head: Head, body: bytes) -> None:
    """Return if API Gateway would take the request and Lambda its event. Raises: RefusedError."""
    values = sum(len(value) for _, value in head.headers)
    lines = len(head.method) + len(head.target) + len(head.version) + values
    if lines > MAX_LINES_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")
    if event_bytes(head, body) > MAX_EVENT_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long")


def event_bytes(head: Head, body: bytes) -> int:
    """Return an upper bound of the event's size, a few hundred bytes too large at most. Its body is text or base64."""
    named = len(head.target) + sum(len(name) + len(value) + 6 for name, value in head.headers)
    if _is_text(head.value(b"content-type")) and not head.value(b"content-encoding"):
        escapes = _count(body, _SHORT_ESCAPES) + 5 * _count(body, _LONG_ESCAPES)
        return _ENVELOPE_BYTES + _ENVELOPE_TIMES * named + len(body) + escapes
    return _ENVELOPE_BYTES + _ENVELOPE_TIMES * named + (len(body) + 2) // 3 * 4


def _count(body: bytes, octets: bytes) -> int:
    return len(body) - len(body.translate(None, octets))


def onward(head: Head, body: bytes, prefix: bytes) -> bytes:
    """Return the request to send to the engine. Raises: RefusedError."""
    headers, dropped = head.headers, {*_OF_ONE_CONNECTION, b"expect", b"content-length"}
    encodings = [name.strip() for name in head.value(b"content-encoding").split(b",")]
    if body and _ENCODINGS.issuperset(encodings) and _is_text(head.value(b"content-type")):
        for _ in encodings[:_MAX_ENCODINGS]:  # GELF clients name two encodings for a body with one.
            body = inflate(body)
        dropped.add(b"content-encoding")
    lines = [b"%s %s%s %s" % (head.method, prefix, head.target, head.version)]
    lines += [b"%s: %s" % (name, value) for name, value in headers if name.lower() not in dropped]
    if body or head.value(b"content-length") or head.value(b"transfer-encoding"):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"Connection: close", b"", body])


def inflate(body: bytes) -> bytes:
    """Return the body inflated: gzip of any number of members, zlib, or raw deflate.

    A body that is none of them is returned unchanged: the function answers it with its own error. Raises: RefusedError.
    """
    try:
        return _inflate(body, _GZIP_OR_ZLIB)
    except zlib.error:
        pass
    try:
        return _inflate(body, _RAW)
    except zlib.error:
        return body


def _inflate(body: bytes, window: int) -> bytes:
    inflated = bytearray()
    while body:
        member = zlib.decompressobj(window)
        inflated += member.decompress(body, MAX_INFLATED_BYTES + 1 - len(inflated))
        if len(inflated) > MAX_INFLATED_BYTES:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        if not member.eof:
            raise zlib.error("cut short")
        body = member.unused_data
    return bytes(inflated)


def _is_text(content_type: bytes) -> bool:
    media = content_type.partition(b";")[0].strip()
    return media.startswith(b"text/") or media in _TEXT_TYPES


def answer_head(head: bytes, request: Head) -> tuple[bytes, bool]:
    """Return the head of the answer for the client, and whether the connection ends after the answer."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    names = {line.partition(b":")[0].strip().lower() for line in lines}
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in {b"connection", b"keep-alive"}]
    status = first.split(b" ")[1]
    bodiless = request.method == b"HEAD" or status in {b"204", b"304"}
    framed = bodiless or bool({b"content-length", b"transfer-encoding"} & names)
    ends = request.ends_connection or not framed
    if ends or request.version == b"HTTP/1.0":
        kept.append(b"Connection: close" if ends else b"Connection: keep-alive")
    return b"\r\n".join([first, *kept, b"", b""]), ends


async def _read_body(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    length, coding = head.value(b"content-length"), head.value(b"transfer-encoding")
    if (length and coding) or (coding and coding != b"chunked") or (length and not length.isdigit()):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")  # Two lengths allow request smuggling.
    if len(length) > _MAX_LENGTH_DIGITS or (length and int(length) > MAX_BODY_BYTES):
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
    if (length or coding) and head.value(b"expect") == b"100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    if not coding:
        return await reader.readexactly(int(length or 0))
    body = bytearray()
    while size := _chunk_size(await reader.readuntil(b"\r\n")):
        if len(body) + size > MAX_BODY_BYTES:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # Trailers.
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")
    return int(digits, 16)


async def _answer(head: Head, request: bytes, engine_port: int, writer: asyncio.StreamWriter) -> bool:
    """Send the request to the engine and stream its answer to the client; say whether the connection stays open.

    Each request gets a new connection to the engine: the engine might close a kept one just when a request is sent.
    """
    try:
        from_engine, to_engine = await asyncio.open_connection("127.0.0.1", engine_port, limit=_MAX_HEAD_BYTES)
    except OSError as error:
        raise RefusedError(HTTPStatus.BAD_GATEWAY, "The engine does not answer. See `rdp status`.") from error
    try:
        shown, ends = answer_head(await _asked(request, from_engine, to_engine), head)
        writer.write(shown)
        while part := await from_engine.read(_CHUNK_BYTES):
            writer.write(part)
            await writer.drain()
    finally:
        to_engine.close()
    return not ends


async def _asked(request: bytes, from_engine: asyncio.StreamReader, to_engine: asyncio.StreamWriter) -> bytes:
    """Send the request and return the head of its answer. Raises: RefusedError."""
    try:
        to_engine.write(request)
        await to_engine.drain()
        answer = await from_engine.readuntil(b"\r\n\r\n")
        while answer.split(b" ", 2)[1].startswith(b"1"):  # 100 Continue and other interim answers.
            answer = await from_engine.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise RefusedError(
            HTTPStatus.BAD_GATEWAY, "The engine ended in the middle of its answer. engine.log says why."
        ) from error
    return answer


async def serve_client(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, engine_port: int, prefix: bytes
) -> None:
    """Answer the requests of one connection one by one, until the client or an answer ends it."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        try:
            goes_on = True
            while goes_on:
                head = parse(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _IDLE_S))
                body = await _read_body(head, reader, writer)
                check_sizes(head, body)
                goes_on = await _answer(head, onward(head, body, prefix), engine_port, writer)
                await writer.drain()
        except asyncio.LimitOverrunError:
            await _refuse(writer, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")
        except RefusedError as error:
            await _refuse(writer, error.status, str(error))
    with contextlib.suppress(OSError):
        writer.close()


async def _refuse(writer: asyncio.StreamWriter, status: HTTPStatus, message: str) -> None:
    body = json.dumps({"message": message}).encode()
    writer.write(
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()


async def serve(
    port: int, *, engine_port: int, prefix: bytes, started: Callable[[int], None], wanted: Callable[[], bool]
) -> None:
    """Serve on the port of 127.0.0.1, or on a free one if it is taken, while `wanted()`; call `started(port)` once."""
    clients: set[asyncio.Task[None]] = set()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.ensure_future(serve_client(reader, writer, engine_port=engine_port, prefix=prefix))
        clients.add(client)
        client.add_done_callback(clients.discard)

    async def listen(on: int) -> asyncio.Server:
        return await asyncio.start_server(take, "127.0.0.1", on, limit=_MAX_HEAD_BYTES, backlog=_BACKLOG)

    try:
        server = await listen(port)
    except OSError:
        server = await listen(0)
    started(server.sockets[0].getsockname()[1])
    while wanted():  # noqa: ASYNC110 - a changed file or an ended program sets no event
        await asyncio.sleep(_WATCH_S)
    server.close()
    for client in clients:
        client.cancel()
    if clients:
        await asyncio.wait(clients, timeout=_LAST_ANSWERS_S)


def main() -> None:
    """Write the note, and serve until the note is gone or names another process, or the engine has ended.

    Arguments: port, the engine's port and process id, the API's path in the engine, the note's path.
    """
    port, engine_port, engine_pid, prefix, note = sys.argv[1:]
    path = Path(note)

    def started(on: int) -> None:
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps({"port": on, "pid": os.getpid()}))
        draft.replace(path)

    def wanted() -> bool:
        try:
            return json.loads(path.read_bytes())["pid"] == os.getpid() and _is_alive(int(engine_pid))
        except (OSError, ValueError):
            return False

    asyncio.run(serve(int(port), engine_port=int(engine_port), prefix=prefix.encode(), started=started, wanted=wanted))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # The id now belongs to another user's process.
        return False
    return True


if __name__ == "__main__":
    main()
