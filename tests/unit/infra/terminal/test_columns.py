"""Rows as lines: whole, aligned for a person, with tabs for a program."""

from infra.terminal import columns

_NAMES = ("id", "reason")
_ROWS = [("0123456789abcdef0123456789abcdef0123", "x"), ("1", "a\x1b[31mb")]


def test_a_pipe_gets_tabs_and_every_id_whole() -> None:
    """However long they are; what commands a terminal is escaped, a tab too."""
    assert list(columns.lines(_NAMES, [*_ROWS, ("a\tb", "")], aligned=False)) == [
        "id\treason",
        "0123456789abcdef0123456789abcdef0123\tx",
        "1\ta\\x1b[31mb",
        "a\\tb\t",
    ]


def test_a_terminal_gets_columns_and_every_id_whole() -> None:
    """On one line, so that it can be selected."""
    assert list(columns.lines(_NAMES, _ROWS, aligned=True)) == [
        "id                                    reason",
        "0123456789abcdef0123456789abcdef0123  x",
        "1                                     a\\x1b[31mb",
    ]


def test_no_rows_leave_the_names() -> None:
    """A table of nothing."""
    assert list(columns.lines(_NAMES, [], aligned=True)) == ["id  reason"]
