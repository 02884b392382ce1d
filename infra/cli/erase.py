"""`rdp erase`: erase a tenant's logs, or one log."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import click
import msgspec

from consumer import instant
from consumer.erasures import Subject
from consumer.replay import private
from infra import lake_where
from infra.erasure import lakes, of_log, run
from infra.erasure.certificate import Certificate, Outcome
from infra.erasure.run import Found
from infra.erasure.table import RefusedError
from infra.options.lake import told
from infra.options.locator import Where, locate, where_options
from infra.options.zone import zone_option
from infra.terminal import exits, out
from infra.terminal.examples import examples
from infra.terminal.text import counted
from ingest.contract.message import LOG_ID_PATTERN, TENANT_ID_FORM, TENANT_ID_PATTERN

_NEEDS: Final = "--log needs a tenant and a log id, as in: --log acme my-id-1"

EXIT_CODES: Final[dict[Outcome, int]] = {"gone": 0, "undecided": exits.UNDECIDED, "found": exits.BAD}


class _Erase(click.Command):
    """The command, which says by an example what `--log` needs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the arguments that are left. Raises: click.BadOptionUsage: an option lacks its value."""
        try:
            return super().parse_args(ctx, args)
        except click.BadOptionUsage as error:
            if error.option_name != "--log":
                raise
            raise click.BadOptionUsage("--log", _NEEDS, ctx) from error


@click.command(
    "erase",
    cls=_Erase,
    epilog=examples(
        "rdp erase --tenant acme  # only counts",
        "rdp erase --tenant acme --before 30d --yes --certificate acme.json",
        "rdp erase --log acme my-id-1 --yes",
        "rdp erase --tenant acme --check",
    ),
)
@where_options
@click.option("--tenant", metavar="ID", help="Erase all logs of this tenant that were received until now.")
@click.option(
    "--log", "log", nargs=2, metavar="TENANT LOG_ID", help="Erase this log, and every log that comes with its id later."
)
@click.option(
    "--before",
    metavar="TIME",
    help="With --tenant: erase only logs received until TIME: an age (2h, 30d), 'yesterday 14:00', or an ISO time. "
    "Without a zone it is in --zone.",
)
@zone_option
@click.option(
    "--warehouse",
    "warehouses",
    multiple=True,
    metavar="WHERE",
    help="The lake: a folder, or the ARN of an S3 table bucket. Repeat it for more lakes.  [default: the stack's own]",
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the certificate to FILE, which must not exist.  [default: standard output]",
)
@click.option("--check", is_flag=True, help="Erase nothing. Search whether anything is left of what was erased before.")
@click.option("--yes", is_flag=True, help="Erase. Without --yes nothing is changed.")
def command(
    where: Where,
    *,
    tenant: str | None,
    log: tuple[str, str] | None,
    before: str | None,
    zone: tzinfo,
    warehouses: tuple[str, ...],
    certificate: Path | None,
    check: bool,
    yes: bool,
) -> None:
    """Erase a tenant's logs, or one log, for good, from the table, the dead letters and the lake.

    Without --yes it only counts what it would erase.

    With --tenant, logs that the tenant sends later are stored as before; `rdp keys revoke` stops the tenant from
    sending. With --log, a later log with the same id is accepted and dropped.

    It first writes a tombstone to the table, which holds ids and no text. The tombstone keeps the consumer, replay,
    rebuild and lake sync from bringing a log back. Then it deletes, waits until the consumer knows the tombstone,
    deletes again, and searches every place. If it is stopped, it says how to go on.

    The stream keeps its records until its retention ends, and so do the table's backups. The certificate says when.

    Exit status 0: nothing is left.

    Exit status 3: not certain yet. The queue may still hold some of it, or a dead letter that somebody else is reading,
    or one that cannot be read. Run it again later with --check.

    Exit status 4: the search found something that should be gone.
    """
    tenant_id, log_id = _asked(tenant, log)
    if before is not None and (tenant is None or check):
        raise click.UsageError(
            "--before goes only with --tenant, and not with --check, which takes the time from the tombstone."
        )
    if check and yes:
        raise click.UsageError("--check erases nothing: leave --yes out.")
    with _made(certificate if check or yes else None) as file:
        until = partial(_until, before, zone)
        done = _done(where, (tenant_id, log_id), until, warehouses, check=check, yes=yes)
        if done is None:
            return
        _hand_out(done, certificate, file)
    raise click.exceptions.Exit(EXIT_CODES[done.outcome])


def _done(
    where: Where,
    named: tuple[str, str | None],
    until: Callable[[datetime], str],
    warehouses: tuple[str, ...],
    *,
    check: bool,
    yes: bool,
) -> Certificate | None:
    """Erase or search, and return the certificate; None if it only counted."""
    tenant_id, log_id = named
    stack = locate(where)
    asked = run.caller(stack)
    own = lake_where.standing(stack, where.data_dir if where.is_local else None)
    wheres = warehouses or tuple(filter(None, (own,)))
    with told() if wheres else nullcontext():
        places = lakes.named(wheres, where.data_dir, stack)
        if check:
            done = run.marked(stack, tenant_id, log_id)
            requested = of_log.requested_at(stack.place.dynamodb, stack.table_name, done)
            erased_at = None if requested is None else datetime.fromisoformat(requested)
            return run.search(stack, places, done, asked, erased_at=erased_at)
        subject = Subject(tenant_id, log_id, until(asked.now))
        if log_id is None and (standing := run.standing(stack, tenant_id)):
            out.say(
                f"Tenant {tenant_id} was already erased until {standing}. To erase no later log, add --before "
                f"{standing}.",
                err=True,
            )
        if not yes:
            _show(run.count(stack, places, subject), subject)
            return None
        out.say("Erasing. It takes a minute or more: every consumer that runs must come to know of it first.", err=True)
        with _told_how_to_go_on(subject), out.status("erase") as say:
            try:
                return run.erase(stack, places, subject, asked, sleep=time.sleep, tell=say)
            except RefusedError as error:
                raise click.ClickException(str(error)) from error


@contextmanager
def _made(path: Path | None) -> Iterator[BinaryIO | None]:
    """Create the certificate's file before anything is erased; delete it if there is no certificate in the end."""
    if path is None:
        yield None
        return
    with private.opened(path, anew=True) as file:
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _told_how_to_go_on(subject: Subject) -> Iterator[None]:
    """Say how to continue a stopped erasure: the same command again would also erase the tenant's later logs."""
    try:
        yield
    except BaseException:
        if subject.log_id is None:
            out.say(f"Stopped. To go on and erase no later log, run it again with --before {subject.until}.", err=True)
        raise


def _asked(tenant: str | None, log: tuple[str, str] | None) -> tuple[str, str | None]:
    if (tenant is None) == (log is None):
        raise click.UsageError("Name what is to be erased: --tenant ID, or --log TENANT LOG_ID.")
    tenant_id, log_id = (tenant or "", None) if log is None else log
    if not re.match(TENANT_ID_PATTERN, tenant_id):
        raise click.UsageError(f"{tenant_id!r} is not a tenant id. {TENANT_ID_FORM}")
    if log_id is not None and log_id.startswith("--"):
        raise click.UsageError(f"{_NEEDS}. {log_id!r} stands where the log id must be.")
    if log_id is not None and not re.match(LOG_ID_PATTERN, log_id):
        raise click.UsageError(
            f"{log_id!r} is not a log id. If it has a space, it is the id of a conflicting text: give the part "
            f"before the space."
        )
    return tenant_id, log_id


def _until(before: str | None, zone: tzinfo, now: datetime) -> str:
    if before is None:
        return run.rfc3339_of(now)
    try:
        until = instant.parse(before, now, zone=zone)
    except ValueError as error:
        raise click.UsageError(f"--before: {error}") from error
    if until > now:
        raise click.UsageError("--before is in the future. Only logs that were already received can be erased.")
    return run.rfc3339_of(until.astimezone(UTC))


def _show(found: Found, subject: Subject) -> None:
    what = f"log {subject.log_id} of " if subject.log_id else ""
    out.say(f"{what}tenant {subject.tenant_id}{'' if subject.log_id else f', received until {subject.until}'}:")
    out.say(
        f"table          {counted(found.rows, 'row')}, {found.conflicts:,} of them conflicts (a second text under a "
        f"log id)"
    )
    hidden = (
        f"; {found.hidden_letters:,} are hidden, because somebody else is reading them" if found.hidden_letters else ""
    )
    unclear = f"; {found.unclear_letters:,} cannot be read and may hold it" if found.unclear_letters else ""
    out.say(f"dead letters   {found.dead_letters:,}{unclear}{hidden}")
    out.say(f"queue          {counted(found.queued, 'message')} of all tenants; the consumer drops the erased ones")
    for part in found.lake:
        out.say(
            f"lake           {counted(part.rows, 'row')} in {counted(part.files, 'file')}: {part.table} in {part.where}"
        )
    if not found.lake:
        out.say("lake           none was found: name others with --warehouse")
    out.say("stream         not counted: its records stay until its retention ends")
    out.say("Nothing was changed. To erase, add --yes.")


def _hand_out(done: Certificate, path: Path | None, file: BinaryIO | None) -> None:
    text = msgspec.json.format(msgspec.json.encode(done)).decode()
    if done.outcome == "undecided":
        named = f"--tenant {done.tenant_id}" if done.log_id is None else f"--log {done.tenant_id} {done.log_id}"
        out.say(f"Not certain yet: `remains` says why. Later: rdp erase {named} --check", err=True)
    if file is None:
        out.say_json(text)
        return
    try:
        file.write(f"{text}\n".encode())
        file.flush()
    except OSError:  # A full disk. The counts of this run are nowhere else.
        out.say_json(text)
        raise
    out.say(f"{done.outcome}: the certificate is in {path}.")
    for place in done.found:
        out.say(f"found: {place}")
