"""JSON documents, and lines of them, read into values, with a `Rejected` in place of what is no JSON. Pure."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Rejected

_BOM: Final = b"\xef\xbb\xbf"  # RFC 8259, section 8.1: a parser may ignore it.
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
# Possessive, and a string that is not closed reaches to the line's end: no byte is looked at twice.
_UP_TO_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
_MAX_BRACKETS: Final = 500_000  # Half a second. The rest of such a line is one document.
_decoder = exact_json.decoder()


def without_mark(body: bytes) -> bytes:
    """Return the body without a byte order mark."""
    return body.removeprefix(_BOM)


def value_of(body: bytes) -> Any:
    """Return the value of a body that is one JSON document.

    Raises:
        Rejected: `invalid_json`.
    """
    try:
        return _decoder.decode(body)
    except _NOT_JSON as error:
        raise Rejected("invalid_json") from error


def json_text(value: Any) -> "str | Rejected":
    """Return a value as JSON text, or `Rejected("invalid_fields")` if it nests too deep to be written."""
    try:
        return exact_json.encode(value).decode()
    except RecursionError:
        return Rejected("invalid_fields")


def values_of_lines(body: bytes, *, most: int) -> list[Any]:
    """Return the values of NDJSON or concatenated JSON, a `Rejected` in place of each line that is neither.

    Reading ends soon after `most` values, because the request is then refused anyway, and a megabyte of broken lines
    costs a second.
    """
    try:
        return _decoder.decode_lines(body)
    except _NOT_JSON:
        pass
    values: list[Any] = []
    for line in body.split(b"\n"):  # A line is broken: read each alone, so that the others are taken.
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
    documents = list(pieces(line))  # A document is broken: read each of the line's alone.
    if not all(document.lstrip()[:1] in {b"{", b"["} for document in documents):
        return [Rejected("invalid_json")]  # Something else stands there: it is one broken line.
    values: list[Any] = []
    for document in documents:
        try:
            values.append(_decoder.decode(document))
        except _NOT_JSON:
            values.append(Rejected("invalid_json"))
        if len(values) > most:
            break
    return values


def pieces(line: bytes) -> Iterator[bytes]:
    """Yield the pieces of a line, each up to the bracket that closes its outermost one, and the rest."""
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
