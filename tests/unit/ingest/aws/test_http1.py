"""Responses off a socket, against http.client and in every cut."""

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
    """Status, head as it came, and body, and the connection stays open."""
    head = f"HTTP/1.1 200 OK\r\nx-amzn-RequestId: R\r\n{_length()}".encode()
    assert _read(head + b"\r\n\r\n" + _JSON, closes=False) == HttpResponse(200, head, _JSON, will_close=False)


@pytest.mark.parametrize("header", ["content-length:18", "CONTENT-LENGTH: 18", "Content-Length: \t18 "])
def test_length_however_it_is_written(header: str) -> None:
    """Case and blanks don't matter."""
    assert _read(_response(header), closes=False).body == _JSON


def test_error_status() -> None:
    """A 4xx or 5xx has its body too."""
    assert _read(_response(_length(), status="HTTP/1.1 400 Bad Request"), closes=False).status == 400
    assert _read(_response(_length(), status="HTTP/1.1 503"), closes=False).status == 503


def test_connection_close() -> None:
    """The peer's word that it closes is kept."""
    assert _read(_response("Connection: close", _length())).will_close


def test_empty_body() -> None:
    """A length of 0 waits for nothing."""
    assert _read(_response("Content-Length: 0", body=b""), closes=False).body == b""


def test_chunked_body_is_read_by_the_library() -> None:
    """What AWS does not send is read all the same."""
    body = b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
    read = _read(_response("Transfer-Encoding: chunked", body=body), closes=False)
    assert (read.status, read.body) == (200, b'{"a": 1}')


def test_body_until_the_connection_ends_is_read_by_the_library() -> None:
    """Neither length nor chunks: the body ends with the connection, which can't be used again."""
    assert _read(_response("Server: x")) == HttpResponse(200, b"Server: x", _JSON, will_close=True)


def test_http_1_0_closes() -> None:
    """An old peer's connection is not kept."""
    assert _read(_response(_length(), status="HTTP/1.0 200 OK")).will_close


def test_continue_is_skipped() -> None:
    """A 100 Continue is not the response."""
    continued = b"HTTP/1.1 100 Continue\r\n\r\n" + _response(_length())
    assert _read(continued, closes=False).body == _JSON


def test_closed_without_a_response() -> None:
    """A connection that ends before a byte is a ConnectionResetError."""
    with pytest.raises(ConnectionResetError):
        _read()


@pytest.mark.parametrize("pieces", [[b"HTTP/1.1 200 OK\r\nContent-"], [_response("Content-Length: 19")]])
def test_cut_short(pieces: Sequence[bytes]) -> None:
    """A connection that ends within head or body is an error, not a short answer."""
    with pytest.raises(BadResponse, match="middle"):
        _read(*pieces)


def test_more_than_announced() -> None:
    """Bytes behind the body belong to no request of ours: the connection is out of step."""
    with pytest.raises(BadResponse, match="announced"):
        _read(_response("Content-Length: 17"), closes=False)


def test_endless_head() -> None:
    """A head without an end is given up."""
    with pytest.raises(BadResponse, match="does not end"):
        _read(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, b"x" * 100_000)


def test_no_http() -> None:
    """What is not HTTP is a bad response, named by http.client's error."""
    with pytest.raises(BadResponse, match="BadStatusLine"):
        _read(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_two_lengths_are_not_trusted() -> None:
    """Contradicting lengths are not read by the first that suits."""
    read = _read(_response("Content-Length: 18", "Content-Length: 5"))
    assert read.body in {_JSON, _JSON[:5]}  # http.client's choice, whichever it makes
    assert read == _read(_response("Content-Length: 18", "Content-Length: 5"))


@given(
    body=st.binary(max_size=300),
    names=st.lists(st.sampled_from(["Server: x", "x-amzn-RequestId: r", "Date: Tue", "Connection: keep-alive"])),
    cuts=st.lists(st.integers(0, 500), max_size=6),
)
def test_any_cut_reads_the_same(body: bytes, names: list[str], cuts: list[int]) -> None:
    """However the response arrives in pieces, it is the one that was sent."""
    whole = _response(*names, _length(body), body=body)
    bounds = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in itertools.pairwise(bounds)]
    head = whole[: len(whole) - len(body) - 4]
    assert _read(*pieces, closes=False) == HttpResponse(200, head, body, will_close=False)
