"""`rdp tail`: follow the functions' own log lines."""

import sys
import time
from datetime import UTC, datetime
from typing import Final

import click

from consumer import instant
from infra import function_lines, function_log
from infra.function_lines import Level
from infra.local import engine_log
from infra.options.locator import Where, locate, where_options
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop

_POLL_S: Final = 2.0
_COLOURS: Final = {"info": None, "warning": "yellow", "error": "red"}


def _read_since(_context: click.Context, _option: click.Parameter, value: str) -> datetime:
    try:
        return instant.parse(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(
    "tail", epilog=examples("rdp tail", "rdp tail --since 1h --service consumer --level warning --no-follow")
)
@where_options
@click.option(
    "--since",
    default="5m",
    show_default=True,
    metavar="TIME",
    callback=_read_since,
    help="Only lines written at or after TIME: an age (15m, 2h), 'yesterday 14:00', or an ISO time. "
    "Without a zone it is UTC.",
)
@click.option("--service", type=click.Choice(list(function_log.GROUPS)), help="Only lines of this function.")
@click.option(
    "--level",
    type=click.Choice(list(function_lines.LEVELS)),
    default="info",
    show_default=True,
    help="Only lines of this level or a higher one.",
)
@click.option(
    "--platform", is_flag=True, help="Also Lambda's own lines about starts and ends without an error. AWS writes none."
)
@click.option("--no-follow", is_flag=True, help="Show the lines that exist, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print each line as the function wrote it.")
def command(
    *, where: Where, since: datetime, service: str | None, level: Level, platform: bool, no_follow: bool, as_json: bool
) -> None:
    """Show the log lines of the functions in the order of time, and follow them until Ctrl-C.

    The functions write these lines about their own work. `rdp logs` shows the tenants' logs. On this machine it
    also shows the engine's errors about the functions, because a function that does not start writes no line.
    """
    stack = locate(where)
    since_ms = int(since.timestamp() * 1000)
    followers = function_log.followers(stack, since_ms, only=service)
    engine = engine_log.Reader(where.data_dir, since_ms) if where.is_local else None
    with on_stop(lambda _: sys.exit(0)):  # The normal end: no `Aborted!`, and no wait for a slow call.
        while True:
            new = [entry for follower in followers for entry in follower.new()]
            complaints = engine.new() if engine else ()
            new += [function_log.Entry(*complaint) for complaint in complaints if service in {None, complaint.service}]
            # A traceback's lines have the same time; sorting is stable and keeps their order.
            for entry in sorted(new, key=lambda entry: entry.timestamp_ms):
                line = function_lines.read(entry.message)
                if (line.platform and not platform) or not function_lines.at_least(level, line):
                    continue
                if as_json:
                    out.say_json(entry.message.rstrip("\n").replace("\n", "\\n"))
                else:
                    at = datetime.fromtimestamp(entry.timestamp_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
                    told = f"{at} {entry.service:<8} {line.level:<7} {line.event:<14} {line.text}"
                    out.say(told, colour=_COLOURS[line.level])
            if no_follow:
                return
            time.sleep(_POLL_S)
