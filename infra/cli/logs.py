"""`rdp logs`: search a tenant's logs by time and words, and follow new ones."""

import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import click
from botocore.exceptions import ClientError

from consumer.item import Item
from consumer.query.ask import Ask
from consumer.query.page import Reads
from infra import followed_logs, search_times, stored_logs, tenant_reader
from infra.options.locator import on_stack
from infra.options.search import read_fields, read_severity, read_tenants, read_words
from infra.options.zone import zone_option
from infra.stack import Stack
from infra.terminal import log_lines, out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop

_DEFAULT: Final = 100


@click.command(
    "logs",
    epilog=examples(
        "rdp logs --tenant acme --since 1h",
        "rdp logs --tenant acme --contains timeout --severity error --follow",
        "rdp logs --tenant acme --field user.name=bob --newest 10 --json",
    ),
)
@on_stack
@click.argument("named", nargs=-1, metavar="[TENANT]...", callback=read_tenants)
@click.option(
    "--tenant",
    "tenants",
    multiple=True,
    metavar="ID",
    callback=read_tenants,
    help="Show this tenant's logs. Repeat it for more tenants. Without the option's name it is the same: rdp logs acme",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Only logs received at or after TIME: an age (2h, 3d), 09:30, 'yesterday 14:00', or an ISO time. "
    "Without a zone it is in --zone. The logs' own times are in `rdp lake query`: event_time.",
)
@click.option("--until", metavar="TIME", help="Only logs received before TIME, in the same forms.")
@zone_option
@click.option(
    "--contains",
    multiple=True,
    metavar="TEXT",
    callback=read_words,
    help="Only logs whose text contains TEXT, in upper or lower case. Repeat it: all must be contained.",
)
@click.option(
    "--not-contains",
    "lacks",
    multiple=True,
    metavar="TEXT",
    callback=read_words,
    help="Leave out logs whose text contains TEXT. Repeat it to leave out more.",
)
@click.option(
    "--severity",
    metavar="LEVEL",
    callback=read_severity,
    help="Only logs of this severity or a higher one: warn, WARNING, syslog's 4, pino's 40.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_fields,
    help="Only logs whose field NAME has this value. A dot leads into an object: user.name=bob. "
    "Repeat it: all must match.",
)
@click.option(
    "--not-field",
    "not_fields",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_fields,
    help="Leave out logs whose field NAME has this value. Repeat it to leave out more.",
)
@click.option(
    "--newest",
    "--limit",
    "newest",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show the newest N logs, the oldest of them first.  [default: 100]",
)
@click.option("--oldest", type=click.IntRange(min=1), metavar="N", help="Show the oldest N logs.")
@click.option("--all", "everything", is_flag=True, help="Show all logs.")
@click.option("--follow", is_flag=True, help="Then show new logs as they are stored, until Ctrl-C.")
@click.option("--raw", is_flag=True, help="Search and show the original text, not the redacted one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--as-tenant", metavar="ID", help="Read with the role that can read only this tenant's rows.")
def command(
    stack: Stack,
    *,
    named: tuple[str, ...],
    tenants: tuple[str, ...],
    since: str | None,
    until: str | None,
    zone: tzinfo,
    newest: int | None,
    oldest: int | None,
    everything: bool,
    follow: bool,
    as_json: bool,
    as_tenant: str | None,
    **filters: Any,
) -> None:
    """Show a tenant's logs in the order in which they were received.

    It searches and shows the redacted text.
    """
    if not (named or tenants):
        raise click.UsageError("Name a tenant, as in: rdp logs --tenant acme")
    if sum((newest is not None, oldest is not None, everything)) > 1:
        raise click.UsageError("Give only one of --newest, --oldest and --all.")
    if follow and (until or oldest):
        raise click.UsageError("--follow shows new logs: leave --until and --oldest out.")
    since_ms, until_ms = _times(since, until, zone)
    if as_tenant is not None:
        if stack.place.aws_endpoint_url is not None:
            _tell("This engine does not enforce the role of a tenant's reader (dynamodb:LeadingKeys). AWS does.")
        place = tenant_reader.as_tenant(stack.place, stack.outputs["TenantReaderRoleArn"], as_tenant)
        stack = replace(stack, place=place)
    newest_first = not (everything or oldest is not None)
    asks = [
        Ask(tenant_id=tenant, since_ms=since_ms, until_ms=until_ms, newest_first=newest_first, **filters)
        for tenant in dict.fromkeys((*tenants, *named))
    ]
    show = _shower(asks, zone=zone, as_json=as_json)
    if follow:
        stop = threading.Event()
        with on_stop(lambda _: stop.set()):
            before = None if everything else newest or _DEFAULT
            for items in followed_logs.looks_of(stack, asks, before=before, wait=stop.wait, tell=_tell):
                for item in items:
                    show(item)
    elif everything:
        _show_all(stored_logs.table(stack), asks, show)
    else:
        _show_some(stored_logs.table(stack), asks, show, limit=oldest or newest or _DEFAULT)


def _times(since: str | None, until: str | None, zone: tzinfo) -> tuple[int | None, int | None]:
    now = datetime.now(UTC)
    try:
        since_ms, until_ms = search_times.read(since, until, now, zone)
    except search_times.BadTimeError as error:
        raise click.UsageError(f"--{error.name}: {error}") from error
    if hint := search_times.hint(since_ms, now, zone):
        _tell(hint)
    return since_ms, until_ms


def _tell(what: str) -> None:
    out.say(what, err=True)


def _show_all(reads: Reads, asks: Sequence[Ask], show: Callable[[Item], None]) -> None:
    items = stored_logs.every_of(reads, asks)
    first = next(items, None)
    if first is None:
        _tell_that_none_matches(reads, asks)
        return
    show(first)
    for item in items:
        show(item)


def _show_some(reads: Reads, asks: Sequence[Ask], show: Callable[[Item], None], *, limit: int) -> None:
    items, more, unmatched = stored_logs.first_of(reads, asks, limit)
    newest_first = asks[0].newest_first
    for item in items[::-1] if newest_first else items:
        show(item)
    _tell_that_none_matches(reads, unmatched)
    if items and more:
        older, option = ("older", "--newest") if newest_first else ("newer", "--oldest")
        these = "this one" if len(items) == 1 else f"these {len(items)}"
        _tell(f"There may be {older} logs than {these}. To see more, give {option} a larger number, or --all.")


def _tell_that_none_matches(reads: Reads, asks: Sequence[Ask]) -> None:
    """Say for each tenant whether it has no logs at all, or none that match."""
    for ask in asks:
        if _has_logs(reads, ask.tenant_id):
            is_severity = any(name == "severity" for name, _ in ask.fields)
            _tell(
                f"No logs of tenant {ask.tenant_id!r} match."
                + (" The severity of a log is no field: --severity." if is_severity else "")
            )
        elif alike := _alike(reads, ask.tenant_id):
            _tell(f"Tenant {ask.tenant_id!r} has no stored logs. Did you mean {alike!r}?")
        else:
            _tell(
                f"Tenant {ask.tenant_id!r} has no stored logs. They may be on their way: `rdp status`. `rdp audit` "
                f"lists every tenant that has some. `rdp erase --check --tenant {ask.tenant_id}` tells whether they "
                f"were erased."
            )


def _has_logs(reads: Reads, tenant: str) -> bool:
    return bool(stored_logs.first(reads, Ask(tenant_id=tenant), 1)[0])


def _alike(reads: Reads, tenant: str) -> str | None:
    """Return the tenant of the same id in lower case, if that one has logs. Any other guess would need a scan."""
    lower = tenant.lower()
    try:
        return lower if lower != tenant and _has_logs(reads, lower) else None
    except ClientError:  # With --as-tenant no other tenant's rows may be read: there is no hint then.
        return None


def _shower(asks: Sequence[Ask], *, zone: tzinfo, as_json: bool) -> Callable[[Item], None]:
    """Return the function that prints a log: as JSON, wrapped on a terminal with the words marked, or as one line.

    If the logs are of several tenants, each line names its tenant.
    """
    ask, named = asks[0], len(asks) > 1
    if as_json:
        return lambda item: out.say_json(log_lines.as_json(item, raw=ask.raw))
    if not out.is_terminal():
        return lambda item: out.say(log_lines.one_line(item, zone=zone, raw=ask.raw, named=named))
    words = re.compile("|".join(map(re.escape, ask.contains)), re.IGNORECASE) if ask.contains else None

    def show(item: Item) -> None:
        columns = shutil.get_terminal_size().columns
        for line in log_lines.wrapped(item, zone=zone, raw=ask.raw, columns=columns, named=named):
            out.say(line, colour=log_lines.colour(item), marked=words)

    return show
