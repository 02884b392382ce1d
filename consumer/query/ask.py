"""What a reader wants, and which logs that is. Pure."""

from typing import Any

import msgspec

from consumer.item import Item
from ingest.contract import exact_json
from ingest.contract.message import SEVERITIES, Severity


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant's logs with `since_ms` <= time of receipt < `until_ms` (since the epoch; None: without an end).

    All of `contains` stand in the text, whatever their case; `severity` is the least grave; `fields` are names (dots
    lead into objects) and the texts of their values. The text is the redacted one, unless `raw`.
    """

    tenant_id: str
    since_ms: int | None = None
    until_ms: int | None = None
    newest_first: bool = True
    contains: tuple[str, ...] = ()
    severity: Severity | None = None
    fields: tuple[tuple[str, str], ...] = ()
    raw: bool = False


def is_filtered(ask: Ask) -> bool:
    """Return whether some logs of its time may not be wanted."""
    return bool(ask.contains or ask.severity or ask.fields)


def takes(ask: Ask, item: Item) -> bool:
    """Return whether the log is wanted, whatever its time of receipt. Without a severity it is never grave enough."""
    if ask.severity is not None and (
        item.severity is None or SEVERITIES.index(item.severity) < SEVERITIES.index(ask.severity)
    ):
        return False
    if ask.contains:
        text = (item.original_text if ask.raw else item.modified_data).casefold()
        if not all(word.casefold() in text for word in ask.contains):
            return False
    return all(_text_of(item.fields or {}, name) == value for name, value in ask.fields)


def _text_of(fields: dict[str, Any], name: str) -> str | None:
    """Return the text of the field's value: a text as it is, all else as JSON."""
    if name not in fields:  # A name with dots of its own comes before a way into objects.
        head, dot, rest = name.partition(".")
        inner = fields.get(head)
        return _text_of(inner, rest) if dot and isinstance(inner, dict) else None
    value = fields[name]
    return value if isinstance(value, str) else exact_json.encode(value).decode()
