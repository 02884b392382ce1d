"""Rows as lines of text that a person selects from and a program reads: nothing is cut, and no id is broken in two."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from infra.terminal.text import printable

_GAP = "  "


def lines(names: Sequence[str], rows: Iterable[Sequence[str]], *, aligned: bool | None = None) -> Iterator[str]:
    """Yield a line of the names and one a row: in columns on a terminal, whole however narrow it is; else with tabs.

    `aligned` says which, in place of what standard output is.
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
