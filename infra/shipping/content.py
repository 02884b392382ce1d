"""Recognizes a file's content by its first bytes: inflates gzip, obeys a byte order mark, refuses a binary file."""

import codecs
import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from infra.stack import StackError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEAD_BYTES: Final = 8192
_CHUNK_BYTES: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_PACKED: Final = {
    b"BZh": "bzip2 -dc",
    b"\xfd7zXZ\x00": "xz -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
    b"PK\x03\x04": "unzip -p",
}
"""The first bytes of other packed files (RFC 8878 for zstd, the formats' own pages for the rest), and a command that
unpacks them."""

# UTF-32 first: its little-endian mark begins with the mark of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_WIDE: Final = ("utf-16", "utf-32")
"""How the names of encodings begin whose lines no byte ends."""


class NotTextError(StackError):
    """The file is not text that can be sent as it is; the message says what to do."""


def as_lines_of_bytes(raw: BinaryIO, encoding: str, *, name: str, even_with_nul: bool = False) -> tuple[BinaryIO, str]:
    r"""Return a stream of bytes whose lines end at `\n`, and the encoding of its lines.

    `raw` is read once, in pieces, from its current position: a file of any size needs the memory of one line. UTF-16
    and UTF-32 are converted to UTF-8, a UTF-8 mark is left out, other bytes are unchanged. `name` is for messages.

    Raises:
        NotTextError: it is packed in another way than gzip, or binary (a NUL byte near its start). Reading the result
            raises it where the gzip is damaged.
    """
    head, stream = _peek(raw)
    if head.startswith(_GZIP):
        head, stream = _peek(cast("BinaryIO", io.BufferedReader(_Inflated(stream, name), _CHUNK_BYTES)))
    for start, program in _PACKED.items():
        if head.startswith(start):
            raise NotTextError(f"{name} is packed. Unpack it: {program} {name} | rdp send - ...")
    for mark, wide in _MARKS:
        if head.startswith(mark):
            stream.read(len(mark))
            return cast("BinaryIO", io.BufferedReader(_Narrowed(stream, wide), _CHUNK_BYTES)), "utf-8"
    if encoding.startswith(_WIDE):
        return cast("BinaryIO", io.BufferedReader(_Narrowed(stream, encoding), _CHUNK_BYTES)), "utf-8"
    if head.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
    if not even_with_nul and (place := head.find(0)) >= 0:
        raise NotTextError(
            f"{name} does not look like text: byte {place} is NUL. If it is a log, add --text. If it is UTF-16 without "
            f"a byte order mark, add --encoding utf-16-le."
        )
    return stream, encoding


def mark_bytes(file: BinaryIO, encoding: str, *, name: str, even_with_nul: bool) -> int:
    """Return the length in bytes of the file's byte order mark. The file must be readable from any line on.

    Raises:
        NotTextError: it is packed, binary, or in UTF-16 or UTF-32.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    is_wide = encoding.startswith(_WIDE) or any(head.startswith(mark) for mark, _ in _MARKS)
    if is_wide or head.startswith(_GZIP):
        raise NotTextError(
            f"{name} is compressed, or in UTF-16 or UTF-32. Such a file can only be sent whole: leave --follow out."
        )
    as_lines_of_bytes(cast("BinaryIO", io.BytesIO(head)), "utf-8", name=name, even_with_nul=even_with_nul)
    return len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0


def _peek(raw: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Return the stream's first bytes, and a stream of all of it, these included."""
    buffered = cast("io.BufferedReader", raw) if hasattr(raw, "peek") else io.BufferedReader(_Raw(raw), _HEAD_BYTES)
    return buffered.peek(_HEAD_BYTES)[:_HEAD_BYTES], cast("BinaryIO", buffered)


class _Raw(io.RawIOBase):
    """Adapts a stream for `io.BufferedReader`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _piece(self, size: int) -> bytes:
        return self._stream.read(size)


class _Inflated(_Raw):
    """The inflated content of a gzip file with any number of members."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__(stream)
        self._file = gzip.GzipFile(fileobj=stream)
        self._name = name

    def _piece(self, size: int) -> bytes:
        try:
            return self._file.read1(size)  # read1: it returns what is there before it raises an error.
        except EOFError as error:
            raise NotTextError(
                f"{self._name} ends before its gzip data does: it was cut off, or is still being written. Send it "
                f"again whole."
            ) from error
        except (OSError, zlib.error) as error:
            raise NotTextError(f"{self._name} is damaged: {error}") from error


class _Narrowed(_Raw):
    """UTF-16 or UTF-32 text as UTF-8. Undecodable input becomes a byte that is not valid UTF-8 either."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__(stream)
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._ready = b""

    def _piece(self, size: int) -> bytes:
        while not self._ready:
            wide = self._stream.read(_CHUNK_BYTES)
            try:
                text = self._decoder.decode(wide, final=not wide)
            except UnicodeDecodeError:
                self._decoder.reset()
                self._ready = b"\xff"
                break
            self._ready = text.encode("utf-8", "surrogatepass")
            if not wide:
                break
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece
