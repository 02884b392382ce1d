"""`rdp up`: run the whole stack on this machine."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra import access, counts
from infra.local import engine, front, lifecycle, limits
from infra.local.state import read as read_state
from infra.options.locator import data_dir_option
from infra.options.parameters import parameters_option
from infra.stack import StackError
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop
from infra.terminal.text import counts_table

if TYPE_CHECKING:
    from infra.local.state import State
    from infra.stack import Stack

_REFRESH_S: Final = 1.0
_NOTED_WITHIN_S: Final = 5.0
_POLL_S: Final = 0.1


@click.command("up", epilog=examples("rdp up", "rdp up --detach --param SecondsPerChar=0 --param CrashProbability=0"))
@click.option("--detach", is_flag=True, help="Leave the stack running in the background. `rdp down` stops it.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1; 0 takes a free one at the first start.  [default: that of the last start, at first 4566]",
)
@parameters_option
@click.option(
    "--reset",
    is_flag=True,
    help="Reset each parameter that you do not give with --param to its default. Without --reset it keeps its value.",
)
@click.option("--yes", is_flag=True, help="Do not ask, not even before logs are deleted.")
@data_dir_option
def command(
    *, data_dir: Path, detach: bool, port: int | None, parameters: Mapping[str, str], reset: bool, yes: bool
) -> None:
    """Start the stack on this machine, and show the counts of its logs until Ctrl-C.

    It starts the embedded engine, which stands for AWS, and deploys the CloudFormation template into it. After Ctrl-C
    the data folder keeps logs and parameters, and the next start goes on with them.
    """
    limits.check(parameters)
    known = read_state(data_dir)
    ran_before = known is not None and engine.is_running(known)
    state = lifecycle.up(
        data_dir,
        port=port,
        parameters=parameters,
        reset=reset,
        agree=(lambda _: True) if yes else _confirm,
        tell=out.say,
    )
    _say_where(front.start(data_dir, state), key=access.source_of_a_key(state.stack))
    if detach:
        out.say("Runs in the background. Stop it with `rdp down`.")
        return
    if ran_before:
        out.say(
            "It ran before this command, too, and Ctrl-C stops it. `rdp status` shows the counts and stops nothing."
        )
    stop_asked = threading.Event()
    with on_stop(lambda _: stop_asked.set()):  # So a signal interrupts no call to the engine.
        try:
            _watch(state, stop_asked)
        except (StackError, BotoCoreError, ClientError):
            if not _was_stopped(data_dir, state):
                raise
            out.say("Stopped by `rdp down`; the state is kept.")
        else:
            out.say("Stopping; the state is kept.")
        finally:
            front.stop(data_dir)
            lifecycle.down(data_dir)


def _was_stopped(data_dir: Path, state: "State") -> bool:
    """Say whether `rdp down` stopped the engine: it notes that in the folder a moment after the process has ended."""
    deadline_s = time.monotonic() + _NOTED_WITHIN_S
    while time.monotonic() < deadline_s:
        engine.is_running(state)  # This reaps our child, which otherwise seems alive to `rdp down`.
        known = read_state(data_dir)
        if known is None or known.pid != state.pid:
            return True
        time.sleep(_POLL_S)
    return False


def _confirm(dangers: list[str]) -> bool:
    out.say_lines("\n".join(dangers), err=True)
    return out.confirm("Go on?")


def _say_where(running: front.Front, *, key: str) -> None:
    if running.taken is not None:
        out.say(f"Another program has port {running.taken}: the endpoint is on a free one, and keeps that from now on.")
    whose = '-H "Authorization: Bearer $KEY"' if key else "-H 'X-Tenant-ID: acme'"
    out.say(f"endpoint  {running.endpoint}")
    out.say(f"try       curl -i {running.endpoint}/ingest -H 'Content-Type: text/plain' {whose} -d 'Call 555-0199'")
    if key:
        out.say(f"KEY       {key}")


def _watch(state: "State", stop_asked: threading.Event) -> None:
    """Show the counts until `stop_asked`: as a table in a terminal, otherwise as a line whenever they change."""
    stack = state.stack  # Read once, so that its clients are made once.
    live = out.live()
    if live is None:
        shown: Any = None
        while not stop_asked.is_set():
            now = _read(state, stack)
            if now != shown:
                out.say("  ".join(f"{name}={count}" for name, count in now._asdict().items()))
                shown = now
            stop_asked.wait(_REFRESH_S)
        return
    with live:
        while not stop_asked.is_set():
            live.update(counts_table(_read(state, stack), caption="Ctrl-C stops."), refresh=True)
            stop_asked.wait(_REFRESH_S)


def _read(state: "State", stack: "Stack") -> counts.Counts:
    """Return the counts; `stored` is the engine's own count, which is exact in MiniStack (an e2e test compares)."""
    if not engine.is_running(state):
        raise StackError(f"The engine (process {state.pid}) has ended. engine.log in the data folder says why.")
    return counts.read(stack)
