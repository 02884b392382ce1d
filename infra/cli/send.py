"""`rdp send`: ship a file of lines."""

import codecs
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.options.credentials import Credentials, credentials_options
from infra.options.locator import on_stack
from infra.shipping import log_file, shipment
from infra.shipping.sender import Sender, Tally
from infra.stack import Stack
from ingest.contract.errors import Rejected
from ingest.contract.message import TENANT_ID_PATTERN

_INTERRUPTED: Final = 130


def _read_tenant(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if not re.match(TENANT_ID_PATTERN, value):  # Found here once, not by ingest on every line.
        raise click.BadParameter(Rejected("invalid_tenant").detail)
    return value


def _read_encoding(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError as error:
        raise click.BadParameter(f"{value!r} is no encoding that Python knows, such as utf-8 or latin-1.") from error


@click.command("send")
@on_stack
@credentials_options
@click.argument("file", type=click.File("rb"))
@click.option("--tenant", required=True, callback=_read_tenant, help="The tenant that the logs belong to.")
@click.option("--connections", type=click.IntRange(1, 64), default=4, show_default=True, help="Connections at once.")
@click.option("--batch", type=click.IntRange(1, 5000), default=100, show_default=True, help="Lines a request at most.")
@click.option("--encoding", default="utf-8", show_default=True, callback=_read_encoding, help="The file's encoding.")
def command(
    stack: Stack, *, file: BinaryIO, tenant: str, connections: int, batch: int, encoding: str, credentials: Credentials
) -> None:
    """Ship FILE (- for standard input), one log a line, and say what became of every line.

    Sending the same file again stores nothing twice. Empty lines are skipped. With --batch 1 a line is a plain text
    request, else it is a record of an NDJSON request. Exit code 1 if a line was not accepted.
    """
    content = log_file.seekable(file)
    scanned = log_file.scan(content)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started_s = time.monotonic()
    interrupted = False
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("sending", total=scanned.lines - scanned.empty)
        sender = Sender(
            stack.ingest_url,
            tenant,
            connections=connections,
            on_lines=lambda count: progress.advance(task, count),
            headers=credentials.headers(),
        )
        decodable = _decodable(log_file.read(content, tenant, scanned.digest, encoding), sender.tally)
        try:
            sender.run(shipment.requests(decodable, tenant, batch))
        except KeyboardInterrupt:
            interrupted = True
    not_sent = scanned.lines - scanned.empty - sender.tally.accepted - sender.tally.not_accepted
    for line in _summary(sender.tally, scanned.empty, not_sent, time.monotonic() - started_s):
        click.echo(line)
    if interrupted:
        raise SystemExit(_INTERRUPTED)
    if sender.tally.not_accepted or not_sent:
        raise SystemExit(1)


def _decodable(all_lines: Iterable[log_file.Line | log_file.Undecodable], tally: Tally) -> Iterator[log_file.Line]:
    for line in all_lines:
        if isinstance(line, log_file.Undecodable):
            tally.reject(line.number, "invalid_encoding")
        else:
            yield line


def _summary(tally: Tally, empty: int, not_sent: int, elapsed_s: float) -> list[str]:
    rate = tally.accepted / elapsed_s if elapsed_s else 0.0
    summary = [
        f"accepted  {tally.accepted:,} in {elapsed_s:.1f} s ({rate:,.0f} a second)",
        f"rejected  {tally.rejected.total():,}{_by_cause(tally.rejected)}",
        f"failed    {tally.failed.total():,}{_by_cause(tally.failed)}",
    ]
    if empty:
        summary.append(f"skipped   {empty:,} empty lines")
    if not_sent:
        summary.append(f"not sent  {not_sent:,}. Send the same file again: what was accepted is not stored twice.")
    return summary + [f"  line {number}: {why}" for number, why in sorted(tally.examples)]


def _by_cause(counter: Counter[str]) -> str:
    if not counter:
        return ""
    return " (" + ", ".join(f"{cause} {count:,}" for cause, count in counter.most_common()) + ")"
