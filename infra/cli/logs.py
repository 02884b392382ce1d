"""`rdp logs`: a tenant's logs by time, by word, and as they come."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Final, get_args

import click

from consumer.item import Item
from consumer.query.ask import Ask
from consumer.query.table import TableReader
from infra import search_times, stored_logs, tenant_reader
from infra.options.locator import on_stack
from infra.options.zone import zone_option
from infra.stack import Stack
from infra.terminal import log_lines, out
from infra.terminal.signals import on_stop
from ingest.contract.message import Severity

_DEFAULT: Final = 100


def _read_field(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    fields = []
    for value in values:
        name, equals, content = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, as in user.name=bob.")
        fields.append((name, content))
    return tuple(fields)


@click.command("logs")
@on_stack
@click.option("--tenant", required=True, help="Whose logs.")
@click.option("--since", metavar="TIME", help="Received at or after it: 2h, 09:30, 'yesterday 14:00' or an ISO time.")
@click.option("--until", metavar="TIME", help="Received before it.")
@zone_option
@click.option(
    "--contains", multiple=True, metavar="TEXT", help="The text holds it, whatever the case. Repeat: all of them."
)
@click.option("--severity", type=click.Choice(get_args(Severity)), help="At least as grave.")
@click.option(
    "--field", "fields", multiple=True, metavar="NAME=VALUE", callback=_read_field, help="A field has this value."
)
@click.option(
    "--newest", type=click.IntRange(min=1), metavar="N", help="The newest N, the oldest first.  [default: 100]"
)
@click.option("--oldest", type=click.IntRange(min=1), metavar="N", help="The oldest N.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--follow", is_flag=True, help="Then show what comes, until Ctrl-C.")
@click.option("--raw", is_flag=True, help="The original text, not the redacted one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--as-tenant", metavar="TENANT", help="Read with the role that only reads this tenant's rows.")
def command(
    stack: Stack,
    *,
    tenant: str,
    since: str | None,
    until: str | None,
    zone: tzinfo,
    contains: tuple[str, ...],
    severity: Severity | None,
    fields: tuple[tuple[str, str], ...],
    newest: int | None,
    oldest: int | None,
    everything: bool,
    follow: bool,
    raw: bool,
    as_json: bool,
    as_tenant: str | None,
) -> None:
    """Show a tenant's logs in the order in which they were received.

    A time without a zone is of --zone, by which times are shown, too. What is searched and shown is the redacted text.
    """
    if sum((newest is not None, oldest is not None, everything)) > 1:
        raise click.UsageError("--newest, --oldest and --all: give one of them.")
    if follow and (until or oldest):
        raise click.UsageError("--follow shows what comes now: leave --until and --oldest out.")
    now = datetime.now(UTC)
    try:
        since_ms, until_ms = search_times.read(since, until, now, zone)
    except search_times.BadTimeError as error:
        raise click.UsageError(f"--{error.name}: {error}") from error
    if as_tenant is not None:
        place = tenant_reader.as_tenant(stack.place, stack.outputs["TenantReaderRoleArn"], as_tenant)
        stack = replace(stack, place=place)
    ask = Ask(
        tenant_id=tenant,
        since_ms=since_ms,
        until_ms=until_ms,
        newest_first=not (everything or oldest is not None),
        contains=contains,
        severity=severity,
        fields=fields,
        raw=raw,
    )
    table = stored_logs.table(stack)
    show = _shower(zone=zone, raw=raw, as_json=as_json)
    if follow:
        stop = threading.Event()
        with on_stop(lambda _: stop.set()):
            before = None if everything else newest or _DEFAULT
            for item in stored_logs.follow(stack, table, ask, before=before, wait=stop.wait):
                show(item)
    elif everything:
        for item in stored_logs.every(table, ask):
            show(item)
    else:
        _show_some(table, ask, show, limit=oldest or newest or _DEFAULT)


def _show_some(table: TableReader, ask: Ask, show: Callable[[Item], None], *, limit: int) -> None:
    items, more = stored_logs.first(table, ask, limit)
    for item in items[::-1] if ask.newest_first else items:
        show(item)
    if not items:
        out.say(f"No such logs of tenant {ask.tenant_id!r}.", err=True)
    elif more:
        older = "older" if ask.newest_first else "newer"
        out.say(f"There may be {older} logs than these {len(items)}: --all, or more with --newest N.", err=True)


def _shower(*, zone: tzinfo, raw: bool, as_json: bool) -> Callable[[Item], None]:
    """Return what prints a log: JSON, wrapped lines on a terminal, one line in a pipe."""
    if as_json:
        return lambda item: out.say_json(log_lines.as_json(item, raw=raw))
    if not out.is_terminal():
        return lambda item: out.say(log_lines.one_line(item, zone=zone, raw=raw))

    def show(item: Item) -> None:
        columns = shutil.get_terminal_size().columns
        for line in log_lines.wrapped(item, zone=zone, raw=raw, columns=columns):
            out.say(line, colour=log_lines.colour(item))

    return show
