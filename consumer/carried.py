"""The receives and times that a log carries when the consumer sends it back: SQS would count from zero. Pure."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

RECEIVES: Final = "receives_before"
FIRST_RECEIVE: Final = "first_receive_ms"
SENT: Final = "sent_back_ms"
"""Names of message attributes. The body stays the log's own, so that every reader of the queue can read it, and a
redrive that copies only bodies from the dead-letter queue starts the count at zero."""

_SAME_MESSAGE_MS: Final = 60_000
"""How much later than `sent_back_ms` SQS may have taken the message that the consumer sent. This allows for the call's
retries and for two clocks that differ. If SQS took the message later than that, it is another message with the same
attributes: SQS's own redrive gives a message a new id and enqueue time, but keeps the attributes ("Configure a
dead-letter queue redrive", SQS developer guide, November 2026). Such a message has all its receives again. A message
needs longer than this to become a dead letter: it is received, and becomes visible again, `MaxReceiveCount` times
first."""

_MOST_DIGITS: Final = 15


class Carried(NamedTuple):
    """How often the log was received in earlier messages, when first, and when this message was sent.

    Times are ms since the epoch.
    """

    receives: int
    first_receive_ms: int
    sent_ms: int


def attributes(carried: Carried) -> dict[str, dict[str, str]]:
    """Return the message attributes as SendMessageBatch takes them."""
    return {
        RECEIVES: {"DataType": "Number", "StringValue": str(carried.receives)},
        FIRST_RECEIVE: {"DataType": "Number", "StringValue": str(carried.first_receive_ms)},
        SENT: {"DataType": "Number", "StringValue": str(carried.sent_ms)},
    }


def carried_by(message_attributes: Mapping[str, Any] | None, *, taken_ms: int) -> Carried | None:
    """Return what `messageAttributes` of Lambda's event carry; None if they are not ours or are of another message.

    `taken_ms` is when SQS took the message.
    """
    receives, first_receive_ms, sent_ms = (
        _number(message_attributes, name) for name in (RECEIVES, FIRST_RECEIVE, SENT)
    )
    if receives is None or first_receive_ms is None or sent_ms is None or taken_ms - sent_ms > _SAME_MESSAGE_MS:
        return None
    return Carried(receives, first_receive_ms, sent_ms)


def _number(message_attributes: Mapping[str, Any] | None, name: str) -> int | None:
    value = (message_attributes or {}).get(name)
    text = value.get("stringValue") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    return int(text)
