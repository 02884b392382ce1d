"""One record of a body: where its text stands, what else is kept of it, and the limits of both. Pure."""

from typing import Any, Final

import msgspec

from ingest.contract.errors import Rejected, RejectReason
from ingest.contract.message import MAX_TEXT_BYTES

TEXT_KEYS: Final = ("text", "message", "msg", "log", "body")
"""Where a record's text may stand: the first of these that is there (and not null) wins."""

MAX_FIELDS: Final = 64
MAX_FIELDS_DEPTH: Final = 8
MAX_FIELDS_BYTES: Final = 16_384  # As JSON; with two texts of the maximum it still fits DynamoDB's 400 KB.

# A control character is one byte of text and six of JSON; a message must stay below SQS's and Kinesis' 1 MiB.
MAX_ESCAPED_TEXT_BYTES: Final = 900_000

_IDENTITY_KEYS: Final = frozenset({"tenant_id", "log_id"})


def text_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return the key under which the record's text stands, and the text.

    Raises:
        Rejected: `missing_text`, `empty_text`, `text_too_large`, or `invalid_record` when it is no string.
    """
    for key in TEXT_KEYS:
        text = record.get(key)
        if text is None:
            continue
        if not isinstance(text, str):
            raise Rejected("invalid_record")
        if not text:
            raise Rejected("empty_text")
        _check_text_size(text)
        return key, text
    raise Rejected("missing_text")


def _check_text_size(text: str) -> None:
    if len(text) * 4 <= MAX_TEXT_BYTES:  # UTF-8 takes at most four bytes a character.
        return
    if len(text.encode()) > MAX_TEXT_BYTES or len(msgspec.json.encode(text)) > MAX_ESCAPED_TEXT_BYTES:
        raise Rejected("text_too_large")


def fields_of(record: dict[str, Any], text_key: str) -> dict[str, Any] | None:
    """Return the record's other members, or None when there are none.

    Raises:
        Rejected: `invalid_fields`, they are over a limit.
    """
    fields = {name: value for name, value in record.items() if name != text_key and name not in _IDENTITY_KEYS}
    if not fields:
        return None
    _check_fields(fields)
    return fields


def _check_fields(fields: dict[str, Any]) -> None:
    # The depth first: the encoder raises RecursionError on what nests too deep.
    if len(fields) > MAX_FIELDS or not _fits(fields, 1) or len(msgspec.json.encode(fields)) > MAX_FIELDS_BYTES:
        raise Rejected("invalid_fields")


def _fits(value: Any, depth: int) -> bool:
    """Whether a field nests at most `MAX_FIELDS_DEPTH` levels and has no empty name (DynamoDB refuses those)."""
    if isinstance(value, dict):
        return depth <= MAX_FIELDS_DEPTH and all(key and _fits(inner, depth + 1) for key, inner in value.items())
    if isinstance(value, list):
        return depth <= MAX_FIELDS_DEPTH and all(_fits(inner, depth + 1) for inner in value)
    return True


def checked(value: Any, contract: Any, reason: RejectReason) -> Any:
    """Return the value as msgspec converts it to the type `contract`.

    Raises:
        Rejected: with `reason`, it is not of that type.
    """
    try:
        return msgspec.convert(value, contract)
    except msgspec.ValidationError as error:
        raise Rejected(reason) from error
