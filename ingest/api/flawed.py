"""A JSON document in which some strings, numbers or depths cannot be read: what can be, and what is flawed. Pure.

A line that is broken costs its own log, because lines are read one by one. In a document of many logs, one string that
is no text would cost all of them: here it costs the log that holds it.
"""

import re
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import msgspec

from ingest.api.documents import value_of, values_of_lines, without_mark
from ingest.contract import exact_json
from ingest.contract.errors import Rejected

_MAX_DEPTH: Final = 100  # The decoder gives up at some hundreds; no log may nest a tenth of this (record.check_fields).
_TOKEN: Final = re.compile(rb'[\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9][0-9.eE+-]*+', re.DOTALL)
_ARRAY: Final = re.compile(rb"[ \t\r\n]*\[")
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_decoder = exact_json.decoder()


def value_of_flawed(body: bytes) -> tuple[Any, Callable[[Any], bool]]:
    """Return the one JSON value that the body is, and a function that says whether a part of it is flawed.

    Flawed is what holds a string that is no text (bytes that are no UTF-8, half a surrogate pair), a number beyond all
    numbers, or what nests beyond all depth. Its value means nothing.

    Raises:
        Rejected: `invalid_json`.
    """
    try:
        return value_of(body), _never
    except Rejected:
        pass
    mark = next(mark for i in count() if (mark := b"flaw %d" % i) not in body)

    def is_flawed(part: Any) -> bool:
        return mark in exact_json.encode(part)

    return value_of(_mended(body, b'"%s"' % mark)), is_flawed


def values_of_batch(body: bytes, *, most: int) -> list[Any]:
    """Return the values of a JSON array, or of one object or more that stand one after another, with lines or without.

    A `Rejected` stands in place of each that cannot be read. `most` is as for `values_of_lines`.

    Raises:
        Rejected: `invalid_json`, an array that is none.
    """
    body = without_mark(body)
    if not _ARRAY.match(body):
        return values_of_lines(body, most=most)
    found, is_flawed = value_of_flawed(body)
    values: list[Any] = found
    if is_flawed is _never:
        return values
    return [Rejected("invalid_json") if is_flawed(value) else value for value in values]


def _never(_: Any) -> bool:
    return False


def _mended(body: bytes, flaw: bytes) -> bytes:
    """Return the document with `flaw` in place of each string, number and depth that cannot be read."""
    pieces: list[bytes] = []
    end, depth = 0, 0  # All before `end` stands in the pieces, or is left out.
    for token in _TOKEN.finditer(body):
        text = token[0]
        if text in b"[{":
            depth += 1
            if depth == _MAX_DEPTH + 1:
                pieces += [body[end : token.start()], flaw]
        elif text in b"]}":
            depth -= 1
            if depth == _MAX_DEPTH:
                end = token.end()
        elif depth <= _MAX_DEPTH and not _is_sound(text):
            pieces += [body[end : token.start()], flaw]
            end = token.end()
    return b"".join([*pieces, body[end:]])


def _is_sound(token: bytes) -> bool:
    try:
        _decoder.decode(token)
    except _NOT_JSON:
        return False
    return True
