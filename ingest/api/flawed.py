"""A JSON document with flaws: strings, numbers or depths that cannot be read. The rest of it is read. Pure.

A broken line costs only its own log, because lines are read one by one. In a document of many logs, one broken string
would cost all of them: here it costs only the log that holds it.
"""

import re
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import msgspec

from ingest.api.documents import pieces, value_of, values_of_lines, without_mark
from ingest.contract import exact_json
from ingest.contract.errors import Rejected

_MAX_DEPTH: Final = 100  # The decoder fails at some hundreds; a log may nest 8 (record.MAX_FIELDS_DEPTH).
_MAX_FLAWS: Final = 100_000  # A document with more of them is refused whole: ten megabytes of `1e,` took 1.5 GB.
_MAX_BRACKETS: Final = 2_000_000  # Two seconds. Logs of ten megabytes have a quarter of them.
# A string that is not closed (its empty group is there) reaches to the body's end: no byte is looked at twice.
_TOKEN: Final = re.compile(rb'[\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|())|-?[0-9][0-9.eE+-]*+', re.DOTALL)
_MARK: Final = re.compile(rb"flaw ([0-9]{1,8})\.")
_ARRAY: Final = re.compile(rb"[ \t\r\n]*\[")
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_decoder = exact_json.decoder()


def value_of_flawed(body: bytes) -> tuple[Any, Callable[[Any], bool]]:
    """Return the value of the JSON document, and a function that says whether a part of that value is flawed.

    A part is flawed if it holds a string that is no text (bytes that are no UTF-8, half a surrogate pair), a number
    that is out of all bounds, or more than `_MAX_DEPTH` levels. The value of a flawed part means nothing.

    Raises:
        Rejected: `invalid_json`.
    """
    try:
        return value_of(body), _never
    except Rejected:
        pass
    if body.count(b"[") + body.count(b"{") > _MAX_BRACKETS:
        raise Rejected("invalid_json")
    taken = {int(number) for number in _MARK.findall(body)}
    mark = b"flaw %d." % next(number for number in count() if number not in taken)

    def is_flawed(part: Any) -> bool:
        return mark in exact_json.encode(part)

    return value_of(_mended(body, b'"%s"' % mark)), is_flawed


def values_of_batch(body: bytes, *, most: int) -> list[Any]:
    """Return the values of a JSON array, or of objects one after another, on lines of their own or not.

    A `Rejected` stands in place of each that cannot be read. `most` is as for `values_of_lines`.

    Raises:
        Rejected: `invalid_json` if the body begins like an array and is none.
    """
    body = without_mark(body)
    if not _ARRAY.match(body):
        return values_of_lines(body, most=most)
    found, is_flawed = value_of_flawed(body)
    values: list[Any] = found[: most + 1]
    if is_flawed is _never:
        return values
    return [Rejected("invalid_json") if is_flawed(value) else value for value in values]


def begins_with_an_object(body: bytes) -> bool:
    """Return whether the body's first line begins with a whole JSON object, flawed or not."""
    first = next(pieces(body.lstrip().partition(b"\n")[0]), b"")
    try:
        value, _ = value_of_flawed(first)
    except Rejected:
        return False
    return isinstance(value, dict)


def _never(_: Any) -> bool:
    return False


def _mended(body: bytes, flaw: bytes) -> bytes:
    """Return the document with `flaw` in place of each string, number and depth that cannot be read."""
    pieces: list[bytes] = []
    end, depth = 0, 0  # The body before `end` is in the pieces, or left out.
    for token in _TOKEN.finditer(body):
        text = token[0]
        if token[1] is not None:
            break
        if text in b"[{":
            depth += 1
            if depth == _MAX_DEPTH + 1:
                pieces += [body[end : token.start()], flaw]
        elif text in b"]}":
            depth -= 1
            if depth == _MAX_DEPTH:
                end = token.end()
        elif depth <= _MAX_DEPTH and not _is_sound(text):
            if len(pieces) > 2 * _MAX_FLAWS:
                break
            pieces += [body[end : token.start()], flaw]
            end = token.end()
    return b"".join([*pieces, body[end:]])


def _is_sound(token: bytes) -> bool:
    try:
        _decoder.decode(token)
    except _NOT_JSON:
        return False
    return True
