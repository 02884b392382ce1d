"""A file's bytes as lines of text, whatever they are packed in."""

import bz2
import gzip
import io
import lzma
from typing import BinaryIO, cast

import pytest

from infra.shipping import content
from infra.shipping.content import NotTextError

TEXT = "Zoë\n日本\nlast"


def _read(raw: bytes, encoding: str = "utf-8", *, text: bool = False) -> tuple[bytes, str]:
    stream, of_lines = content.as_lines_of_bytes(io.BytesIO(raw), encoding, name="app.log", even_with_nul=text)
    return stream.read(), of_lines


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        gzip.compress(TEXT.encode()),
        gzip.compress(TEXT.encode()[:5]) + gzip.compress(TEXT.encode()[5:]),
        gzip.compress(TEXT.encode("utf-8-sig")),
        gzip.compress(TEXT.encode("utf-16")),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"),
    ],
)
def test_the_beginning_says_how_to_read_it(raw: bytes) -> None:
    """Packed by gzip, or with a mark of its encoding, it gives the same lines and the same log_ids."""
    assert _read(raw) == (TEXT.encode(), "utf-8")


def test_an_encoding_of_two_bytes_can_be_named() -> None:
    """UTF-16 without a mark."""
    assert _read(TEXT.encode("utf-16-le"), "utf-16-le") == (TEXT.encode(), "utf-8")


def test_other_encodings_stay_as_they_are() -> None:
    """Their line ends are those of ASCII; each line is decoded by itself."""
    assert _read("café\n".encode("latin-1"), "latin-1") == (b"caf\xe9\n", "latin-1")


def test_no_file_is_an_empty_one() -> None:
    """Nothing is no error."""
    assert _read(b"") == (b"", "utf-8")


@pytest.mark.parametrize(
    ("raw", "byte"), [(b"\x7fELF\x02\x01\x01\x00\x00", 7), (b"a\n\x00", 2), (TEXT.encode("utf-16-le"), 1)]
)
def test_a_binary_file_is_refused(raw: bytes, byte: int) -> None:
    """Its lines would be thousands of rejected logs, or worse, accepted ones."""
    with pytest.raises(NotTextError, match=f"app.log does not look like text: byte {byte} is NUL.*--text.*utf-16-le"):
        _read(raw)


def test_a_binary_file_can_be_meant() -> None:
    """A log that a power cut filled with NUL bytes is a log."""
    assert _read(b"a\n\x00b", text=True) == (b"a\n\x00b", "utf-8")


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (bz2.compress(b"a"), "bzip2 -dc app.log"),
        (lzma.compress(b"a"), "xz -dc app.log"),
        (b"\x28\xb5\x2f\xfd..", "zstd -dc app.log"),
        (b"PK\x03\x04...", "unzip -p app.log"),
    ],
)
def test_what_is_packed_otherwise_is_refused_with_the_hint(raw: bytes, hint: str) -> None:
    """The person is told the program."""
    with pytest.raises(NotTextError, match=hint):
        _read(raw)


def test_a_gzip_that_is_cut_off_says_so() -> None:
    """After what it holds."""
    stream, _ = content.as_lines_of_bytes(io.BytesIO(gzip.compress(b"a\n" * 9)[:-9]), "utf-8", name="app.log.gz")
    with pytest.raises(NotTextError, match=r"app\.log\.gz ends before its gzip data does"):
        stream.read()


def test_a_gzip_that_is_damaged_says_so() -> None:
    """A sentence, no traceback of zlib."""
    packed = bytearray(gzip.compress(b"abcdefgh\n" * 9))
    packed[12] ^= 0xFF
    with pytest.raises(NotTextError, match=r"app\.log is damaged"):
        _read(bytes(packed))


def test_half_a_character_stays_undecodable() -> None:
    """UTF-16 that ends in the midst of a unit, or holds a lone surrogate, is told as a line that is no text."""
    for raw in ("a\n".encode("utf-16") + b"x", "a\n\ud800\n".encode("utf-16", "surrogatepass")):
        first, *rest = _read(raw)[0].split(b"\n")
        assert first == b"a"
        with pytest.raises(UnicodeDecodeError):
            b"".join(rest).decode()


class _Counted(io.BytesIO):
    """A stream that counts what was read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        self.taken += len(got)
        return got


def test_a_large_file_is_inflated_in_pieces() -> None:
    """A gigabyte of log in a megabyte of gzip does not stand in memory."""
    raw = _Counted(gzip.compress(b"x" * 63 + b"\n" + bytes(range(33, 97)) * (1 << 16), compresslevel=0))
    stream, _ = content.as_lines_of_bytes(cast("BinaryIO", raw), "utf-8", name="app.log")
    assert stream.readline() == b"x" * 63 + b"\n"
    assert raw.taken < 1 << 20
