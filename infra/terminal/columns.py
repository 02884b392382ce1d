"""Rows as lines of text, for people to copy from and for programs to read: nothing is cut, and no id is wrapped."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from infra.terminal.text import printable

_GAP = "  "


def lines(names: Sequence[str], rows: Iterable[Sequence[str]], *, aligned: bool | None = None) -> Iterator[str]:
    """Yield a line with the names, and one for each row.

    On a terminal the values are aligned in columns and never cut, however narrow it is. Otherwise tabs separate them.
    `aligned` chooses; with None it depends on whether standard output is a terminal.
    """
    table = [list(names), *([printable(value) for value in row] for row in rows)]
    if aligned is None:
        aligned = sys.stdout.isatty()
    if not aligned:
        yield from ("\t".join(row) for row in table)
        return
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield _GAP.join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip()
