"""What a log that the consumer sends back brings with it: SQS would count its receives anew. Pure."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

RECEIVES: Final = "receives_before"
FIRST_RECEIVE: Final = "first_receive_ms"
"""Attributes of the message. Its body is the log's own, so that every reader of the queue reads it, and a redrive from
the dead-letter queue by body starts the count anew."""

_MOST_DIGITS: Final = 15


class Carried(NamedTuple):
    """How often the log was received in messages before this one, and when first, in ms since the epoch."""

    receives: int
    first_receive_ms: int


def attributes(carried: Carried) -> dict[str, dict[str, str]]:
    """Return the message attributes as SendMessageBatch takes them."""
    return {
        RECEIVES: {"DataType": "Number", "StringValue": str(carried.receives)},
        FIRST_RECEIVE: {"DataType": "Number", "StringValue": str(carried.first_receive_ms)},
    }


def carried_by(message_attributes: Mapping[str, Any] | None) -> Carried | None:
    """Return what the `messageAttributes` of Lambda's event carry; None where they are not ours."""
    receives, first_receive_ms = _number(message_attributes, RECEIVES), _number(message_attributes, FIRST_RECEIVE)
    return None if receives is None or first_receive_ms is None else Carried(receives, first_receive_ms)


def _number(message_attributes: Mapping[str, Any] | None, name: str) -> int | None:
    value = (message_attributes or {}).get(name)
    text = value.get("stringValue") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    return int(text)
