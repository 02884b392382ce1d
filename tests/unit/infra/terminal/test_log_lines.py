"""A stored log shown: in a pipe, on a terminal, whole, as JSON; hostile text commands nothing."""

import json
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from consumer.item import Item
from infra.terminal.log_lines import as_json, one_line, whole, wrapped
from infra.terminal.text import printable_json

_HOSTILE = "a\x1b[2Jb\x9bc\u202ed\r\ne\x00\x7f\ufffef\u2028g"
_UNSEEN = "\x1b\x9b\u202e\r\x00\x7f\ufffe\u2028"


def _item(text: str = "hello", original: str | None = None, **more: object) -> Item:
    members: dict[str, object] = {
        "tenant_id": "acme",
        "log_id": "l-1",
        "source": "json_upload",
        "original_text": text if original is None else original,
        "modified_data": text,
        "received_at": "2026-07-01T10:00:00.042Z",
        "processed_at": "2026-07-01T10:00:01.000Z",
        "redaction_version": "1",
    }
    return Item(**(members | more))  # type: ignore[arg-type] # put together above


def test_one_log_is_one_line_in_a_pipe() -> None:
    """Time of receipt in the zone asked for, severity, text; a line break is written out."""
    item = _item("first\nsecond", severity="error")
    assert one_line(item, zone=UTC, raw=False) == r"2026-07-01 10:00:00.042Z  ERROR  first\nsecond"
    assert one_line(item, zone=ZoneInfo("Europe/Berlin"), raw=False).startswith("2026-07-01 12:00:00.042  ERROR")
    assert one_line(_item(), zone=UTC, raw=False) == "2026-07-01 10:00:00.042Z  -      hello"


@pytest.mark.parametrize(
    ("at", "zone"), [("0001-01-01T00:00:00Z", "America/New_York"), ("9999-12-31T23:59:59Z", "Europe/Berlin")]
)
def test_a_time_that_no_calendar_has_in_the_zone_is_shown_as_it_is(at: str, zone: str) -> None:
    """Go's and .NET's zero time, and the last day of all, are no end of the verb."""
    assert at in "\n".join(whole(_item(event_at=at), zone=ZoneInfo(zone), raw=False))


def test_raw_is_the_original() -> None:
    """Redacted unless asked for."""
    item = _item("call [REDACTED]", original="call 555-0199")
    assert one_line(item, zone=UTC, raw=True).endswith("call 555-0199")
    assert "555-0199" not in one_line(item, zone=UTC, raw=False)
    assert json.loads(as_json(item, raw=False))["text"] == "call [REDACTED]"
    assert "555-0199" not in as_json(item, raw=False)
    assert json.loads(as_json(item, raw=True))["text"] == "call 555-0199"
    assert list(whole(item, zone=UTC, raw=True))[-1] == "call 555-0199"


@pytest.mark.parametrize("columns", [80, 40, 1])
def test_a_terminal_s_lines_are_wrapped_and_nothing_is_cut(columns: int) -> None:
    """All characters are there; what follows the first line is indented, so that it can't look like another log."""
    text = "word " * 30 + "x" * 100
    lines = wrapped(_item(text), zone=UTC, raw=False, columns=columns)
    prefix = len("2026-07-01 10:00:00.042Z  -      ")
    assert "".join(line[prefix:] for line in lines) == text
    assert all(line[:prefix].isspace() for line in lines[1:])
    assert max(map(len, lines)) <= max(columns, prefix + 20)


def test_a_traceback_keeps_its_lines_on_a_terminal() -> None:
    """Its line breaks are kept."""
    shown = wrapped(_item("Traceback:\n  File x\nValueError"), zone=UTC, raw=False, columns=120)
    assert [line.strip() for line in shown[1:]] == ["File x", "ValueError"]


@pytest.mark.parametrize("name", ["one_line", "wrapped", "whole", "as_json"])
def test_hostile_text_does_not_command_the_terminal(name: str) -> None:
    """No control, invisible or bidirectional character of a log comes out, from text, fields or names alike."""
    item = _item(_HOSTILE, fields={_HOSTILE: _HOSTILE, "n": {"x": [_HOSTILE]}})
    shown = {
        "one_line": one_line(item, zone=UTC, raw=False),
        "wrapped": "\n".join(wrapped(item, zone=UTC, raw=False, columns=80)),
        "whole": "\n".join(whole(item, zone=UTC, raw=False)),
        "as_json": printable_json(as_json(item, raw=False)),  # As `out.say_json` prints it.
    }[name]
    assert not set(shown) & set(_UNSEEN)


def test_json_is_one_line_that_reads_back() -> None:
    """Any text, any number: what comes out of JSON is what is stored."""
    item = _item(_HOSTILE + "😀é", fields={"big": 2**63 + 1, "exact": Decimal("1764000000.123456789"), "e": "\ud7ff"})
    line = as_json(item, raw=False)
    assert "\n" not in line
    read = json.loads(line, parse_float=Decimal)
    assert read["text"] == item.modified_data
    assert read["fields"] == item.fields
    assert "modified_data" not in read


def test_whole_shows_everything() -> None:
    """Times in UTC and in the zone, fields by name, then the text."""
    item = _item(
        "a\nb", severity="warn", event_at="2016-12-31T23:59:60Z", fields={"user": {"name": "bob"}}, expires_at=5
    )
    lines = list(whole(item, zone=ZoneInfo("America/New_York"), raw=False))
    assert lines[-2:] == ["a", "b"]
    assert any(line.startswith("received_at") and "2026-07-01 06:00:00.042" in line for line in lines)
    assert any(line.startswith("event_at") and "23:59:60Z" in line for line in lines)
    assert any(line.startswith("fields.user") and '{"name":"bob"}' in line for line in lines)
