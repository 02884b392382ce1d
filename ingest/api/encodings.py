"""What Content-Encoding says of a body, undone: each encoding under one cap of what it may become. Pure.

Names lie: GELF's clients say `gzip,deflate` around either, and a gateway may inflate a body and leave the header. So
the body decides between the encodings that are known, and text that is none of them is taken as inflated already.
"""

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from ingest.contract.errors import Rejected, RejectReason

MAX_BODY_BYTES: Final = 10_485_760
"""What a body may become: 10 MiB, which clients' usual chunks stay below. As sent, Lambda takes less: an event of 6 MB,
in which a body of a type that is no text stands as base64 (Lambda quotas, November 2026)."""

GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # zlib's flag for "expect a gzip header".
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# zlib copies what stands behind a member: fed whole, a body of tiny members would be copied once for each of them.
_CHUNK_BYTES: Final = 4_096

_FRAMED_MAGIC: Final = b"\xff\x06\x00\x00sNaPpY"  # snappy's framing format, section 4.1.

# Rust's words for a full output (std::io), and zstd's for a frame that claims more than 128 MiB: tests hold both.
_TOO_LARGE: Final = ("failed to write whole buffer", "Frame requires too much memory")

_MAX_NAMES: Final = 4  # Each may cost as much as the whole cap.

# What a gateway leaves of bytes that it decodes as UTF-8: all formats have some beyond ASCII among their first.
_REPLACED: Final = "\ufffd".encode()
_HEAD_BYTES: Final = 16
_LEAST_BYTES: Final = 4  # Of text that is taken as inflated already: fewer may be the beginning of any format.


def undone(body: bytes, content_encoding: str) -> bytes:
    """Return the body without the encodings that the header names, in their order.

    Raises:
        Rejected: `unsupported_content_encoding`; `body_too_large`; `damaged_compression` (a gateway decoded it as
            text); `invalid_gzip` or `invalid_compression` (cut short, or something behind it, or no such thing).
    """
    for undo in _steps(content_encoding):
        body = undo(body)
    return body


def unsnapped(body: bytes, content_encoding: str) -> bytes:
    """Return a body whose type is snappy by itself (Loki's protobuf), if `undone` has not seen to it already."""
    return body if _unsnap in _steps(content_encoding) else _unsnap(body)


def inflate(body: bytes) -> bytes:
    """Return the gzip body inflated: every member of it, never holding more than the cap.

    Raises:
        Rejected: `invalid_gzip` (not gzip, cut short, or with something behind it), `body_too_large`.
    """
    inflated = _inflated(body, _GZIP_WINDOW)
    if inflated is None:
        raise Rejected("invalid_gzip")
    return inflated


def _inflated(body: bytes, window: int) -> bytes | None:
    """Return what zlib makes of all of the body, or None where it is not that, whole and alone."""
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
    from cramjam import DecompressionError, zstd  # noqa: PLC0415 - rare, and a cold start is not

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
    except DecompressionError as error:  # A short block looks like text: what is no snappy is never taken as such.
        raise Rejected("body_too_large" if _is_too_large(error) else "invalid_compression") from error
    return bytes(memoryview(inflated)[:size])


def _is_too_large(error: Exception) -> bool:
    return any(words in str(error) for words in _TOO_LARGE)


def _already_inflated(body: bytes, reason: RejectReason) -> bytes:
    """Return a body that is text: somebody on the way undid its encoding and left the header."""
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


@lru_cache(maxsize=64)  # A client sends the same one for ever.
def _steps(content_encoding: str) -> tuple[Callable[[bytes], bytes], ...]:
    """Return what undoes the encodings, the last one first (RFC 9110, section 8.4)."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if len(names) > _MAX_NAMES or not _UNDO.keys() >= set(names):
        raise Rejected("unsupported_content_encoding")
    return tuple([_UNDO[name] for name in reversed(names)])
