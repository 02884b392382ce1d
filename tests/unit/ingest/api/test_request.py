"""API Gateway events made into requests."""

import base64
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from ingest.api.request import MAX_BODY_BYTES, Request, from_event, inflate
from ingest.contract.errors import Rejected
from tests.unit.ingest.fakes import event


def _reason(given: dict[str, Any]) -> str:
    with pytest.raises(Rejected) as caught:
        from_event(given)
    return caught.value.reason


def _gzipped(body: bytes, encoding: str = "gzip") -> dict[str, Any]:
    return event(body, headers={"content-encoding": encoding})


def test_header_names_are_lower_case_and_values_as_sent() -> None:
    """Whatever case a client or an engine uses, a header is found by its lower-case name."""
    request = from_event({"headers": {"X-TENANT-ID": "Acme", "content-TYPE": "Text/Plain"}})
    assert request.headers == {"x-tenant-id": "Acme", "content-type": "Text/Plain"}


def test_query_parameters_are_as_sent() -> None:
    """Query names are case-sensitive, so that two that differ in case cannot hide a disagreement."""
    request = from_event({"queryStringParameters": {"tenant_id": "a", "Tenant_ID": "b"}})
    assert request.query == {"tenant_id": "a", "Tenant_ID": "b"}


@pytest.mark.parametrize("given", [{}, {"headers": None, "queryStringParameters": None, "body": None}])
def test_absent_members_are_empty(given: dict[str, Any]) -> None:
    """The gateway leaves out what a request does not have, and some engines send null."""
    assert from_event(given) == Request({}, {}, b"")


def test_plain_body_is_utf8() -> None:
    """A body that is not marked as base64 is text."""
    assert from_event(event("café 🎉")).body == "café 🎉".encode()


def test_base64_body_is_decoded() -> None:
    """A body that is marked as base64 is decoded."""
    assert from_event(event(b"\x00\xff")).body == b"\x00\xff"


def test_body_that_looks_like_base64_stays_as_it_is_without_the_mark() -> None:
    """Only the gateway's mark decides, not the looks."""
    assert from_event({"body": "YQ==", "isBase64Encoded": False}).body == b"YQ=="


@pytest.mark.parametrize("body", ["not base64!", "YQ=", "YQ", "YQ==\n", "Y Q==", "é", "\ud800", "Y===", "-_-_"])
def test_invalid_base64(body: str) -> None:
    """What is marked as base64 and is not is refused, not guessed at."""
    assert _reason({"body": body, "isBase64Encoded": True}) == "invalid_base64"


def test_invalid_encoding_of_a_lone_surrogate() -> None:
    """A lone surrogate in the event's text has no UTF-8."""
    assert _reason({"body": "a\ud800b"}) == "invalid_encoding"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", " gzip "])
def test_gzip_body_is_inflated(encoding: str) -> None:
    """Gzip is recognised under both of its names and in any case."""
    assert from_event(_gzipped(gzip.compress(b"hello"), encoding)).body == b"hello"


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_identity_body_is_left_alone(encoding: str) -> None:
    """No encoding and `identity` are the same."""
    assert from_event(_gzipped(b"hello", encoding)).body == b"hello"


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "gzip,identity", "snappy"])
def test_unsupported_content_encoding(encoding: str) -> None:
    """An encoding that is not undone here must not be read as text."""
    assert _reason(_gzipped(b"hello", encoding)) == "unsupported_content_encoding"


@pytest.mark.parametrize("form", ["plain", "base64", "gzip"])
def test_body_of_exactly_the_limit_is_taken(form: str) -> None:
    """10 MiB is taken in each form that a body can come in."""
    assert len(from_event(_body_event(MAX_BODY_BYTES, form)).body) == MAX_BODY_BYTES


@pytest.mark.parametrize("over", [1, 2, 3, 1_000])
@pytest.mark.parametrize("form", ["plain", "base64", "gzip"])
def test_body_too_large(form: str, over: int) -> None:
    """One byte more than 10 MiB is refused in each form."""
    assert _reason(_body_event(MAX_BODY_BYTES + over, form)) == "body_too_large"


def test_body_too_large_counts_bytes_not_characters() -> None:
    """The limit holds for UTF-8: half as many two-byte characters fill it."""
    fitting = "é" * (MAX_BODY_BYTES // 2)
    assert len(from_event(event(fitting)).body) == MAX_BODY_BYTES
    assert _reason(event(fitting + "a")) == "body_too_large"


def _best_cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of the quickest of three runs: only a ratio of two is worth something on a busy machine."""
    times = []
    for _ in range(3):
        started_s = time.process_time()
        work()
        times.append(time.process_time() - started_s)
    return min(times)


def test_gzip_bomb_is_body_too_large_within_little_memory_and_time() -> None:
    """64 MiB in 64 KiB are refused after inflating ten: far cheaper than to inflate them all."""
    bomb = _bomb(64)

    def refused() -> None:
        with pytest.raises(Rejected, match="body_too_large"):
            inflate(bomb)

    tracemalloc.start()
    refused()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3 * MAX_BODY_BYTES
    assert _best_cpu_s(refused) < _best_cpu_s(lambda: gzip.decompress(bomb)) / 2


def test_gzip_of_very_many_members_costs_no_second() -> None:
    """A body of 50,000 empty members is inflated in time linear to its length: ten times as many, not a hundredfold."""

    def inflated(members: int) -> None:
        assert inflate(gzip.compress(b"", mtime=0) * members) == b""

    assert _best_cpu_s(lambda: inflated(50_000)) < 40 * max(_best_cpu_s(lambda: inflated(5_000)), 0.001)


def test_gzip_bomb_in_a_later_member_is_body_too_large() -> None:
    """The cap holds for all members together."""
    half = gzip.compress(b"a" * (MAX_BODY_BYTES // 2))
    assert len(inflate(half + half)) == MAX_BODY_BYTES
    with pytest.raises(Rejected, match="body_too_large"):
        inflate(half + half + gzip.compress(b"a"))


@pytest.mark.parametrize("sizes", [(1, 1), (5_000, 3), (3, 5_000, 0, 70_000)])
def test_gzip_members_are_joined(sizes: tuple[int, ...]) -> None:
    """Concatenated gzip files are one body (RFC 1952, section 2.2), wherever the members' borders lie."""
    parts = [bytes([65 + i]) * size for i, size in enumerate(sizes)]
    assert inflate(b"".join(gzip.compress(part, compresslevel=0) for part in parts)) == b"".join(parts)


_WHOLE = gzip.compress(b"some text that is long enough to be cut", mtime=0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not gzip",
        b"\x1f\x8b",
        *(_WHOLE[:length] for length in (1, 5, 10, 15, len(_WHOLE) - 8, len(_WHOLE) - 1)),
        _WHOLE + b"garbage",
        _WHOLE + b"\x00" * 8,
        _WHOLE + _WHOLE[:12],
        _WHOLE[:-5] + bytes([_WHOLE[-5] ^ 1]) + _WHOLE[-4:],
        zlib.compress(b"zlib, not gzip"),
    ],
)
def test_invalid_gzip(body: bytes) -> None:
    """Not gzip, cut short anywhere, a wrong checksum, or something behind it: never a part of the body."""
    assert _reason(_gzipped(body)) == "invalid_gzip"


def test_gzip_body_without_the_base64_mark_is_invalid_gzip() -> None:
    """Binary that came as text is broken already."""
    assert _reason(event("\x1f\ufffd", headers={"content-encoding": "gzip"})) == "invalid_gzip"


def _body_event(body_bytes: int, form: str) -> dict[str, Any]:
    if form == "plain":
        return event("a" * body_bytes)
    if form == "base64":
        return {"body": base64.b64encode(b"a" * body_bytes).decode(), "isBase64Encoded": True}
    return _gzipped(gzip.compress(b"a" * body_bytes))


def _bomb(mebibytes: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1_048_576)
    return b"".join(deflate.compress(zeros) for _ in range(mebibytes)) + deflate.flush()
