"""Protobuf's wire format: a message's fields as they are encoded; the caller knows the schema. Pure.

https://protobuf.dev/programming-guides/encoding/. No schema here has groups: a group is skipped as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_GROUP: Final = 3
_END_OF_GROUP: Final = 4
_TYPE_BITS: Final = 3
_TYPE_MASK: Final = 7
_MORE: Final = 0x80  # A byte of a varint that is not its last.
_LOW_BITS: Final = 0x7F
_MAX_VARINT_BITS: Final = 70  # Ten bytes; bits above 64 are dropped.
_MIN_TAG: Final = 1 << _TYPE_BITS
_MAX_TAG: Final = (1 << 32) - 1
_MASK_32: Final = (1 << 32) - 1
_SIGN_32: Final = 1 << 31
_MASK_64: Final = (1 << 64) - 1
_SIGN_64: Final = 1 << 63


class Malformed(Exception):  # noqa: N818 - a verdict on the input, not an error of ours
    """Bytes that are no protobuf message."""


def fields(encoded: bytes) -> Iterator[tuple[int, Any]]:
    """Yield each field of a message as its tag (`number << 3 | type`) and its value, in order.

    The value is an unsigned int for a varint or a fixed type, and bytes for strings, messages, packed numbers and
    groups.

    Raises:
        Malformed: at the first wrong byte, after the fields before it.
    """
    at, end = 0, len(encoded)
    while at < end:
        tag = encoded[at]
        at += 1
        if tag >= _MORE:
            tag, at = _varint(encoded, at - 1)
        kind = tag & _TYPE_MASK
        start = at
        if kind == BYTES:
            size = encoded[at] if at < end else _MORE
            start = at = at + 1
            if size >= _MORE:
                size, start = _varint(encoded, at - 1)
            at = start + size
            value: Any = encoded[start:at]
        elif kind == VARINT:
            value, at = _varint(encoded, at)
        elif kind in {FIXED64, FIXED32}:
            at += 8 if kind == FIXED64 else 4
            value = int.from_bytes(encoded[start:at], "little")
        elif kind == _GROUP:
            at = _end_of_group(encoded, at, tag)
            value = encoded[start:at]
        else:
            raise Malformed
        if at > end or not _MIN_TAG <= tag <= _MAX_TAG:
            raise Malformed
        yield tag, value


def message(members: Mapping[int, int | str | bytes]) -> bytes:
    """Return an encoded message with these members, from field number to varint, string or bytes."""
    written = bytearray()
    for number, value in members.items():
        if isinstance(value, int):
            written += _written(number << _TYPE_BITS | VARINT) + _written(value)
        else:
            octets = value.encode() if isinstance(value, str) else value
            written += _written(number << _TYPE_BITS | BYTES) + _written(len(octets)) + octets
    return bytes(written)


def _written(number: int) -> bytes:
    written = bytearray()
    while number >= _MORE:
        written.append(number & _LOW_BITS | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)


def signed(varint: int) -> int:
    """Return an int64's or int32's value: negative values are encoded as two's complement of 64 bits."""
    return varint - (1 << 64) if varint & _SIGN_64 else varint


def int32(varint: int) -> int:
    """Return an int32's or an open enum's value: bits above 32 are dropped."""
    return ((varint & _MASK_32) ^ _SIGN_32) - _SIGN_32


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, and the place behind it."""
    number = 0
    for shift in range(0, _MAX_VARINT_BITS, 7):
        if at >= len(message):
            raise Malformed
        byte = message[at]
        at += 1
        number |= (byte & _LOW_BITS) << shift
        if byte < _MORE:
            return number & _MASK_64, at
    raise Malformed


def _end_of_group(message: bytes, at: int, tag: int) -> int:
    """Return the place behind the group that `tag` opened. Groups inside it are followed without recursion."""
    opened = [tag]
    while opened:
        tag, at = _varint(message, at)
        kind = tag & _TYPE_MASK
        if kind == _GROUP:
            opened.append(tag)
        elif kind == _END_OF_GROUP:
            if opened.pop() >> _TYPE_BITS != tag >> _TYPE_BITS:
                raise Malformed
        elif kind == VARINT:
            _, at = _varint(message, at)
        elif kind == BYTES:
            size, at = _varint(message, at)
            at += size
        elif kind in {FIXED64, FIXED32}:
            at += 8 if kind == FIXED64 else 4
        else:
            raise Malformed
    return at
