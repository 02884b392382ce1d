"""`rdp audit`: is every log on the stream stored, or dead-lettered with a reason?"""

from datetime import UTC, datetime
from typing import Final

import click
import msgspec

from consumer import instant
from consumer.replay.attempts import StreamUnreadableError
from infra import counts
from infra.audit.ledger import Finding
from infra.audit.run import Audit, run
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.terminal import exits, out
from infra.terminal.counting import counting
from infra.terminal.text import printable

EXIT_CODES: Final[dict[Finding, int]] = {
    "complete": 0,
    "missing": exits.BAD,
    "changed": exits.BAD,
    "undecided": exits.UNDECIDED,
}
_COUNTS: Final = ("on stream", "stored", "quarantined", "conflicts", "missing", "changed", "stored, not on stream")


@click.command("audit")
@on_stack
@click.option(
    "--since",
    metavar="TIME",
    help="Logs received at or after it: an ISO time (UTC unless it names a zone), or an age such as 2h or 3d.",
)
@click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this tenant's logs; may be repeated.")
@click.option("--missing-ids", is_flag=True, help="Name the missing logs and the changed items.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(stack: Stack, *, since: str | None, tenants: tuple[str, ...], missing_ids: bool, as_json: bool) -> None:
    """Compare the stream with the table and the dead-letter queue; the exit status is 4 when one is not as it must be.

    0: every log on the stream is stored with its text, or dead-lettered. 4: some are missing for certain, or items were
    changed after they were stored: their text is none of those that the stream has for their log id. 3: some are
    unaccounted for while at least as many messages are in flight, where SQS cannot be looked into: run it again when
    the queue is empty. A log whose sender got a 500 may be on the stream and nowhere else: it counts as missing. `rdp
    rebuild` puts back what is missing.

    It reads the whole stream and, unless --tenant names some, the whole table: a read unit for every 4 KB.
    """
    now = datetime.now(UTC)
    try:
        since_at = instant.parse(since, now) if since else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        estimate = None if tenants else counts.stored_estimate(stack)
        with counting({"stream": None, "table": estimate, "dead letters": None}) as tell:
            audit = run(stack, now=now, since=since_at, tenants=tenants, name_missing=missing_ids, tell=tell)
    except StreamUnreadableError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        out.say_json(msgspec.json.format(msgspec.json.encode(audit)).decode())
    else:
        _show(audit)
    raise click.exceptions.Exit(EXIT_CODES[audit.verdict])


def _show(audit: Audit) -> None:
    rows = [
        (
            tenant.tenant_id or "(unknown)",
            f"{tenant.on_stream:,}",
            f"{tenant.stored:,}",
            "\n".join(f"{printable(reason)} {count:,}" for reason, count in tenant.quarantined.items()) or "0",
            f"{tenant.conflicts:,}",
            f"{tenant.missing:,}",
            f"{tenant.changed:,}",
            f"{tenant.stored_not_on_stream:,}",
        )
        for tenant in audit.tenants
    ]
    out.say_table(("tenant", *_COUNTS), rows, title="logs by tenant", right=_COUNTS)
    if audit.broken_on_stream:
        out.say(f"{audit.broken_on_stream:,} records on the stream are no logs: `rdp replay` writes them to a file.")
    if audit.dead_letters_unseen:
        out.say(f"{audit.dead_letters_unseen:,} dead letters were not shown by SQS: others hold them.")
    for log in audit.missing_ids or ():  # UNSET is false
        note = " (another text is stored under it)" if log.other_text_stored else ""
        out.say(f"missing: {log.tenant_id} {log.log_id}{note}")
    for item in audit.changed_ids or ():
        out.say(f"changed: {item.tenant_id} {item.log_id}")
    out.say(
        f"{audit.unaccounted:,} unaccounted, {audit.changed:,} changed, {audit.in_flight:,} in flight: {audit.verdict}"
    )
