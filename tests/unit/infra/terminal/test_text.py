"""What reaches a terminal."""

import io

import pytest
from rich.console import Console

from infra.counts import Counts
from infra.terminal.text import counts_table, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Zoë 日本", "plain Zoë 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\n\tb\x00\x7f", "a\\r\\n\\tb\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eabc\u200b", "\\u202eabc\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_and_invisible_characters_are_escaped(text: str, shown: str) -> None:
    """ESC, C1, bidirectional overrides and lone surrogates become readable; letters stay."""
    assert printable(text) == shown


def test_the_counts_are_shown_by_name() -> None:
    """Each count stands under its name, with thousands apart."""
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(counts_table(Counts(queued=1, in_flight=2, dlq=3, stored=4000)))
    shown = console.export_text()
    assert all(part in shown for part in ("queued", "in flight", "dlq", "stored", "4,000"))
