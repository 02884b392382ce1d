"""`rdp tail`: follow the functions' own log lines."""

import sys
import time
from datetime import UTC, datetime, tzinfo
from typing import Final

import click

from consumer import instant
from infra import function_lines, function_log
from infra.function_lines import Level
from infra.local import engine_log
from infra.options.locator import Where, locate, where_options
from infra.options.zone import zone_option
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop

_POLL_S: Final = 2.0
_AT: Final = "%Y-%m-%d %H:%M:%S.%f"
_COLOURS: Final = {"info": None, "warning": "yellow", "error": "red"}


@click.command(
    "tail", epilog=examples("rdp tail", "rdp tail --since 1h --service consumer --level warning --no-follow")
)
@where_options
@click.option(
    "--since",
    default="5m",
    show_default=True,
    metavar="TIME",
    help="Only lines written at or after TIME: an age (15m, 2h), 'yesterday 14:00', or an ISO time. "
    "Without a zone it is in --zone.",
)
@zone_option
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
    *,
    where: Where,
    since: str,
    zone: tzinfo,
    service: str | None,
    level: Level,
    platform: bool,
    no_follow: bool,
    as_json: bool,
) -> None:
    """Show the log lines of the functions in the order of time, and follow them until Ctrl-C.

    The functions write these lines about their own work. `rdp logs` shows the tenants' logs. On this machine it
    also shows the engine's errors about the functions, because a function that does not start writes no line.
    """
    stack = locate(where)
    try:
        since_ms = int(instant.parse(since, datetime.now(UTC), zone=zone).timestamp() * 1000)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}.") from error
    followers = function_log.followers(stack, since_ms, only=service)
    engine = engine_log.Reader(where.data_dir, since_ms) if where.is_local else None
    shown = False
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
                shown = True
                if as_json:
                    out.say_json(entry.message.rstrip("\n").replace("\n", "\\n"))
                else:
                    at = datetime.fromtimestamp(entry.timestamp_ms / 1000, zone).strftime(_AT)[:-3]
                    told = f"{at} {entry.service:<8} {line.level:<7} {line.event:<14} {line.text}"
                    out.say(told, colour=_COLOURS[line.level])
            if no_follow:
                if not shown:
                    out.say("No lines.", err=True)
                return
            time.sleep(_POLL_S)
