"""`rdp tail`: the functions' logs as they come."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from consumer import instant
from infra import function_lines
from infra.function_lines import Level
from infra.local import engine_log
from infra.options.locator import Where, locate, where_options
from infra.terminal import out
from infra.terminal.signals import on_stop

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_GROUPS: Final = {
    "ingest": "IngestLogGroupName",
    "consumer": "ConsumerLogGroupName",
    "reader": "ReaderLogGroupName",
}
_POLL_S: Final = 2.0
_LATE_MS: Final = 30_000  # How much later than its time a line may still appear in CloudWatch.
_COLOURS: Final = {"info": None, "warning": "yellow", "error": "red"}


class _Entry(NamedTuple):
    timestamp_ms: int
    service: str
    message: str


class _Follower:
    """Reads a group's new lines: each look reaches back a little, because lines come late, and drops what it knows."""

    def __init__(self, client: "CloudWatchLogsClient", service: str, group: str, since_ms: int) -> None:
        self._client = client
        self._service = service
        self._group = group
        self._since_ms = since_ms
        self._seen: dict[Any, int] = {}

    def new(self) -> Iterator[_Entry]:
        """Yield the lines that were not there at the last look."""
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self._group, startTime=self._since_ms
        )
        newest_ms = self._since_ms
        for page in pages:
            for event in page["events"]:
                # An engine may give no event id.
                key = event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])
                if key not in self._seen:
                    self._seen[key] = event["timestamp"]
                    newest_ms = max(newest_ms, event["timestamp"])
                    yield _Entry(event["timestamp"], self._service, event["message"])
        self._since_ms = max(self._since_ms, newest_ms - _LATE_MS)
        self._seen = {key: at_ms for key, at_ms in self._seen.items() if at_ms >= self._since_ms}


def _read_since(_context: click.Context, _option: click.Parameter, value: str) -> datetime:
    try:
        return instant.parse(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("tail")
@where_options
@click.option(
    "--since",
    default="5m",
    show_default=True,
    callback=_read_since,
    help="From when: an age such as 15m or 2h, or an ISO time (UTC unless it names a zone).",
)
@click.option("--service", type=click.Choice(list(_GROUPS)), help="Only this function.")
@click.option(
    "--level", type=click.Choice(list(function_lines.LEVELS)), default="info", show_default=True, help="At least."
)
@click.option("--platform", is_flag=True, help="Also Lambda's own START, END and REPORT lines.")
@click.option("--no-follow", is_flag=True, help="End when the lines that are there are shown.")
@click.option("--json", "as_json", is_flag=True, help="The lines as they were written.")
def command(
    *, where: Where, since: datetime, service: str | None, level: Level, platform: bool, no_follow: bool, as_json: bool
) -> None:
    """Show the lines of the functions in the order of time, and follow them until Ctrl-C.

    On this machine also the engine's errors about them: a function that does not start writes no line.
    """
    stack = locate(where)
    since_ms = int(since.timestamp() * 1000)
    followers = [
        _Follower(stack.place.logs, name, stack.outputs[output], since_ms)
        for name, output in _GROUPS.items()
        if service in {None, name} and output in stack.outputs
    ]
    engine = engine_log.Reader(where.data_dir, since_ms) if where.is_local else None
    with on_stop(lambda _: sys.exit(0)):  # To be stopped is how it ends: no `Aborted!`, and no wait for a slow call.
        while True:
            new = [entry for follower in followers for entry in follower.new()]
            complaints = engine.new() if engine else ()
            new += [_Entry(*complaint) for complaint in complaints if service in {None, complaint.service}]
            # A traceback's lines have one time and their own order, which sorting keeps.
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
