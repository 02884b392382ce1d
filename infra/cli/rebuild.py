"""`rdp rebuild`: restore the table from the stream."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Final

import click

from consumer.replay import private
from consumer.replay.attempts import StreamUnreadableError
from consumer.replay.sinks import QueueRefusedError
from infra import counts
from infra.audit import places, rebuild
from infra.audit.ledger import ChangedItem, Ledger, MissingLog
from infra.options.locator import on_stack
from infra.options.selection import since_at, since_option, tenants_option
from infra.stack import Stack
from infra.terminal import exits, out
from infra.terminal.counting import counting
from infra.terminal.examples import examples
from infra.terminal.text import counted, printable

_NAMED: Final = 20
"""How many logs are named before the question; `rdp audit --missing-ids` names all."""


@click.command(
    "rebuild",
    epilog=examples("rdp rebuild --dry-run", "rdp rebuild --since 2h --tenant acme", "rdp rebuild --restore-changed"),
)
@on_stack
@since_option
@tenants_option
@click.option("--restore-changed", is_flag=True, help="Also replace items that were changed after they were stored.")
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --restore-changed: save the changed items in FILE.  [default: changed-items-TIME.ndjson]",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(
    stack: Stack,
    *,
    since: str | None,
    zone: tzinfo,
    tenants: tuple[str, ...],
    restore_changed: bool,
    export: Path | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Send logs that are on the stream but not in the table through the queue again. It asks first.

    The consumer stores them as it stores any log: redacted, and never over another item. A log that is a dead letter
    does not count as missing: `rdp dlq redrive` sends it back.

    An item was changed after it was stored if the stream has logs with its log id, but none with its text. Such items
    are named and left as they are. With --restore-changed they are saved in a file, deleted, and stored again from the
    stream.

    Exit status 4: something was left as it was, because of --dry-run or because items were changed.
    """
    now = datetime.now(UTC)
    received_from = since_at(since, now, zone)
    ledger = Ledger()
    try:
        within = places.held_by(stack, now=now, since=received_from, tenants=tenants)
        with counting({"stream": None, "table": counts.stored_estimate(stack), "dead letters": None}) as tell:
            found = places.read(stack, ledger, within, tell=tell)
        missing, changed = sum(1 for _ in ledger.missing()), sum(1 for _ in ledger.changed())
        for line in _told(ledger, missing, changed, found.in_flight):
            out.say(line)
        replaced = changed if restore_changed else 0
        if changed and not replaced:
            ledger.spare_changed()
            missing = sum(1 for _ in ledger.missing())
        if missing or replaced:
            _go_on(missing, replaced, dry_run=dry_run, yes=yes)
            if replaced:
                _take_out(stack, ledger, export or Path(f"changed-items-{now:%Y%m%dT%H%M%SZ}.ndjson"))
            with counting({"sent": None}) as tell:
                sent = rebuild.send_missing(stack, ledger, within, tell=lambda count: tell("sent", count))
            then = "" if changed > replaced else " `rdp audit` says complete once the consumer has stored them."
            out.say(f"{counted(sent, 'log')} sent to the queue.{then}")
    except (StreamUnreadableError, QueueRefusedError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        ledger.close()
    if changed > replaced:
        out.say(
            f"Left as before: {counted(changed - replaced, 'changed item')}. --restore-changed replaces them.", err=True
        )
        raise click.exceptions.Exit(exits.BAD)


def _told(ledger: Ledger, missing: int, changed: int, in_flight: int) -> Iterable[str]:
    yield f"{missing:,} missing, {changed:,} changed, {in_flight:,} in flight"
    yield from _named("missing", missing, ledger.missing())
    yield from _named("changed", changed, ledger.changed())
    if missing and in_flight:
        yield "Logs in flight may be among the missing. Sending them again does no harm: each is stored once."


def _named(word: str, count: int, logs: Iterable[MissingLog | ChangedItem]) -> Iterable[str]:
    for log in islice(logs, _NAMED):
        yield f"{word}: {printable(log.tenant_id)} {printable(log.log_id)}"
    if count > _NAMED:
        yield f"and {count - _NAMED:,} more: `rdp audit --missing-ids` names all"


def _go_on(missing: int, replaced: int, *, dry_run: bool, yes: bool) -> None:
    """Return if the changes may be made. Raises: Exit for a dry run, Abort after the answer no."""
    if dry_run:
        out.say("Dry run: nothing was changed.")
        raise click.exceptions.Exit(exits.BAD)
    if not yes:
        also = f", after {replaced:,} changed items were exported and deleted" if replaced else ""
        out.confirm(f"Send {missing:,} missing logs to the queue again{also}?", abort=True)


def _take_out(stack: Stack, ledger: Ledger, path: Path) -> None:
    with private.opened(path, anew=True) as file:
        taken = rebuild.take_out(stack, ledger, ledger.changed(), file)
    out.say(f"{counted(taken, 'changed item')} deleted from the table, and saved in {path}.")
