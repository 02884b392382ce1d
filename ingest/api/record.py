"""The limits of one log: its text and its fields. Pure."""

from typing import Any, Final

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES

MAX_FIELDS: Final = 1_000
"""Fields of one log at the first level: Elasticsearch's default (`index.mapping.total_fields.limit`, November 2026)."""

MAX_FIELDS_DEPTH: Final = 8

MAX_NAME_CHARS: Final = 16_383
"""Of a field's name. At four bytes of UTF-8 each they stay below the 64 KB of an attribute's name (DynamoDB quotas,
November 2026)."""

MAX_FIELDS_BYTES: Final = 262_144
"""Fields of one log as JSON: stack traces of all threads and whole ECS documents are smaller. With the largest text
beside them, a message stays below SQS's 1 MiB (`MAX_ENCODED_BYTES`). If both are large, the item's limit decides."""

MAX_STORED_BYTES: Final = 408_400
"""The most that text and fields may take of an item: DynamoDB's 400 KB, less 1,200 bytes for names and all else
(DynamoDB quotas, November 2026; a property test fills an item)."""

# An item has the text twice: as sent, and redacted, at most 14/11 as long (`message.MAX_TEXT_BYTES`).
_TEXT_WEIGHT: Final = 25 / 11
_TOKEN_GROWTH: Final = 3  # `tel:5550199`, 11 bytes, becomes 14; `5550199` under a name that says phone, 7, becomes 10.
_PER_TOKEN: Final = 11
_LABELLED_DIGITS: Final = 7

# No JSON takes more than twice its bytes in the table: a list takes two bytes of JSON (`[]`) and four there.
_JSON_WEIGHT: Final = 2
_EMPTY_NAME: Final = b'"":'
_MAX_UTF8: Final = 4

# A control character is one byte of text and six of JSON. A message must stay below the 1 MiB of SQS and Kinesis.
MAX_ESCAPED_TEXT_BYTES: Final = 900_000
MAX_ENCODED_BYTES: Final = 1_000_000
"""Text and fields as JSON. The rest of the 1 MiB is for the message's other members, and for U+FFFE when escaped."""

_MAX_ESCAPE: Final = 6

MAX_LOGS_BYTES: Final = 67_108_864
"""The fields of all logs of a request as JSON. DIALECTS ("Limits") says how much memory a request of 64 MiB takes. The
largest chunks of real clients (8,192 logs of the Collector, 3 KB of resource each) are half of that."""


def checked_text(text: Any, *, takes_empty: bool) -> str:
    """Return a record's text.

    Raises:
        Rejected: `missing_text`, `empty_text`, `text_too_large`, or `invalid_record` if it is no string.
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


class Room(msgspec.Struct):
    """How many bytes of JSON the fields of a request's further logs may take.

    Fields that many logs share (a resource, labels) are copied into each log, and count in each.
    """

    left_bytes: int = MAX_LOGS_BYTES

    def take(self, json_bytes: int) -> None:
        """Count a log's fields, even if the log is refused.

        Raises:
            Rejected: `body_too_large`.
        """
        self.left_bytes -= json_bytes
        if self.left_bytes < 0:
            raise Rejected("body_too_large")


def check_fields(fields: dict[str, Any], text: str, room: Room) -> None:
    """Check a log's fields against their limits, alone and together with the text, and take their room.

    Raises:
        Rejected: `invalid_fields`, or `body_too_large`, which refuses the whole request.
    """
    try:
        encoded = exact_json.encode(fields)
    except RecursionError as error:
        room.take(MAX_FIELDS_BYTES)
        raise Rejected("invalid_fields") from error
    json_bytes = len(encoded)
    room.take(json_bytes)
    if json_bytes > MAX_FIELDS_BYTES or len(fields) > MAX_FIELDS:
        raise Rejected("invalid_fields")
    # Nearly all fields are surely flat, by their JSON alone: each level has a bracket, each empty name is `"":`.
    is_surely_flat = (
        json_bytes <= MAX_NAME_CHARS
        and encoded.count(b"{") + encoded.count(b"[") <= MAX_FIELDS_DEPTH
        and _EMPTY_NAME not in encoded
    )
    if not is_surely_flat and not _fits(fields, 1):
        raise Rejected("invalid_fields")
    is_surely_small = _MAX_UTF8 * len(text) * _TEXT_WEIGHT + _JSON_WEIGHT * json_bytes <= MAX_STORED_BYTES
    if not is_surely_small and not _is_storable(fields, json_bytes, text):
        raise Rejected("invalid_fields")


def _is_storable(fields: dict[str, Any], json_bytes: int, text: str) -> bool:
    if len(text.encode()) * _TEXT_WEIGHT + stored_bytes(fields) > MAX_STORED_BYTES:
        return False
    if _MAX_ESCAPE * len(text) + json_bytes <= MAX_ENCODED_BYTES:
        return True
    return len(msgspec.json.encode(text)) + json_bytes <= MAX_ENCODED_BYTES


def stored_bytes(value: Any) -> int:
    """Return how many bytes of an item a JSON value takes at most after its redaction.

    DynamoDB's developer guide, "Item sizes and formats" (November 2026): a text takes its bytes of UTF-8, a number half
    its digits and two more, a list or map three and one for each element.
    """
    if isinstance(value, str):
        size = len(value.encode())
        return size + -(-size // _PER_TOKEN) * _TOKEN_GROWTH
    if isinstance(value, dict):
        return 3 + sum([1 + len(name.encode()) + stored_bytes(inner) for name, inner in value.items()])
    if isinstance(value, list):
        return 3 + sum([1 + stored_bytes(inner) for inner in value])
    if value is None or isinstance(value, bool):
        return 1
    digits = len(
        str(value)
    )  # A number beyond DynamoDB's range is stored as text, and one that is redacted as its token.
    return digits + (_TOKEN_GROWTH if digits >= _LABELLED_DIGITS else 1)


def _fits(value: Any, depth: int) -> bool:
    """Return whether a field nests at most `MAX_FIELDS_DEPTH` levels and has no name that DynamoDB refuses."""
    if isinstance(value, dict):
        return depth <= MAX_FIELDS_DEPTH and all(
            0 < len(name) <= MAX_NAME_CHARS and _fits(inner, depth + 1) for name, inner in value.items()
        )
    if isinstance(value, list):
        return depth <= MAX_FIELDS_DEPTH and all(_fits(inner, depth + 1) for inner in value)
    return True
