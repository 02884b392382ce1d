"""The API at the root of a port: what the engine gets of a request, and what the client gets of an answer."""

import asyncio
import base64
import gzip
import json
import urllib.parse
import zlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from infra.local import front_server
from infra.local.front_server import Head, RefusedError, event_bytes, inflate, onward, parse

_PREFIX = b"/_aws/execute-api/abc"


class Engine:
    """A server that keeps what it got and answers with what it was given."""

    def __init__(
        self, answer: bytes = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    ) -> None:
        self.answer = answer
        self.got: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        self.got.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    def bodies(self) -> list[bytes]:
        """The bodies that it got."""
        return [request.partition(b"\r\n\r\n")[2] for request in self.got]


def through(engine: Engine | None, talk: Callable[[int], Coroutine[Any, Any, Any]]) -> Any:
    """Return what `talk(port)` returns of a front before the engine, or before nothing."""

    async def run() -> Any:
        server = await asyncio.start_server(engine or Engine(), "127.0.0.1", 0)
        engine_port = server.sockets[0].getsockname()[1]
        if engine is None:
            server.close()
        ports: asyncio.Queue[int] = asyncio.Queue()
        done = False
        front = asyncio.ensure_future(
            front_server.serve(
                0, engine_port=engine_port, prefix=_PREFIX, started=ports.put_nowait, wanted=lambda: not done
            )
        )
        try:
            return await asyncio.wait_for(talk(await ports.get()), 30)
        finally:
            done = True
            await front
            server.close()

    return asyncio.run(run())


def exchange(request: bytes, engine: Engine | None = None, *, broken: bool = False) -> bytes:
    """Send bytes, close that side, and return all that comes back."""

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    answer: bytes = through(None if broken else engine or Engine(), talk)
    return answer


def test_a_request_arrives_behind_the_apis_path_and_else_as_it_was() -> None:
    """Host, query, other headers and the body's bytes."""
    engine = Engine()
    answer = exchange(
        b"POST /ingest?a=%20b HTTP/1.1\r\nHost: logs.example\r\nX-Tenant-ID: acme\r\n"
        b"Content-Length: 3\r\n\r\n\x00\xffz",
        engine,
    )
    head, _, body = engine.got[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert first == b"POST /_aws/execute-api/abc/ingest?a=%20b HTTP/1.1"
    assert {b"Host: logs.example", b"X-Tenant-ID: acme", b"Content-Length: 3"} <= set(headers)
    assert body == b"\x00\xffz"
    assert answer.startswith(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n")
    assert answer.endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("media", [b"application/json", b"text/plain; charset=utf-8", b"Application/JSON", b"text/csv"])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        (b"gzip", gzip.compress),
        (b"X-GZIP", gzip.compress),
        (b"gzip,deflate", zlib.compress),
        (b"gzip, deflate", gzip.compress),
        (b"gzip, deflate", lambda body: zlib.compress(gzip.compress(body))),
        (b"gzip", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
        (b"deflate", zlib.compress),
        (b"deflate", lambda body: zlib.compress(body, wbits=-15)),
    ],
)
def test_what_the_engine_would_damage_arrives_inflated(
    media: bytes, encoding: bytes, pack: Callable[[bytes], bytes]
) -> None:
    """Under a type that it hands on as text; the header that is not true any more is gone."""
    body = json.dumps({"tenant_id": "acme", "text": "é" * 1000}).encode()
    head = parse(b"POST / HTTP/1.1\r\nContent-Type: %s\r\nContent-Encoding: %s\r\n\r\n" % (media, encoding))
    sent_head, _, sent = onward(head, pack(body), _PREFIX).partition(b"\r\n\r\n")
    assert sent == body
    assert b"encoding" not in sent_head.lower()
    assert b"Content-Length: %d" % len(body) in sent_head


@pytest.mark.parametrize("media", [b"application/x-protobuf", b"application/x-ndjson", b"application/json2", b""])
def test_what_the_engine_hands_on_as_bytes_is_left(media: bytes) -> None:
    """The function inflates it, as on AWS."""
    packed = gzip.compress(b"text")
    head = parse(b"POST / HTTP/1.1\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\n\r\n" % media)
    sent_head, _, sent = onward(head, packed, _PREFIX).partition(b"\r\n\r\n")
    assert sent == packed
    assert b"Content-Encoding: gzip" in sent_head


def test_what_is_no_gzip_is_left_to_the_function() -> None:
    """It has the reason; so has it for what is cut short."""
    for body in (b"no gzip", gzip.compress(b"text")[:-5], b""):
        assert inflate(body) == body


def test_a_bomb_is_refused() -> None:
    """Before it is inflated whole."""
    bomb = gzip.compress(bytes(front_server.MAX_INFLATED_BYTES + 1))
    with pytest.raises(RefusedError):
        inflate(bomb)


def test_a_chunked_body_arrives_whole() -> None:
    """With a length; extensions and trailers are the connection's alone."""
    engine = Engine()
    exchange(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\nA\r\n0123456789\r\n0\r\nT: r\r\n\r\n",
        engine,
    )
    assert engine.bodies() == [b"abcd0123456789"]
    assert b"chunked" not in engine.got[0]


def test_a_client_that_waits_for_a_continue_gets_it() -> None:
    """As curl does with large bodies."""
    answer = exchange(b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")


def test_a_connection_takes_many_requests() -> None:
    """One after the other; `Connection: close` ends it."""
    engine = Engine()
    one, last = b"GET /%d HTTP/1.1\r\n\r\n", b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n"
    answer = exchange(b"".join(one % number for number in range(20)) + last + one % 99, engine)
    assert answer.count(b"HTTP/1.1 202") == 21
    assert len(engine.got) == 21
    assert answer.count(b"Connection: close") == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(request_bytes: bytes) -> None:
    """In words, and nothing of it reaches the engine."""
    engine = Engine()
    answer = exchange(request_bytes, engine)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert engine.got == []


def test_a_body_beyond_the_gateways_quota_is_refused() -> None:
    """By its length, and chunk by chunk."""
    most = front_server.MAX_BODY_BYTES
    for request in (
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (most + 1),
        b"POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5_000),
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (most + 1),
    ):
        assert exchange(request).startswith(b"HTTP/1.1 413 ")


def _event(head: Head, body: bytes) -> bytes:
    """Return the event as API Gateway writes it, in the longest form of each of its parts."""
    path, _, query = head.target.decode().partition("?")
    is_text = head.value(b"content-type").startswith((b"text/", b"application/json"))
    is_text = is_text and not head.value(b"content-encoding")
    event = {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.decode().lower(): value.decode() for name, value in head.headers},
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)),
        "pathParameters": {"proxy": path},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "authentication": None,
            "domainName": "abcdefghij.execute-api.ap-southeast-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": head.method.decode(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                "userAgent": head.value(b"user-agent").decode(),
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
            "time": "24/Nov/2026:05:40:00 +0000",
            "timeEpoch": 1764000000000,
        },
        "body": body.decode() if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("media", [b"application/json", b"text/plain", b"application/x-protobuf", b""])
@pytest.mark.parametrize("encoding", [b"", b"gzip"])
@pytest.mark.parametrize(
    "body", [b"", b"a" * 10_000, b'{"a":"b\\"}' * 999, bytes(range(32)) * 99, ("\n\u00e9" * 999).encode()]
)
def test_an_event_is_measured_as_the_gateway_writes_it(media: bytes, encoding: bytes, body: bytes) -> None:
    """Never less than it takes, which would be refused on AWS, and little more."""
    agent = b"User-Agent: fluent-bit/4.0 (a rather long one)"
    lines = [
        b"POST /t/acme/v1/logs?a=%20b HTTP/1.1",
        agent,
        b"Content-Type: " + media,
        b"Content-Encoding: " + encoding,
    ]
    head = parse(b"\r\n".join([*lines, b"", b""]))
    takes = len(_event(head, body))
    assert takes <= event_bytes(head, body) <= takes + 2_000


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (b"application/x-ndjson", bytes(4_800_000)),  # 6.4 MB of base64: what a test sent, and AWS refuses.
        (b"application/json", b'"' * 3_200_000),
        (b"application/json", b"1" * 6_300_000),
    ],
)
def test_an_event_beyond_lambdas_quota_is_refused(media: bytes, body: bytes) -> None:
    """With API Gateway's words, and nothing of it reaches the engine."""
    engine = Engine()
    head = b"POST /ingest HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (media, len(body))
    answer = exchange(head + body, engine)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b'{"message": "Request Too Long"}')
    assert engine.got == []


@pytest.mark.parametrize(("media", "size"), [(b"application/x-ndjson", 4_700_000), (b"application/json", 6_280_000)])
def test_an_event_below_lambdas_quota_is_handed_on(media: bytes, size: int) -> None:
    """As base64 or as text, whatever it takes."""
    engine = Engine()
    head = b"POST /ingest HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (media, size)
    assert exchange(head + b"1" * size, engine).startswith(b"HTTP/1.1 202 ")
    assert len(engine.bodies()[0]) == size


def test_a_head_beyond_the_gateways_quota_is_refused() -> None:
    """10,240 bytes of request line and header values."""
    fits = b"GET / HTTP/1.1\r\nX: %s\r\n\r\n" % (b"x" * (front_server.MAX_LINES_BYTES - len("GET/HTTP/1.1")))
    assert exchange(fits).startswith(b"HTTP/1.1 202 ")
    assert exchange(fits.replace(b"x", b"xx", 1)).startswith(b"HTTP/1.1 431 ")


def test_a_head_without_end_is_refused() -> None:
    """At 64 KiB."""
    assert exchange(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000).startswith(b"HTTP/1.1 431 ")


def test_an_engine_that_is_gone_is_told() -> None:
    """With what to do; and one that breaks off."""
    assert b"rdp status" in exchange(b"GET / HTTP/1.1\r\n\r\n", broken=True)
    assert exchange(b"GET / HTTP/1.1\r\n\r\n", Engine(b"")).startswith(b"HTTP/1.1 502 ")


def test_an_answer_without_a_length_ends_the_connection() -> None:
    """Else the client would wait for more of it."""
    answer = exchange(b"GET / HTTP/1.1\r\n\r\n", Engine(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"))
    assert answer == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"


def test_a_head_request_has_no_body_to_wait_for() -> None:
    """The connection goes on."""
    answer = exchange(b"HEAD / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\n", Engine(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert answer.count(b"204 No Content") == 2


def test_hundreds_of_connections_at_once() -> None:
    """Each gets its answer."""

    async def one(port: int, number: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /%d HTTP/1.1\r\nConnection: close\r\n\r\n" % number)
        answer = await reader.read()
        writer.close()
        return answer

    async def talk(port: int) -> list[bytes]:
        return await asyncio.gather(*(one(port, number) for number in range(300)))

    engine = Engine()
    assert {answer[:12] for answer in through(engine, talk)} == {b"HTTP/1.1 202"}
    assert len(engine.got) == 300
