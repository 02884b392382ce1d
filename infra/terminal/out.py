"""Prints to the terminal. Text from logs, ids, notes or AWS can't control the terminal.

A verb prints only with these functions (a test checks that). Each of them escapes control characters, C1, DEL and
bidirectional overrides, and none interprets rich's markup.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import TextIOWrapper
from typing import BinaryIO, Final, TextIO

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from infra.terminal import columns
from infra.terminal.text import ascii_json, printable, printable_json

_REFRESHES_PER_S: Final = 4
_PIPED_WIDTH: Final = 1_000_000
"""Columns if the output is no terminal, so that an id is never cut or folded. A table is only as wide as needed."""


def fail_at_no_character() -> None:
    r"""Show characters that the encoding of the output lacks (latin-1, ASCII) as `\u2603`, without an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_terminal() -> bool:
    """Say whether standard output is a terminal, not a pipe or file."""
    return sys.stdout.isatty()


def say(text: str = "", *, err: bool = False, colour: str | None = None, marked: re.Pattern[str] | None = None) -> None:
    """Print one line, whatever the text contains; on standard error with `err`. A pipe gets no colour.

    Matches of `marked`, a pattern without groups, are shown in reverse video.
    """
    shown = printable(text)
    if marked is None:
        click.echo(click.style(shown, fg=colour), err=err)
        return
    parts, found = marked.split(shown), marked.findall(shown)
    styled = [click.style(parts[0], fg=colour)]
    for mark, part in zip(found, parts[1:], strict=True):
        styled += [click.style(mark, fg=colour, reverse=True), click.style(part, fg=colour)]
    click.echo("".join(styled), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines, which this program wrote or a program that it ran."""
    for line in text.split("\n"):
        say(line, err=err)


def say_json(text: str) -> None:
    r"""Print JSON. A character that could control the terminal is written as `\u1234`, which is the same JSON value.

    So is a character that the encoding of standard output lacks.
    """
    shown = printable_json(text)
    try:
        shown.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        shown = ascii_json(shown)
    click.echo(shown)


def say_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    right: Iterable[str] = (),
    style: Callable[[Sequence[str]], str | None] = lambda _row: None,
) -> None:
    r"""Print a table. Cells may contain `\n`; `right` names the right-aligned columns, `style(row)` is a rich style.

    On a terminal long cells are folded, never cut; in a pipe they are on one line.
    """
    table = Table(title=None if title is None else Text(printable(title)), title_justify="left")
    numbers = set(right)
    for name in columns:
        table.add_column(Text(printable(name)), overflow="fold", justify="right" if name in numbers else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row), style=style(row))
    show(table)


def say_columns(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the rows with `columns.lines`: in columns on a terminal, with tabs for programs."""
    for line in columns.lines(names, rows):
        click.echo(line)


def data() -> BinaryIO:
    """Return standard output, a file or a pipe, for unescaped bytes that a program reads.

    Raises:
        click.ClickException: it is a terminal, which the bytes could control.
    """
    if is_terminal():
        raise click.ClickException("This format is for programs: send it to a file (> FILE) or into a pipe.")
    return sys.stdout.buffer


def show(renderable: RenderableType) -> None:
    """Print an object that a module of this package has made (`text.counts_table`)."""
    _console().print(renderable)


def progress() -> Progress:
    """Return a progress bar on standard error that vanishes at its end; it shows nothing without a terminal."""
    parts = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    console = _console(err=True)
    return Progress(*parts, console=console, transient=True, disable=not console.is_terminal)


def live_line(line: Callable[[], str]) -> AbstractContextManager[object]:
    """Return a context that keeps the line that `line()` returns on standard error; it does nothing in a pipe."""
    console = _console(err=True)
    if not console.is_terminal:
        return nullcontext()
    return Live(
        get_renderable=lambda: Text(printable(line())),
        console=console,
        refresh_per_second=_REFRESHES_PER_S,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def live(*, err: bool = False) -> Live | None:
    """Return a `Live`, which shows on the terminal what its `update` gets; None in a pipe."""
    console = _console(err=err)
    return Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None


@contextmanager
def status(text: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is going on; the block gets a function that changes the text."""
    console = _console(err=True)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status(Text(printable(text))) as shown:
        yield lambda changed: shown.update(Text(printable(changed)))


def confirm(question: str, *, abort: bool = False) -> bool:
    """Ask a yes-or-no question and return the answer; with `abort` a no ends the verb.

    Raises:
        click.ClickException: standard input ended without an answer.
        click.Abort: Ctrl-C, or a no with `abort`.
    """
    try:
        answer = click.confirm(printable(question))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.ClickException("There is nobody to answer. Add --yes to go on without the question.") from None
    if abort and not answer:
        raise click.Abort
    return answer


def _cell(value: str) -> Text:
    return Text("\n".join(map(printable, value.split("\n"))))


def _console(*, err: bool = False) -> Console:
    console = Console(stderr=err, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def hang_up() -> None:
    """Discard the rest of the output: its reader has ended, as in `rdp replay | head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Else the interpreter's last flush fails.


class JsonLines:
    """Standard output for lines of JSON: the unchanged bytes into a pipe or a file, escaped on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, content: bytes) -> int:
        """Write whole lines."""
        if self._stream.isatty():
            content = printable_json(content.decode("utf-8", "backslashreplace")).encode()
        return self._stream.buffer.write(content)

    def flush(self) -> None:
        """Flush what was written."""
        self._stream.buffer.flush()
