"""A sequence of msgpack documents as values, with a `Rejected` in place of what cannot be read. Pure.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

import msgspec

from ingest.contract.errors import Rejected

_NOT_MSGPACK: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_TRAILING: Final = re.compile(r"trailing characters \(byte ([0-9]+)\)")  # msgspec's words; a test checks them.
_COUNT_BYTES: Final = {0xDC: 2, 0xDD: 4}
"""Bytes of the count behind the first byte of an array; arrays of up to 15 elements have the count in that byte."""
_decoder = msgspec.msgpack.Decoder()
_raw_decoder = msgspec.msgpack.Decoder(msgspec.Raw)
_array_decoder = msgspec.msgpack.Decoder(list[msgspec.Raw])


def documents(body: bytes, *, most: int) -> Iterator[Any]:
    """Yield each document's value. An array of more than `most` elements is not read: each is `too_many_records`.

    In an array that cannot be read as a whole, a `Rejected` stands in place of each broken element, so that the others
    are kept. If the end of a document cannot be found, the rest of the body is one `Rejected`.
    """
    rest = memoryview(body)
    while rest:
        try:
            _raw_decoder.decode(rest)
            end = len(rest)
        except _NOT_MSGPACK as error:
            found = _TRAILING.search(str(error))
            if found is None:
                yield Rejected("invalid_record")
                return
            end = int(found[1])
        is_too_much = _count(rest[:5]) > most
        yield [Rejected("too_many_records")] * (most + 1) if is_too_much else _value(rest[:end])
        rest = rest[end:]


def _count(head: memoryview) -> int:
    """Return how many elements a document's array has, 0 if it has less than 16 or is no array."""
    return int.from_bytes(head[1 : 1 + _COUNT_BYTES.get(head[0], 0)])


def _value(document: memoryview) -> Any:
    try:
        return _decoder.decode(document)
    except _NOT_MSGPACK:
        pass
    try:
        raws = _array_decoder.decode(document)
    except _NOT_MSGPACK:
        return Rejected("invalid_record")
    values: list[Any] = []
    for raw in raws:
        try:
            values.append(_decoder.decode(raw))
        except _NOT_MSGPACK:
            values.append(Rejected("invalid_record"))
    return values


def is_json(value: Any) -> bool:
    """Return whether JSON can express the value: no bytes, times, names that are no strings, NaN or infinities."""
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return True
    if kind is dict:
        return all(type(name) is str and is_json(inner) for name, inner in value.items())
    if kind is list:
        return all(map(is_json, value))
    return isfinite(value) if kind is float else kind is Rejected
