"""A stored log as text for a person: as one line, wrapped for a terminal, or with all its members. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from consumer.item import Item
from consumer.query import shown
from infra.terminal.text import printable
from infra.terminal.wrapping import folded
from ingest.contract import exact_json
from ingest.contract.message import Severity

_COLOURS: Final[dict[Severity, str]] = {
    "trace": "bright_black",
    "debug": "bright_black",
    "info": "green",
    "warn": "yellow",
    "error": "red",
    "fatal": "bright_red",
}
_NARROWEST: Final = 20  # If the text would have fewer columns than this beside its prefix, it starts below the prefix.
_INDENT: Final = "  "  # The indent of a text below its prefix.
_LABEL_WIDTH: Final = 18


def one_line(item: Item, *, zone: tzinfo, raw: bool, named: bool = False) -> str:
    r"""Return the log on one line: time of receipt, severity, text. A line break in the text is written as `\n`.

    With `named` the tenant comes before the text.
    """
    return f"{_prefix(item, zone, named=named)}{printable(_text(item, raw=raw))}"


def wrapped(item: Item, *, zone: tzinfo, raw: bool, columns: int, named: bool = False) -> list[str]:
    """Return the log as lines for a terminal with so many columns: nothing is cut, all but the first line are indented.

    The text's own line breaks are kept. The indent shows that a line does not begin a new log, whatever the text is. No
    line is wider than the terminal, because the terminal would wrap it without an indent.
    """
    prefix = _prefix(item, zone, named=named)
    is_beside = columns - len(prefix) >= _NARROWEST
    indent = " " * len(prefix) if is_beside else _INDENT
    width = max(columns - len(indent), len(_INDENT))
    parts = [part for line in _text(item, raw=raw).split("\n") for part in folded(printable(line), width)]
    lines = [indent + part for part in parts]
    return [prefix + parts[0], *lines[1:]] if is_beside else [prefix.rstrip(), *lines]


def colour(item: Item) -> str | None:
    """Return the colour of a log's severity; None if it has no severity."""
    return None if item.severity is None else _COLOURS[item.severity]


def whole(item: Item, *, zone: tzinfo, raw: bool) -> Iterator[str]:
    """Yield the lines that show the whole log: its members, its fields, then its text."""
    times = {"received_at": item.received_at, "event_at": item.event_at, "processed_at": item.processed_at}
    members: dict[str, Any] = {"tenant_id": item.tenant_id, "log_id": item.log_id, "source": item.source}
    members |= {"conflict_of": item.conflict_of}
    members |= {name: f"{at}  ({local_time(at, zone)})" for name, at in times.items() if at}
    members |= {"severity": item.severity, "arrived_at": item.arrived_at, "late_at": item.late_at}
    members |= {"redaction_version": item.redaction_version, "expires_at": item.expires_at}
    members |= {f"fields.{name}": as_text(value) for name, value in (item.fields or {}).items()}
    for name, value in members.items():
        if value is not None:
            yield f"{printable(name):<{_LABEL_WIDTH}} {printable(str(value))}"
    yield ""
    yield from map(printable, _text(item, raw=raw).split("\n"))


def as_json(item: Item, *, raw: bool) -> str:
    """Return the log as one line of JSON, with the API's member names."""
    return exact_json.encode(shown.members(item, raw=raw)).decode()


def as_text(value: Any) -> str:
    """Return a field's value as text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else exact_json.encode(value).decode()


def _text(item: Item, *, raw: bool) -> str:
    return item.original_text if raw else item.modified_data


def _prefix(item: Item, zone: tzinfo, *, named: bool) -> str:
    tenant = f"{item.tenant_id}  " if named else ""
    return f"{local_time(item.received_at, zone)}  {(item.severity or '-').upper():<5}  {tenant}"


def local_time(at: str, zone: tzinfo) -> str:
    """Return a time of the item in `zone`, to the millisecond; unchanged if Python's dates can't hold it there.

    They can't hold a leap second, nor a time that the zone moves before year 1 (Go's and .NET's zero) or after 9999.
    """
    try:
        moment = datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return at
    shown = moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    return f"{shown}Z" if zone is UTC else shown
