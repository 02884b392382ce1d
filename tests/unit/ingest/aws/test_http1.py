"""Responses are read from a socket as by http.client, wherever they are cut into pieces."""

import itertools
import socket
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.aws.http1 import BadResponse, HttpResponse, read_response

_JSON = b'{"Successful": []}'


def _read(*pieces: bytes, closes: bool = True) -> HttpResponse:
    """Read one response from a peer that sends the pieces one after the other."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        for piece in pieces:
            theirs.sendall(piece)
        if closes:
            theirs.shutdown(socket.SHUT_WR)

    with ours, theirs:
        ours.settimeout(60)
        thread = threading.Thread(target=send)
        thread.start()
        try:
            return read_response(ours)
        finally:
            thread.join()


def _response(*headers: str, status: str = "HTTP/1.1 200 OK", body: bytes = _JSON) -> bytes:
    return "\r\n".join([status, *headers, "", ""]).encode() + body


def _length(body: bytes = _JSON) -> str:
    return f"Content-Length: {len(body)}"


def test_usual_response() -> None:
    """Status, unchanged head and body are read, and the connection stays open."""
    head = f"HTTP/1.1 200 OK\r\nx-amzn-RequestId: R\r\n{_length()}".encode()
    assert _read(head + b"\r\n\r\n" + _JSON, closes=False) == HttpResponse(200, head, _JSON, will_close=False)


@pytest.mark.parametrize("header", ["content-length:18", "CONTENT-LENGTH: 18", "Content-Length: \t18 "])
def test_length_however_it_is_written(header: str) -> None:
    """Case and blanks around Content-Length do not matter."""
    assert _read(_response(header), closes=False).body == _JSON


def test_error_status() -> None:
    """A 4xx or 5xx is read with its body."""
    assert _read(_response(_length(), status="HTTP/1.1 400 Bad Request"), closes=False).status == 400
    assert _read(_response(_length(), status="HTTP/1.1 503"), closes=False).status == 503


def test_connection_close() -> None:
    """A response with Connection: close marks the connection as closed."""
    assert _read(_response("Connection: close", _length())).will_close


def test_empty_body() -> None:
    """A response with length 0 ends at once."""
    assert _read(_response("Content-Length: 0", body=b""), closes=False).body == b""


def test_chunked_body_is_read_by_the_library() -> None:
    """A chunked body, which AWS does not send, is read too."""
    body = b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
    read = _read(_response("Transfer-Encoding: chunked", body=body), closes=False)
    assert (read.status, read.body) == (200, b'{"a": 1}')


def test_body_until_the_connection_ends_is_read_by_the_library() -> None:
    """A body without length or chunks ends with the connection, which is then not used again."""
    assert _read(_response("Server: x")) == HttpResponse(200, b"Server: x", _JSON, will_close=True)


def test_http_1_0_closes() -> None:
    """An HTTP/1.0 connection is not kept open."""
    assert _read(_response(_length(), status="HTTP/1.0 200 OK")).will_close


def test_continue_is_skipped() -> None:
    """A 100 Continue is skipped, and the response after it is returned."""
    continued = b"HTTP/1.1 100 Continue\r\n\r\n" + _response(_length())
    assert _read(continued, closes=False).body == _JSON


def test_closed_without_a_response() -> None:
    """A connection that ends before a byte is a ConnectionResetError."""
    with pytest.raises(ConnectionResetError):
        _read()


@pytest.mark.parametrize("pieces", [[b"HTTP/1.1 200 OK\r\nContent-"], [_response("Content-Length: 19")]])
def test_cut_short(pieces: Sequence[bytes]) -> None:
    """A connection that ends within head or body is an error, and no partial answer is returned."""
    with pytest.raises(BadResponse, match="middle"):
        _read(*pieces)


def test_more_than_announced() -> None:
    """Bytes after the body are an error, because they belong to no request."""
    with pytest.raises(BadResponse, match="announced"):
        _read(_response("Content-Length: 17"), closes=False)


def test_endless_head() -> None:
    """Reading stops with an error if a head has no end."""
    with pytest.raises(BadResponse, match="does not end"):
        _read(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, b"x" * 100_000)


def test_no_http() -> None:
    """A response that is not HTTP is http.client's error for a bad response."""
    with pytest.raises(BadResponse, match="BadStatusLine"):
        _read(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_two_lengths_are_not_trusted() -> None:
    """Contradicting lengths are read as http.client reads them, not by the length that fits."""
    read = _read(_response("Content-Length: 18", "Content-Length: 5"))
    assert read.body in {_JSON, _JSON[:5]}  # http.client's choice, whichever it makes
    assert read == _read(_response("Content-Length: 18", "Content-Length: 5"))


@given(
    body=st.binary(max_size=300),
    names=st.lists(st.sampled_from(["Server: x", "x-amzn-RequestId: r", "Date: Tue", "Connection: keep-alive"])),
    cuts=st.lists(st.integers(0, 500), max_size=6),
)
def test_any_cut_reads_the_same(body: bytes, names: list[str], cuts: list[int]) -> None:
    """A response is read correctly however it arrives in pieces."""
    whole = _response(*names, _length(body), body=body)
    bounds = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in itertools.pairwise(bounds)]
    head = whole[: len(whole) - len(body) - 4]
    assert _read(*pieces, closes=False) == HttpResponse(200, head, body, will_close=False)
