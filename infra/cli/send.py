"""`rdp send`: ship a file of lines."""

import codecs
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from infra.options.credentials import Credentials, credentials_options
from infra.options.locator import on_stack
from infra.options.search import read_tenant
from infra.shipping import once, refusals, source, stored
from infra.shipping import position as positions
from infra.shipping.follow import Follower
from infra.shipping.once import Asked, Sent
from infra.stack import Stack
from infra.terminal import exits, out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop


def _read_encoding(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        if "a\n".encode(value).decode(value) == "a\n":
            return codecs.lookup(value).name
    except (LookupError, ValueError):
        pass
    raise click.BadParameter(f"{value!r} is not a text encoding that Python knows. Give one such as utf-8 or latin-1.")


@click.command(
    "send",
    epilog=examples(
        "rdp send app.log --tenant acme",
        "journalctl -o cat | rdp send - --tenant acme --name web1",
        "rdp send app.log --tenant acme --wait  # end when all logs are stored",
        "rdp send app.ndjson --tenant acme --ndjson  # keep the fields of JSON lines",
        "rdp send app.log --tenant acme --follow  # also send new lines",
    ),
)
@credentials_options
@on_stack
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True))
@click.option("--tenant", required=True, metavar="ID", callback=read_tenant, help="The tenant that the logs belong to.")
@click.option(
    "--name",
    default="",
    help="Name of the source, such as a host or a service. It keeps files apart that begin with the same lines.",
)
@click.option(
    "--connections", type=click.IntRange(1, 64), default=4, show_default=True, help="How many connections send at once."
)
@click.option(
    "--batch",
    type=click.IntRange(1, 5000),
    default=100,
    show_default=True,
    help="At most this many lines in a request.",
)
@click.option(
    "--encoding",
    default="utf-8",
    show_default=True,
    callback=_read_encoding,
    help="Encoding of the file, such as latin-1.",
)
@click.option(
    "--ndjson",
    is_flag=True,
    help="Read lines that are JSON objects: their text, time, severity and fields. Other lines are sent as texts.",
)
@click.option("--text", is_flag=True, help="Send the file although it has NUL bytes, which text rarely has.")
@click.option("--follow", is_flag=True, help="Then send new lines as they are written, across rotations, until Ctrl-C.")
@click.option(
    "--position",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --follow: keep the position in this file.  [default: a file in ~/.local/state/rdp/follow]",
)
@click.option("--wait", is_flag=True, help="Wait until every accepted log is in the table.")
@click.option(
    "--wait-timeout",
    type=click.IntRange(0, 86_400),
    default=600,
    show_default=True,
    help="With --wait: seconds to wait after the last line was sent.",
)
def command(
    stack: Stack,
    *,
    file: str,
    follow: bool,
    position: Path | None,
    wait: bool,
    wait_timeout: int,
    credentials: Credentials,
    **options: Any,
) -> None:
    """Send FILE, one log a line, and show how many lines were accepted, rejected or failed.

    FILE may be - for standard input. You can send a file again, after it has grown or after a failure: only lines that
    are new become new logs.

    A log's id is computed from the tenant, --name and the whole content of the file up to the end of its line. So if
    you change a line, it is another log, and so is each line after it. Two files that begin with the same lines share
    these logs, unless each has its own --name.

    A line is sent as a text, also if it is JSON. With --ndjson a line that is a JSON object is a record: see
    ingest/API.md for the members that text, time and severity are read from.

    gzip is unpacked. UTF-16 is recognised by its byte order mark. Empty lines are skipped. If the last line has no line
    end and the file is still growing, that line is not sent yet.

    With --follow, a rotated file is read to its end before the next one is opened, and a file that was truncated is
    read from its beginning. The position is kept in a file: if you stop the command and start it again, it goes on from
    there, loses nothing, and stores nothing twice.

    Exit status 1: some lines could not be sent. 3: --wait ended before all logs were stored. 4: a line was rejected.
    """
    asked = Asked(url=stack.ingest_url, headers=credentials.headers(), **options)
    if follow:
        if file == "-" or wait:
            raise click.UsageError("--follow needs a file with a name, not -, and does not go with --wait.")
        _follow(asked, Path(file).absolute(), position)
        return
    if position is not None:
        raise click.UsageError("--position goes only with --follow.")
    with stored.LogIds() as taken, _stoppable() as (stop, wake), source.opened(file, wake) as opened:
        started_s = time.monotonic()
        with out.progress() as bar:
            task = bar.add_task("sending", total=opened.total_bytes)

            def show(lines: int) -> None:
                bar.update(task, completed=opened.read_bytes(), description=f"{lines:,} lines")

            sent = once.ship(opened, asked, stop=stop, taken=taken if wait else None, tell=show)
        for line in _summary(sent, time.monotonic() - started_s):
            out.say(line)
        if not (sent.lines_read or sent.empty or sent.held_back or sent.broken_off or stop.is_set()):
            out.say("The input is empty." if file == "-" else f"The file {file} is empty.", err=True)
        missing = 0
        if wait and not stop.is_set():
            missing = _wait(stack, asked.tenant, taken, wait_timeout, stop)
    if stop.is_set():
        raise click.exceptions.Exit(exits.INTERRUPTED)
    raise click.exceptions.Exit(_status(sent, missing))


def _status(sent: Sent, missing: int) -> int:
    if sent.tally.failed or sent.lost:
        return exits.FAILED
    if sent.tally.rejected:
        return exits.BAD
    return exits.UNDECIDED if missing else 0


def _follow(asked: Asked, path: Path, position: Path | None) -> None:
    """Follow the file until a signal, which is the normal end."""
    kept = position or positions.default_path(positions.Of(asked.url, asked.tenant, asked.name, str(path)), os.environ)

    def tell(sentence: str) -> None:
        out.say(sentence, err=True)

    with positions.held(kept), _stoppable() as (stop, _):
        follower = Follower(path, asked, kept, stop=stop, monotonic=time.monotonic, tell=tell)
        out.say(
            f"Following {path} from line {follower.position.place.number + 1:,}; the position is in {kept}.", err=True
        )
        with closing(follower):
            follower.run()
    out.say(f"accepted  {follower.tally.accepted:,}")
    out.say(f"rejected  {follower.tally.rejected.total():,}{_by_cause(follower.tally.rejected)}")


@contextmanager
def _stoppable() -> Iterator[tuple[threading.Event, int]]:
    """Give an event that the signals to stop set, and a descriptor that becomes readable with it."""
    stop = threading.Event()
    wake, waker = os.pipe()

    def act(_number: int) -> None:
        stop.set()
        os.write(waker, b"x")

    try:
        with on_stop(act):
            yield stop, wake
    finally:
        os.close(wake)
        os.close(waker)


def _wait(stack: Stack, tenant: str, taken: stored.LogIds, timeout_s: float, stop: threading.Event) -> int:
    """Wait until the logs are stored; print and return how many are not."""
    started_s = time.monotonic()
    with out.progress() as bar:
        task = bar.add_task("waiting until stored", total=len(taken))
        found, missing = stored.wait(
            stack.place.dynamodb,
            stack.table_name,
            tenant,
            taken,
            timeout_s=timeout_s,
            monotonic=time.monotonic,
            pause=stop.wait,
            tell=lambda count: bar.advance(task, count),
        )
    waited_s = time.monotonic() - started_s
    out.say(f"stored    {found:,} after {waited_s:.1f} s more")
    if missing:
        out.say(f"not stored yet  {missing:,}. `rdp status` shows the queue, `rdp dlq list` the dead letters.")
    return missing


def _summary(sent: Sent, elapsed_s: float) -> list[str]:
    tally = sent.tally
    rate = tally.accepted / elapsed_s if elapsed_s else 0.0
    summary = [
        f"accepted  {tally.accepted:,} in {elapsed_s:.1f} s ({rate:,.0f} a second)",
        f"rejected  {tally.rejected.total():,}{_by_cause(tally.rejected)}",
        f"failed    {tally.failed.total():,}{_by_cause(tally.failed)}",
    ]
    if sent.empty:
        summary.append(f"skipped   {sent.empty:,} empty lines")
    if sent.held_back:
        summary.append(
            f"held back line {sent.lines_read + 1:,}: it has no line end, and the file is growing. Send the file "
            f"again later."
        )
    causes = sorted({*tally.rejected, *tally.failed})
    advice = [f"  {cause}: {said}" for cause in causes if (said := refusals.told(cause))]
    if sent.broken_off:
        after = "When the cause is mended, send" if sent.lost else "Send"
        advice.append(f"Not all lines were sent. {after} the same file again: nothing is stored twice.")
    # What ended the sending is about the caller: it would be the same for every line.
    lines = [f"  line {number}: {why}" for number, why in sorted(tally.examples) if why != sent.lost]
    return summary + lines + advice


def _by_cause(counter: Counter[str]) -> str:
    if not counter:
        return ""
    return " (" + ", ".join(f"{cause} {count:,}" for cause, count in counter.most_common()) + ")"
