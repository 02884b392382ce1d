"""A stored log as a person sees it: one line in a pipe, wrapped and coloured on a terminal, whole by itself. Pure."""

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
_NARROWEST: Final = 20  # Columns that a text gets beside its prefix; on a smaller terminal it stands below it.
_INDENT: Final = "  "  # There.
_LABEL_WIDTH: Final = 18


def one_line(item: Item, *, zone: tzinfo, raw: bool, named: bool = False) -> str:
    r"""Return the log on one line: time of receipt, severity, text. A line break in the text is written as `\n`.

    With `named` its tenant stands before the text.
    """
    return f"{_prefix(item, zone, named=named)}{printable(_text(item, raw=raw))}"


def wrapped(item: Item, *, zone: tzinfo, raw: bool, columns: int, named: bool = False) -> list[str]:
    """Return the log for a terminal of so many columns: nothing cut, all but the first line indented.

    A text's own line breaks are kept; the indent tells them from the next log, whatever stands in the text. No line is
    wider than the terminal, which would go on at the left.
    """
    prefix = _prefix(item, zone, named=named)
    is_beside = columns - len(prefix) >= _NARROWEST
    indent = " " * len(prefix) if is_beside else _INDENT
    width = max(columns - len(indent), len(_INDENT))
    parts = [part for line in _text(item, raw=raw).split("\n") for part in folded(printable(line), width)]
    lines = [indent + part for part in parts]
    return [prefix + parts[0], *lines[1:]] if is_beside else [prefix.rstrip(), *lines]


def colour(item: Item) -> str | None:
    """Return the colour of a log's severity, None where it has none."""
    return None if item.severity is None else _COLOURS[item.severity]


def whole(item: Item, *, zone: tzinfo, raw: bool) -> Iterator[str]:
    """Yield the lines that show everything of a log: its members, its fields, then its text."""
    times = {"received_at": item.received_at, "event_at": item.event_at, "processed_at": item.processed_at}
    members: dict[str, Any] = {"tenant_id": item.tenant_id, "log_id": item.log_id, "source": item.source}
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
    """Return the log as one line of JSON under the API's names."""
    return exact_json.encode(shown.members(item, raw=raw)).decode()


def as_text(value: Any) -> str:
    """Return a field's value as text: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else exact_json.encode(value).decode()


def _text(item: Item, *, raw: bool) -> str:
    return item.original_text if raw else item.modified_data


def _prefix(item: Item, zone: tzinfo, *, named: bool) -> str:
    tenant = f"{item.tenant_id}  " if named else ""
    return f"{local_time(item.received_at, zone)}  {(item.severity or '-').upper():<5}  {tenant}"


def local_time(at: str, zone: tzinfo) -> str:
    """Return a time of the item in `zone`, to the millisecond; as it is where no calendar has it there.

    A leap second, and year 1 (Go's and .NET's zero) or 9999 where the zone moves it out of what dates can be.
    """
    try:
        moment = datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return at
    shown = moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    return f"{shown}Z" if zone is UTC else shown
