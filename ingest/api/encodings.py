"""Bodies decoded by their Content-Encoding, each step under one cap of the decoded size. Pure.

The header may be wrong: GELF's clients say `gzip,deflate` for either of them, and a gateway may inflate a body and
leave the header. So the body's own bytes decide between gzip and deflate, and a body of text counts as decoded already.
"""

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from ingest.contract.errors import Rejected, RejectReason

MAX_BODY_BYTES: Final = 10_485_760
"""The largest decoded body: 10 MiB; the usual chunks of clients are smaller. The body as sent must be smaller: Lambda
takes events of up to 6 MB, in which a body that is no text is base64 (Lambda quotas, November 2026)."""

GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # zlib's flag for "expect a gzip header".
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# zlib copies the bytes behind a member: of a body fed whole, each of many tiny members would cost a copy of the rest.
_CHUNK_BYTES: Final = 4_096

_FRAMED_MAGIC: Final = b"\xff\x06\x00\x00sNaPpY"  # snappy's framing format, section 4.1.

# Rust's error for a full output (std::io), and zstd's for a frame that claims more than 128 MiB. Tests check both.
_TOO_LARGE: Final = ("failed to write whole buffer", "Frame requires too much memory")

_MAX_NAMES: Final = 4  # Each encoding may decode as many bytes as the cap.

# A gateway that decodes bytes as UTF-8 puts this in place of some: all formats begin with some that are no ASCII.
_REPLACED: Final = "\ufffd".encode()
_HEAD_BYTES: Final = 16
_LEAST_BYTES: Final = 4  # Shorter text does not count as decoded already: it may be any format's beginning.


def undone(body: bytes, content_encoding: str) -> bytes:
    """Return the body with the encodings that the header names undone, the last one first.

    Raises:
        Rejected: `unsupported_content_encoding`; `body_too_large`; `damaged_compression` (a gateway decoded it as
            text); `invalid_gzip` or `invalid_compression` (another format, cut short, or followed by other bytes).
    """
    for undo in _steps(content_encoding):
        body = undo(body)
    return body


def unsnapped(body: bytes, content_encoding: str) -> bytes:
    """Return the decoded body of a type that implies snappy (Loki's protobuf), unless `undone` decoded it already."""
    return body if _unsnap in _steps(content_encoding) else _unsnap(body)


def inflate(body: bytes) -> bytes:
    """Return the gzip body inflated, all of its members, never holding more than the cap.

    Raises:
        Rejected: `invalid_gzip` (no gzip, cut short, or followed by other bytes), `body_too_large`.
    """
    inflated = _inflated(body, _GZIP_WINDOW)
    if inflated is None:
        raise Rejected("invalid_gzip")
    return inflated


def _inflated(body: bytes, window: int) -> bytes | None:
    """Return the body inflated by zlib; None if it is of another format, cut short, or followed by other bytes."""
    inflated = bytearray()
    member = zlib.decompressobj(window)
    for start in range(0, len(body), _CHUNK_BYTES):
        chunk = body[start : start + _CHUNK_BYTES]
        while chunk:
            if member.eof:
                if window != _GZIP_WINDOW:  # Only gzip has members.
                    return None
                member = zlib.decompressobj(window)
            try:
                inflated += member.decompress(chunk, MAX_BODY_BYTES + 1 - len(inflated))
            except zlib.error:
                return None
            if len(inflated) > MAX_BODY_BYTES:
                raise Rejected("body_too_large")
            chunk = member.unused_data
    return bytes(inflated) if member.eof else None


def _gunzip(body: bytes) -> bytes:
    if body.startswith(GZIP_MAGIC):
        return inflate(body)
    inflated = _inflated(body, _ZLIB_WINDOW)
    return _already_inflated(body, "invalid_gzip") if inflated is None else inflated


def _undeflate(body: bytes) -> bytes:
    if body.startswith(GZIP_MAGIC):
        return inflate(body)
    for window in (_ZLIB_WINDOW, _RAW_WINDOW):  # RFC 9110 asks for zlib's format; half of the clients send it raw.
        inflated = _inflated(body, window)
        if inflated is not None:
            return inflated
    return _already_inflated(body, "invalid_compression")


def _unzstd(body: bytes) -> bytes:
    from cramjam import DecompressionError, zstd  # noqa: PLC0415 - rarely needed: keep cold starts short

    inflated = bytearray(MAX_BODY_BYTES)
    try:
        size = zstd.decompress_into(body, inflated)
    except DecompressionError as error:
        if _is_too_large(error):
            raise Rejected("body_too_large") from error
        return _already_inflated(body, "invalid_compression")
    return bytes(memoryview(inflated)[:size])


def _unsnap(body: bytes) -> bytes:
    from cramjam import DecompressionError, snappy  # noqa: PLC0415 - as above

    is_framed = body.startswith(_FRAMED_MAGIC)
    try:
        size = MAX_BODY_BYTES if is_framed else snappy.decompress_raw_len(body)
        if size > MAX_BODY_BYTES:
            raise Rejected("body_too_large")
        inflated = bytearray(size)
        size = (snappy.decompress_into if is_framed else snappy.decompress_raw_into)(body, inflated)
    except DecompressionError as error:  # Never taken for text: a short block looks like text.
        raise Rejected("body_too_large" if _is_too_large(error) else "invalid_compression") from error
    return bytes(memoryview(inflated)[:size])


def _is_too_large(error: Exception) -> bool:
    return any(words in str(error) for words in _TOO_LARGE)


def _already_inflated(body: bytes, reason: RejectReason) -> bytes:
    """Return the body if it is text: then something on the way decoded it and left the header.

    Raises:
        Rejected: `damaged_compression`, or `reason` if the body is no text.
    """
    if _REPLACED in body[:_HEAD_BYTES]:
        raise Rejected("damaged_compression")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Rejected(reason) from error
    if len(body) < _LEAST_BYTES or any(character < " " and not character.isspace() for character in text[:_HEAD_BYTES]):
        raise Rejected(reason)
    return body


_UNDO: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "zstd": _unzstd,
    "snappy": _unsnap,
    "x-snappy-framed": _unsnap,
}


@lru_cache(maxsize=64)  # A client always sends the same header.
def _steps(content_encoding: str) -> tuple[Callable[[bytes], bytes], ...]:
    """Return the functions that undo the encodings, the last encoding's first (RFC 9110, section 8.4)."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if len(names) > _MAX_NAMES or not _UNDO.keys() >= set(names):
        raise Rejected("unsupported_content_encoding")
    return tuple([_UNDO[name] for name in reversed(names)])
