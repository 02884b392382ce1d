"""Broken and hostile HTTP on a raw socket: each gets its answer, and what is stored is what was accepted.

Most are refused by the engine's HTTP server, as AWS's would: they show that nothing of them comes through. Where two
servers may differ and both be right (RFC 9112), each status is allowed, and a 5xx only where that RFC asks for it.
"""

import socket
from collections import Counter
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_TENANT: Final = "hostile-wire"
_TIMEOUT_S: Final = 360
_ACCEPTED: Final = 202
_CLOSED: Final = 0
"""Stands for the status of a connection that was closed without an answer."""

_REFUSED: Final = (400, _CLOSED)


class Wire(NamedTuple):
    """What is sent, and the statuses due. `stored` is the text of a 202; `hang_up`: nothing more is sent."""

    head: tuple[bytes, ...]
    body: bytes = b""
    status: tuple[int, ...] = _REFUSED
    stored: str | None = None
    hang_up: bool = False
    start: bytes = b"POST %s/ingest HTTP/1.1"


_TEXT: Final = (b"Content-Type: text/plain", b"X-Tenant-ID: " + _TENANT.encode())
_LENGTH_3: Final = b"Content-Length: 3"
_CHUNKED: Final = b"Transfer-Encoding: chunked"

_CASES: Final = {
    "longer than it says": Wire((*_TEXT, _LENGTH_3), b"abcdef", (202,), "abc"),
    "a second request behind the first": Wire((*_TEXT, _LENGTH_3), b"onePOST /nope HTTP/1.1\r\n\r\n", (202,), "one"),
    "shorter than it says": Wire((*_TEXT, b"Content-Length: 100"), b"abc", hang_up=True),
    "negative length": Wire((*_TEXT, b"Content-Length: -1"), b"abc"),
    "length in hex": Wire((*_TEXT, b"Content-Length: 0x3"), b"abc"),
    "length with a sign": Wire((*_TEXT, b"Content-Length: +3"), b"abc"),
    "length that no machine holds": Wire((*_TEXT, b"Content-Length: " + b"9" * 40), b"abc", hang_up=True),
    "two lengths": Wire((*_TEXT, _LENGTH_3, b"Content-Length: 4"), b"abcd"),
    "the same length twice": Wire((*_TEXT, _LENGTH_3, _LENGTH_3), b"two", (202, *_REFUSED), "two"),
    "no length": Wire(_TEXT, b"abc"),
    "length and chunks": Wire(
        (*_TEXT, b"Content-Length: 9", _CHUNKED), b"3\r\nc+l\r\n0\r\n\r\n", (202, *_REFUSED), "c+l"
    ),
    "chunks": Wire((*_TEXT, _CHUNKED), b"3\r\nch\r\r\n4;x=y\r\n\nunk\r\n0\r\nX-Log-ID: t\r\n\r\n", (202,), "ch\r\nunk"),
    "chunks of a broken size": Wire((*_TEXT, _CHUNKED), b"xyz\r\nabc\r\n0\r\n\r\n"),
    "chunks of a negative size": Wire((*_TEXT, _CHUNKED), b"-3\r\nabc\r\n0\r\n\r\n"),
    "chunks that never end": Wire((*_TEXT, _CHUNKED), b"3\r\nabc\r\n", hang_up=True),
    "an encoding of transfer that is none": Wire((*_TEXT, b"Transfer-Encoding: gzip"), b"abc", (501, *_REFUSED)),
    "two tenant headers": Wire((*_TEXT, b"X-Tenant-ID: other", _LENGTH_3), b"abc", (400,)),
    "the same tenant header twice": Wire((*_TEXT, _TEXT[1], _LENGTH_3), b"abc", (400,)),
    "a folded tenant header": Wire((_TEXT[0], b"X-Tenant-ID: a", b" b", _LENGTH_3), b"abc"),
    "a header behind the tenant's": Wire((*_TEXT, b"X-Evil: 1", _LENGTH_3), b"hdr", (202,), "hdr"),
    "a line feed in the tenant header": Wire((_TEXT[0], b"X-Tenant-ID: a\nX", _LENGTH_3), b"abc"),
    "a carriage return in the tenant header": Wire((_TEXT[0], b"X-Tenant-ID: a\rX: 1", _LENGTH_3), b"abc"),
    "NUL in the tenant header": Wire((_TEXT[0], b"X-Tenant-ID: a\x00b", _LENGTH_3), b"abc"),
    "bytes in the tenant header": Wire((_TEXT[0], b"X-Tenant-ID: \xff\xfe", _LENGTH_3), b"abc", (400,)),
    "bytes in the log_id header": Wire((*_TEXT, b"X-Log-ID: \xc3\xa9\xff", _LENGTH_3), b"abc", (400,)),
    "a space before the colon": Wire((_TEXT[0], b"X-Tenant-ID : a", _LENGTH_3), b"abc"),
    "a header without a colon": Wire((*_TEXT, b"nonsense", _LENGTH_3), b"abc"),
    "a thousand headers": Wire((*_TEXT, *(b"X-%d: 1" % n for n in range(1_000)), _LENGTH_3), b"1k!", (202,), "1k!"),
    "headers of a megabyte": Wire((*_TEXT, b"X: " + b"x" * 1_000_000, _LENGTH_3), b"abc", (431, *_REFUSED)),
    "two content types": Wire((*_TEXT, b"Content-Type: application/json", _LENGTH_3), b"abc", (400,)),
    "asks before it sends": Wire((*_TEXT, b"Expect: 100-continue", _LENGTH_3), b"ask", (202,), "ask"),
    "expects the impossible": Wire((*_TEXT, b"Expect: 200-ok", _LENGTH_3), b"odd", (202, 417, *_REFUSED), "odd"),
    "HTTP/1.0": Wire((*_TEXT, _LENGTH_3), b"1.0", (202,), "1.0", start=b"POST %s/ingest HTTP/1.0"),
    "HTTP/9.9": Wire((*_TEXT, _LENGTH_3), b"9.9", (202, 505, *_REFUSED), "9.9", start=b"POST %s/ingest HTTP/9.9"),
    "no protocol": Wire((), start=b"POST %s/ingest"),
    "a lower-case method": Wire(
        (*_TEXT, _LENGTH_3), b"low", (202, 404, 405, *_REFUSED), "low", start=b"post %s/ingest HTTP/1.1"
    ),
    "bytes in the query": Wire(
        (*_TEXT, _LENGTH_3), b"que", (202, *_REFUSED), "que", start=b"POST %s/ingest?a=%%ff%%00 HTTP/1.1"
    ),
    "raw bytes in the query": Wire(
        (*_TEXT, _LENGTH_3), b"raw", (202, *_REFUSED), "raw", start=b"POST %s/ingest?a=\xff\x80 HTTP/1.1"
    ),
    "raw bytes in the path": Wire((*_TEXT, _LENGTH_3), b"abc", (404, *_REFUSED), start=b"POST %s/\xff\x80 HTTP/1.1"),
    "another tenant in the query": Wire((*_TEXT, _LENGTH_3), b"abc", start=b"POST %s/ingest?tenant_id=b HTTP/1.1"),
    "a path that climbs": Wire(
        (*_TEXT, _LENGTH_3), b"abc", (404, *_REFUSED), start=b"POST %s/../../etc/passwd HTTP/1.1"
    ),
    "a path of 100,000 characters": Wire(
        _TEXT, status=(414, 431, *_REFUSED), start=b"POST %s/" + b"a" * 100_000 + b" HTTP/1.1"
    ),
    "a TLS hello": Wire((), start=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "the HTTP/2 preface": Wire((), start=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", hang_up=True),
    "bytes": Wire((), start=bytes(range(256))),
}


def _exchange(stack: "LocalStack", wire: Wire) -> tuple[int, bytes]:
    """Return the status and the body of the first answer on a connection of its own."""
    url = urlsplit(stack.stack.endpoint)
    start = wire.start % url.path.encode() if b"%s" in wire.start else wire.start
    sent = b"\r\n".join([start, b"Host: " + url.netloc.encode(), *wire.head, b"", wire.body])
    with socket.create_connection((url.hostname, url.port), timeout=_TIMEOUT_S) as connection:
        try:
            connection.sendall(sent)
            if wire.hang_up:
                connection.shutdown(socket.SHUT_WR)
            response = HTTPResponse(connection, method="POST")
            response.begin()
            return response.status, response.read()
        except (HTTPException, ConnectionError):
            return _CLOSED, b""


@pytest.fixture(scope="module")
def answered(local_stack: "LocalStack") -> dict[str, tuple[int, bytes]]:
    """Send every case once; return the answers by the cases' names."""
    return {name: _exchange(local_stack, wire) for name, wire in _CASES.items()}


@pytest.mark.parametrize("name", _CASES)
def test_hostile_http_gets_its_answer(name: str, answered: dict[str, tuple[int, bytes]]) -> None:
    """A 202, a refusal or a closed connection; nothing that was sent comes back as a header or in an error."""
    status, body = answered[name]
    assert status in _CASES[name].status, body
    assert b"Traceback" not in body


def test_what_is_stored_is_what_was_accepted(
    local_stack: "LocalStack", eventually: "Eventually", answered: dict[str, tuple[int, bytes]]
) -> None:
    """Of the 202s exactly their bodies, cut where their length says; of all others nothing, and the engine lives on."""
    due = Counter(wire.stored for name, wire in _CASES.items() if answered[name][0] == _ACCEPTED)
    assert None not in due
    eventually(lambda: len(local_stack.rows(_TENANT)) >= due.total())
    eventually(lambda: local_stack.is_drained)
    assert Counter(row["original_text"]["S"] for row in local_stack.rows(_TENANT)) == due
    assert local_stack.request("GET", "/health").status == 200
