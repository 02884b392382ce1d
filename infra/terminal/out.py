"""The one way out to the terminal. What comes from logs, ids, notes or AWS is shown as text and commands nothing.

A verb prints by these functions alone (a test holds it): each escapes control characters, C1,
DEL and bidirectional overrides, and none reads rich's markup.
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
"""Columns where no terminal is: an id in a pipe is never cut or folded. A table takes no more than it needs."""


def fail_at_no_character() -> None:
    r"""Let what the encoding of the terminal or pipe lacks (latin-1, ASCII) be shown as `\u2603`, and end nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_terminal() -> bool:
    """Say whether standard output is a terminal, and no pipe or file."""
    return sys.stdout.isatty()


def say(text: str = "", *, err: bool = False, colour: str | None = None, marked: re.Pattern[str] | None = None) -> None:
    """Print one line, whatever the text holds; on standard error with `err`. A pipe gets no colour.

    What `marked`, a pattern without groups, finds in it is shown reversed.
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
    """Print a text of several lines of ours, or of a program that we ran."""
    for line in text.split("\n"):
        say(line, err=err)


def say_json(text: str) -> None:
    r"""Print JSON, each character that could command a terminal as `\u1234`: the same value, for every reader.

    So are those that the encoding of standard output lacks.
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
    r"""Print a table. Cells may hold `\n`; `right` names the columns set right, `style(row)` is rich's style of a row.

    On a terminal long cells are folded, never cut; in a pipe they stand on one line.
    """
    table = Table(title=None if title is None else Text(printable(title)), title_justify="left")
    numbers = set(right)
    for name in columns:
        table.add_column(Text(printable(name)), overflow="fold", justify="right" if name in numbers else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row), style=style(row))
    show(table)


def say_columns(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the rows as `columns.lines` lays them out: for people in columns, for programs with tabs."""
    for line in columns.lines(names, rows):
        click.echo(line)


def data() -> BinaryIO:
    """Return standard output for bytes that a program reads, unescaped: a file or a pipe.

    Raises:
        click.ClickException: it is a terminal, which they could command.
    """
    if is_terminal():
        raise click.ClickException("This format is for programs: send it to a file (> FILE) or into a pipe.")
    return sys.stdout.buffer


def show(renderable: RenderableType) -> None:
    """Print what a module of this room has made (`text.counts_table`)."""
    _console().print(renderable)


def progress() -> Progress:
    """Return a bar on standard error that vanishes at its end; nothing where no terminal is."""
    parts = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    console = _console(err=True)
    return Progress(*parts, console=console, transient=True, disable=not console.is_terminal)


def live_line(line: Callable[[], str]) -> AbstractContextManager[object]:
    """Return what keeps the line that `line()` says on standard error for as long as it is entered; not in a pipe."""
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
    """Return a place on the terminal for what `Live.update` is given; None in a pipe."""
    console = _console(err=err)
    return Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None


@contextmanager
def status(text: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error that something goes on, and what: the block gets a function that says something else."""
    console = _console(err=True)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status(Text(printable(text))) as shown:
        yield lambda changed: shown.update(Text(printable(changed)))


def confirm(question: str, *, abort: bool = False) -> bool:
    """Ask, and return the answer; the answer no ends the verb with `abort`."""
    return click.confirm(printable(question), abort=abort)


def _cell(value: str) -> Text:
    return Text("\n".join(map(printable, value.split("\n"))))


def _console(*, err: bool = False) -> Console:
    console = Console(stderr=err, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def hang_up() -> None:
    """Forget what was not read: the reader of standard output has enough, as in `rdp replay | head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Or the interpreter's last flush complains.


class JsonLines:
    """Standard output for lines of JSON: byte by byte as given into a pipe or a file, escaped on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, content: bytes) -> int:
        """Write whole lines."""
        if self._stream.isatty():
            content = printable_json(content.decode("utf-8", "backslashreplace")).encode()
        return self._stream.buffer.write(content)

    def flush(self) -> None:
        """Hand on what was written."""
        self._stream.buffer.flush()
