"""A stored log shown: in a pipe, on a terminal, whole, as JSON; hostile text commands nothing."""

import json
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

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


_PREFIX = "2026-07-01 10:00:00.042Z  -      "
_FORGED = "2026-07-01 10:00:00.043Z  FATAL  forged"


@pytest.mark.parametrize("columns", [200, 80, len(_PREFIX) + 20])
@pytest.mark.parametrize("text", ["word " * 30 + "x" * 100, "日本語 " * 40, "e\u0301🙂" * 90])
def test_a_terminal_s_lines_are_wrapped_and_nothing_is_cut(columns: int, text: str) -> None:
    """All characters are there; what follows the first line is indented, so that it can't look like another log."""
    lines = wrapped(_item(text), zone=UTC, raw=False, columns=columns)
    assert "".join(line[len(_PREFIX) :] for line in lines) == text
    assert all(line[: len(_PREFIX)].isspace() for line in lines[1:])
    assert max(map(cell_len, lines)) <= columns


@pytest.mark.parametrize("columns", [len(_PREFIX) + 19, 40, 10, 1])
def test_on_a_small_terminal_the_text_stands_below_its_prefix(columns: int) -> None:
    """Beside it there is no room, and the terminal would go on at the left by itself."""
    text = "word " * 30 + "x" * 100
    first, *lines = wrapped(_item(text), zone=UTC, raw=False, columns=columns)
    assert first == _PREFIX.rstrip()
    assert "".join(line[2:] for line in lines) == text
    assert all(line.startswith("  ") for line in lines)
    assert max(map(cell_len, lines)) <= max(columns, 4)


@pytest.mark.parametrize("columns", [120, 80, 53, 52, 40])
@pytest.mark.parametrize("before", ["", "x", "日", "🙂", "❤️", "e\u0301", "\ufdfd", "\t", "\x1b"])
@pytest.mark.parametrize("end", ["\n", " ", ""])
def test_no_text_forges_the_line_of_another_log(columns: int, before: str, end: str) -> None:
    """Not by line breaks, nor by letters that take two columns or none, on whatever terminal: only one line begins so.

    The terminal is stood for by the widest that any draws: two columns for each letter that is not ASCII.
    """
    for count in range(1, 80):
        lines = wrapped(_item(before * count + end + _FORGED), zone=UTC, raw=False, columns=columns)
        assert [line[:1].isdigit() for line in lines] == [True, *[False] * (len(lines) - 1)]
        for line in lines[1:]:
            assert cell_len(line) + line.count("\ufdfd") <= columns


def test_logs_of_several_tenants_name_theirs() -> None:
    """Before the text, on one line and wrapped."""
    assert one_line(_item(), zone=UTC, raw=False, named=True) == f"{_PREFIX}acme  hello"
    lines = wrapped(_item("x" * 100), zone=UTC, raw=False, columns=80, named=True)
    assert lines[0].startswith(f"{_PREFIX}acme  x")
    assert lines[1].startswith(" " * len(f"{_PREFIX}acme  x"[:-1]) + "x")


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
