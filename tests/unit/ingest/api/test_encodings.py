"""Bodies in every encoding are decoded whole under one size limit, or refused with a reason."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import cramjam
import pytest

from ingest.api.encodings import MAX_BODY_BYTES, inflate, undone, unsnapped
from ingest.contract.errors import Rejected
from tests.linear import best_cpu_s, check_linear

_TEXT = b'{"text": "some text that is long enough to be cut, and again: some text that is long enough"}'


def _raw_deflate(body: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(body) + deflate.flush()


def _zstd(body: bytes) -> bytes:
    return bytes(cramjam.zstd.compress(body))


def _snappy(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


def _framed(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(body))


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


_FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", _gzip),
    "deflate, zlib": ("deflate", zlib.compress),
    "deflate, raw": ("deflate", _raw_deflate),
    "zstd": ("zstd", _zstd),
    "snappy": ("snappy", _snappy),
    "snappy, framed": ("x-snappy-framed", _framed),
}
_EACH_FORM = pytest.mark.parametrize(("encoding", "compress"), _FORMS.values(), ids=_FORMS)


def _reason(body: bytes, encoding: str) -> str:
    with pytest.raises(Rejected) as caught:
        undone(body, encoding)
    return caught.value.reason


@_EACH_FORM
@pytest.mark.parametrize("text", [b"", b"a", _TEXT, bytes(range(256)) * 500], ids=["empty", "one", "text", "bytes"])
def test_each_encoding_is_undone_to_the_byte(encoding: str, compress: Callable[[bytes], bytes], text: bytes) -> None:
    """Each encoding gives back the exact bytes; its name may be in any case and have blanks around it."""
    if not compress(text):
        pytest.skip("framed snappy of nothing is nothing, and refused as cut short")
    for name in (encoding, encoding.upper(), f" {encoding} "):
        assert undone(compress(text), name) == text


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", " , identity,"])
def test_identity_leaves_the_body_alone(encoding: str) -> None:
    """An empty encoding and `identity` leave the body unchanged."""
    assert undone(_gzip(b"a"), encoding) == _gzip(b"a")


@pytest.mark.parametrize(
    "encoding", ["br", "compress", "lz4", "gzip, br", "gzip;q=1", "gzip\r\nX: 1", "a" * 9_999, "gzip," * 5, "zlib"]
)
def test_unsupported_content_encoding(encoding: str) -> None:
    """An unsupported encoding, or a long list of encodings, is refused."""
    assert _reason(b"hello", encoding) == "unsupported_content_encoding"


@pytest.mark.parametrize("compress", [_gzip, zlib.compress, _raw_deflate, lambda body: body])
@pytest.mark.parametrize("encoding", ["gzip,deflate", "gzip, deflate", "deflate,gzip"])
def test_a_list_of_what_is_one_of_them(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """If the header lists gzip and deflate, the body may be in either or in none, as from GELF's clients."""
    if (encoding, compress) != ("deflate,gzip", _raw_deflate):  # A raw deflate is known only alone or last.
        assert undone(compress(_TEXT), encoding) == _TEXT


def test_a_list_of_what_is_all_of_them() -> None:
    """A body with several encodings is decoded from the last to the first."""
    assert undone(_zstd(zlib.compress(_gzip(_TEXT))), "gzip, deflate, zstd") == _TEXT
    assert undone(_gzip(_snappy(_TEXT)), "snappy,gzip") == _TEXT


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
@pytest.mark.parametrize("compress", [_gzip, zlib.compress])
def test_the_body_decides_between_gzip_and_zlib(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """The body's own bytes tell gzip from zlib, because clients confuse the two names."""
    assert undone(compress(_TEXT), encoding) == _TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "gzip,deflate", "gzip, gzip"])
@pytest.mark.parametrize("text", [_TEXT, b"hello", b"\n\t[1]\r\n", "häß".encode(), b"\xef\xbb\xbf{}"])
def test_a_body_that_somebody_inflated_already_is_taken(encoding: str, text: bytes) -> None:
    """A body that a gateway has already inflated is accepted, although the header still names an encoding."""
    assert undone(text, encoding) == text


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("compress", [_gzip, zlib.compress, _zstd])
def test_damaged_compression(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """A compressed body that a gateway decoded as text is refused with a reason that says what to do."""
    assert _reason(compress(_TEXT).decode(errors="replace").encode(), encoding) == "damaged_compression"


@pytest.mark.parametrize("body", [b"", b"x", b"a\x00bc", b"\xff\xfe\xfd\xfc", _gzip(b"a")])
@pytest.mark.parametrize("encoding", ["zstd", "deflate", "snappy"])
def test_invalid_compression(body: bytes, encoding: str) -> None:
    """A body that is neither in the named encoding nor text is refused."""
    if (encoding, body[:2]) != ("deflate", b"\x1f\x8b"):
        assert _reason(body, encoding) == "invalid_compression"


@pytest.mark.parametrize("body", [b"", b"\x1f\x8b", b"\x1f\x8b\x08garbage", b"\xff\xfe\xfd\xfc", _gzip(_TEXT)[:-1]])
def test_invalid_gzip(body: bytes) -> None:
    """A body that is neither gzip nor text is refused."""
    assert _reason(body, "gzip") == "invalid_gzip"


@_EACH_FORM
def test_what_is_cut_or_has_something_behind_it_is_never_taken_in_part(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    """A compressed body that is cut anywhere, or has a byte after its end, is refused."""
    whole = compress(_TEXT)
    for broken in (*(whole[:length] for length in range(len(whole))), whole + b"\xff", whole + b"garbage"):
        if encoding == "x-snappy-framed" and broken == whole[:10]:
            continue  # The magic alone is a complete, empty stream.
        assert _reason(broken, encoding) in {"invalid_gzip", "invalid_compression", "body_too_large"}


@_EACH_FORM
def test_the_cap_is_one_for_all(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """In every encoding, 10 MiB are accepted and one byte more is refused."""
    assert len(undone(compress(bytes(MAX_BODY_BYTES)), encoding)) == MAX_BODY_BYTES
    assert _reason(compress(bytes(MAX_BODY_BYTES + 1)), encoding) == "body_too_large"


@_EACH_FORM
def test_a_bomb_costs_no_more_than_the_cap(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """A body that inflates to 64 MiB is refused without holding them in memory."""
    bomb = compress(bytes(64 * 1_048_576))
    tracemalloc.start()
    assert _reason(bomb, encoding) == "body_too_large"
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3 * MAX_BODY_BYTES


@pytest.mark.parametrize(
    ("encoding", "half"),
    [("gzip", _gzip(bytes(MAX_BODY_BYTES // 2))), ("zstd", _zstd(bytes(MAX_BODY_BYTES // 2)))],
)
def test_a_bomb_of_several_members_or_frames(encoding: str, half: bytes) -> None:
    """The size limit holds for all members or frames of a body together."""
    assert len(undone(half + half, encoding)) == MAX_BODY_BYTES
    assert _reason(half * 3, encoding) == "body_too_large"


@pytest.mark.parametrize("stated", [MAX_BODY_BYTES + 1, 1 << 30, 1 << 40, (1 << 64) - 1])
def test_a_zstd_frame_that_claims_to_be_large_is_body_too_large(stated: int) -> None:
    """A zstd frame with a false size in its header takes no memory for that size."""
    hello = (5 << 3 | 1).to_bytes(3, "little") + b"hello"
    frame = b"\x28\xb5\x2f\xfd\xe0" + stated.to_bytes(8, "little") + hello
    assert _reason(frame, "zstd") in {"body_too_large", "invalid_compression"}


@pytest.mark.parametrize("claim", [b"\xff\xff\xff\xff\x0f", b"\x81\x80\x80\x05", b"\xff" * 10, b"\x80" * 40])
def test_a_snappy_block_that_claims_to_be_large_is_refused(claim: bytes) -> None:
    """A snappy block of five bytes that claims 4 GiB is refused before memory is taken."""
    assert _reason(claim + b"a", "snappy") in {"body_too_large", "invalid_compression"}


def test_a_chain_of_encodings_is_capped_at_each_link() -> None:
    """The size limit holds after each of several encodings."""
    assert _reason(_gzip(_gzip(bytes(64 * 1_048_576))), "gzip,gzip") == "body_too_large"


@pytest.mark.parametrize("encoding", ["", "identity", "snappy", "gzip, snappy"])
def test_a_body_that_is_snappy_by_itself(encoding: str) -> None:
    """Loki's snappy body is decoded exactly once, with and without a header that names snappy."""
    sent = _snappy(_TEXT)
    assert unsnapped(undone(sent, encoding), encoding) == _TEXT


def test_gzip_bomb_is_body_too_large_within_little_memory_and_time() -> None:
    """64 KiB of gzip that inflate to 64 MiB are refused after 10 MiB, with little memory and time."""
    bomb = gzip.compress(bytes(64 * 1_048_576), 1)

    def refused() -> None:
        with pytest.raises(Rejected, match="body_too_large"):
            inflate(bomb)

    tracemalloc.start()
    refused()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3 * MAX_BODY_BYTES
    assert best_cpu_s(refused) < best_cpu_s(lambda: gzip.decompress(bomb)) / 2


def test_gzip_of_very_many_members_costs_what_its_length_does() -> None:
    """A body of 48,000 empty gzip members is inflated in time linear in its length."""

    def inflated(members: int) -> None:
        assert inflate(gzip.compress(b"", mtime=0) * members) == b""

    check_linear(inflated, 3_000)


@pytest.mark.parametrize("sizes", [(1, 1), (5_000, 3), (3, 5_000, 0, 70_000)])
def test_gzip_members_are_joined(sizes: tuple[int, ...]) -> None:
    """Concatenated gzip members are one body (RFC 1952, section 2.2), wherever they end."""
    parts = [bytes([65 + i]) * size for i, size in enumerate(sizes)]
    assert inflate(b"".join(gzip.compress(part, compresslevel=0) for part in parts)) == b"".join(parts)
