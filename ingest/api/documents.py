"""JSON documents and lines of them, as values; what is no JSON stands as the `Rejected` that says so. Pure."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Rejected

_BOM: Final = b"\xef\xbb\xbf"  # RFC 8259, section 8.1: a parser may ignore it.
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
# Possessive, and a string without its end reaches to the line's: no byte is looked at twice.
_UP_TO_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
_MAX_BRACKETS: Final = 500_000  # Half a second; what stands behind them in this line is one document.
_decoder = exact_json.decoder()


def without_mark(body: bytes) -> bytes:
    """Return the body without a byte order mark."""
    return body.removeprefix(_BOM)


def value_of(body: bytes) -> Any:
    """Return the one JSON value that the body is.

    Raises:
        Rejected: `invalid_json`.
    """
    try:
        return _decoder.decode(body)
    except _NOT_JSON as error:
        raise Rejected("invalid_json") from error


def json_text(value: Any) -> "str | Rejected":
    """Return a value as JSON text; `invalid_fields` where it nests too deep to be written."""
    try:
        return exact_json.encode(value).decode()
    except RecursionError:
        return Rejected("invalid_fields")


def values_of_lines(body: bytes, *, most: int) -> list[Any]:
    """Return the values of NDJSON or concatenated JSON, a `Rejected` in place of each line that is neither.

    Reading ends soon after `most` values: a megabyte of broken lines costs a second, and more than `most` are refused
    anyway.
    """
    try:
        return _decoder.decode_lines(body)
    except _NOT_JSON:
        pass
    values: list[Any] = []
    for line in body.split(b"\n"):  # Some line is broken: read each by itself, so that its neighbours are taken.
        if line.strip():
            values += _values_of_line(line, most=most - len(values))
            if len(values) > most:
                break
    return values


def _values_of_line(line: bytes, *, most: int) -> list[Any]:
    try:
        return _decoder.decode_lines(line)
    except _NOT_JSON:
        pass
    documents = list(_documents(line))  # Some document of the line is broken: and again.
    if not all(document.lstrip()[:1] in {b"{", b"["} for document in documents):
        return [Rejected("invalid_json")]  # What stands between them is none: it is one broken line.
    values: list[Any] = []
    for document in documents:
        try:
            values.append(_decoder.decode(document))
        except _NOT_JSON:
            values.append(Rejected("invalid_json"))
        if len(values) > most:
            break
    return values


def _documents(line: bytes) -> Iterator[bytes]:
    """Yield what stands up to each closing bracket that is no other's inner one, and what is left."""
    start = depth = 0
    for found in islice(_UP_TO_BRACKET.finditer(line), _MAX_BRACKETS):
        if not found[1]:
            break
        if found[1] in b"[{":
            depth += 1
        else:
            depth -= 1
            if depth <= 0:
                yield line[start : found.end()]
                start, depth = found.end(), 0
    if line[start:].strip():
        yield line[start:]
