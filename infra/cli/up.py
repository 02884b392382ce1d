"""`rdp up`: the whole stack on this machine."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console, Group
from rich.live import Live

from infra import counts
from infra.cli.terminal import counts_table
from infra.cli.where import data_dir_option
from infra.local import engine, lifecycle
from infra.stack import StackError

if TYPE_CHECKING:
    from types import FrameType

    from infra.local.state import State

_REFRESH_S: Final = 1.0
_PAUSE_SHARE: Final = 10  # Counting takes a tenth of the engine's time at most, however large the table is.
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _read_parameters(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Mapping[str, str]:
    parameters = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not Name=Value, as in SecondsPerChar=0.")
        parameters[name] = content
    return parameters


@click.command("up")
@click.option("--detach", is_flag=True, help="Leave the stack running in the background; `rdp down` stops it.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port on 127.0.0.1 (4566 for a new folder); 0 picks one.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_read_parameters,
    help="A parameter of the template, as in SecondsPerChar=0. What is not given has the template's default.",
)
@data_dir_option
def command(*, data_dir: Path, detach: bool, port: int | None, parameters: Mapping[str, str]) -> None:
    """Start the embedded engine, deploy the template into it and show what happens there.

    In the foreground Ctrl-C stops it; its state is kept and the next start goes on with it.
    """
    console = Console()
    state = lifecycle.up(data_dir, port=port, parameters=parameters, tell=click.echo)
    _say_where(console, state)
    if detach:
        click.echo("Runs in the background. Stop it with `rdp down`.")
        return
    stop_asked = threading.Event()
    with _signals_set(stop_asked):
        try:
            _watch(console, state, stop_asked)
        finally:
            click.echo("Stopping; the state is kept.")
            lifecycle.down(data_dir)


@contextlib.contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    """Within the context the signals that ask to stop set the event, so that no call to the engine is cut short."""

    def on_signal(_number: int, _frame: "FrameType | None") -> None:
        event.set()

    before = {number: signal.signal(number, on_signal) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_where(console: Console, state: "State") -> None:
    headers = "-H 'Content-Type: text/plain' -H 'X-Tenant-ID: acme'"
    curl = f"curl -i {state.endpoint}/ingest {headers} -d 'Call 555-0199'"
    for line in (f"endpoint  {state.endpoint}", f"try       {curl}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _watch(console: Console, state: "State", stop_asked: threading.Event) -> None:
    """Show the counts until asked to stop: a table in a terminal, else a line whenever they change."""
    if not console.is_terminal:
        shown: Any = None
        while not stop_asked.is_set():
            now, pause_s = _read(state)
            if now != shown:
                click.echo("  ".join(f"{name}={count}" for name, count in now._asdict().items()))
                shown = now
            stop_asked.wait(pause_s)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not stop_asked.is_set():
            now, pause_s = _read(state)
            live.update(Group(counts_table(now), "Ctrl-C stops."), refresh=True)
            stop_asked.wait(pause_s)


def _read(state: "State") -> tuple[counts.Counts, float]:
    """Return the counts, and the pause in seconds until they may be read again: the larger the table, the longer."""
    if not engine.is_running(state):
        raise StackError(f"The engine (process {state.pid}) is gone. Look into engine.log in the data folder.")
    started_s = time.monotonic()
    now = counts.read(state.stack)
    return now, max(_REFRESH_S, _PAUSE_SHARE * (time.monotonic() - started_s))
