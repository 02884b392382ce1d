"""A stored log as a row of the page, and whole. Pure."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from consumer.item import Item, Key
from consumer.query import shown
from infra.console import moments
from infra.console.search import Field, field_text
from infra.terminal.log_lines import as_text, local_time

_MAX_CHARS: Final = 1_000
"""Of a row: a text has up to 170,000, and a page up to 10,000 rows."""

_APART: Final = frozenset({"text", "fields"})


class Row(NamedTuple):
    """`element` is the row's id in the page, `query` leads to the whole log; `cut` says that the text goes on."""

    element: str
    query: str
    at: str
    severity: str
    text: str
    cut: bool


def rows(items: Sequence[Item], *, zone: tzinfo, raw: bool, in_lake: bool = False) -> list[Row]:
    """Return a row for each log. A log of the lake is found again by its time, because only that is quick there."""
    return [_row(item, zone=zone, raw=raw, in_lake=in_lake) for item in items]


def query_of(key: Key) -> str:
    """Return the query string that names a log."""
    return urlencode({"tenant": key.tenant_id, "log_id": key.log_id})


class Member(NamedTuple):
    """A part of a log. `only` and `without` are what a search has in `fields` for logs with and without it.

    They are "" where it is no field of the sender, or no quotes can hold it.
    """

    name: str
    value: str
    only: str = ""
    without: str = ""


def members(item: Item, *, zone: tzinfo, raw: bool) -> Iterator[Member]:
    """Yield everything of a log but its text: the API's members, then the sender's fields."""
    known: dict[str, Any] = shown.members(item, raw=raw)
    for name, value in known.items():
        if name not in _APART and value != "":
            local = _local(name, value, zone)
            yield Member(name, f"{value}  ({local})" if local else str(value))
    for name, value in (item.fields or {}).items():
        text = as_text(value)
        signs = (True, False) if len(text) <= _MAX_CHARS else ()
        yield Member(f"fields.{name}", text, *(field_text(Field(name, text, is_wanted)) for is_wanted in signs))


def _local(name: str, value: object, zone: tzinfo) -> str:
    """Return a member's time in the zone; "" where it is no time, or stands in the zone already."""
    if name == "expires_at" and isinstance(value, int):  # DynamoDB's: seconds.
        return moments.shown(value * 1000, zone)
    if not name.endswith("_at") or not isinstance(value, str):
        return ""
    local = local_time(value, zone)
    return "" if local == value.replace("T", " ") else local


def text_of(item: Item, *, raw: bool) -> str:
    """Return the log's text: redacted, or with `raw` the original."""
    return item.original_text if raw else item.modified_data


def _row(item: Item, *, zone: tzinfo, raw: bool, in_lake: bool) -> Row:
    text = text_of(item, raw=raw)
    return Row(
        element="log-" + blake2b(repr(item.key).encode(), digest_size=9).hexdigest(),
        query=query_of(item.key) + (f"&{urlencode({'received_at': item.received_at})}" if in_lake else ""),
        at=local_time(item.received_at, zone),
        severity=item.severity or "",
        text=text[:_MAX_CHARS],
        cut=len(text) > _MAX_CHARS,
    )
