"""JSON documents and lines of them, as values; what is no JSON stands as the `Rejected` that says so. Pure."""

from typing import Any, Final

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Rejected

_BOM: Final = b"\xef\xbb\xbf"  # RFC 8259, section 8.1: a parser may ignore it.
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
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
            values += _values_of_line(line)
            if len(values) > most:
                break
    return values


def _values_of_line(line: bytes) -> list[Any]:
    try:
        return _decoder.decode_lines(line)
    except _NOT_JSON:
        return [Rejected("invalid_json")]
