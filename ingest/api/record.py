"""The limits of one log: its text and its fields. Pure."""

from typing import Any, Final

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES

MAX_FIELDS: Final = 64
MAX_FIELDS_DEPTH: Final = 8
MAX_FIELDS_BYTES: Final = 16_384  # As JSON; with two texts of the maximum it still fits DynamoDB's 400 KB.

# A control character is one byte of text and six of JSON; a message must stay below SQS's and Kinesis' 1 MiB.
MAX_ESCAPED_TEXT_BYTES: Final = 900_000


def checked_text(text: Any, *, takes_empty: bool) -> str:
    """Return a record's text.

    Raises:
        Rejected: `missing_text`, `empty_text`, `text_too_large`, or `invalid_record` when it is no string.
    """
    if text is None:
        raise Rejected("missing_text")
    if not isinstance(text, str):
        raise Rejected("invalid_record")
    if not text and not takes_empty:
        raise Rejected("empty_text")
    _check_text_size(text)
    return text


def _check_text_size(text: str) -> None:
    if len(text) * 4 <= MAX_TEXT_BYTES:  # UTF-8 takes at most four bytes a character.
        return
    if len(text.encode()) > MAX_TEXT_BYTES or len(msgspec.json.encode(text)) > MAX_ESCAPED_TEXT_BYTES:
        raise Rejected("text_too_large")


def check_fields(fields: dict[str, Any]) -> None:
    """Return if the fields are within their limits.

    Raises:
        Rejected: `invalid_fields`.
    """
    # The depth first: the encoder raises RecursionError on what nests too deep.
    if len(fields) > MAX_FIELDS or not _fits(fields, 1) or len(exact_json.encode(fields)) > MAX_FIELDS_BYTES:
        raise Rejected("invalid_fields")


def _fits(value: Any, depth: int) -> bool:
    """Whether a field nests at most `MAX_FIELDS_DEPTH` levels and has no empty name (DynamoDB refuses those)."""
    if isinstance(value, dict):
        return depth <= MAX_FIELDS_DEPTH and all(key and _fits(inner, depth + 1) for key, inner in value.items())
    if isinstance(value, list):
        return depth <= MAX_FIELDS_DEPTH and all(_fits(inner, depth + 1) for inner in value)
    return True
