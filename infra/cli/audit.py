"""`rdp audit`: is every log on the stream stored, or dead-lettered with a reason, and in the lake if there is one?"""

from contextlib import nullcontext
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Final

import click
import msgspec

from consumer.replay.attempts import StreamUnreadableError
from infra import counts, lake_where
from infra.audit.lake import LakeSide
from infra.audit.lake_ledger import Kind, LakeAudit
from infra.audit.ledger import Finding
from infra.audit.run import Audit, run
from infra.cli.replay import redactor_of
from infra.options.lake import told
from infra.options.locator import Where, locate, where_options
from infra.options.selection import since_at, since_option, tenants_option
from infra.stack import Stack
from infra.terminal import exits, out
from infra.terminal.counting import counting
from infra.terminal.examples import examples
from infra.terminal.text import counted, printable

EXIT_CODES: Final[dict[Finding, int]] = {
    "complete": 0,
    "missing": exits.BAD,
    "changed": exits.BAD,
    "undecided": exits.UNDECIDED,
    "erased_stored": exits.BAD,
    "lake_differs": exits.BAD,
}
_KINDS: Final[dict[Kind, str]] = {
    "lake_lacks": "lake lacks",
    "stream_lacks": "stream lacks",
    "text_differs": "text differs",
    "twice": "twice in the lake",
    "erased": "erased, but still in the lake (rdp erase --warehouse)",
}
_COUNTS: Final = ("on stream", "stored", "dead letters", "conflicts", "missing", "changed", "stored, not on stream")


@click.command(
    "audit",
    epilog=examples(
        "rdp audit",
        "rdp audit --since 1d --tenant acme --missing-ids",
        "rdp audit --warehouse lake",
    ),
)
@where_options
@since_option
@tenants_option
@click.option(
    "--missing-ids",
    is_flag=True,
    help="Also print the ids: of missing logs, of changed or erased items, and of logs that differ in the lake.",
)
@click.option(
    "--warehouse",
    metavar="WHERE",
    help="The lake: a folder, or the ARN of an S3 table bucket.  [default: the stack's own]",
)
@click.option("--no-lake", is_flag=True, help="Leave out the lake, even if the stack has one.")
@click.option(
    "--key",
    "key_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File with the key of the lake's digests.  [default: as for `rdp lake sync`]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    *,
    where: Where,
    since: str | None,
    zone: tzinfo,
    tenants: tuple[str, ...],
    missing_ids: bool,
    warehouse: str | None,
    no_lake: bool,
    key_path: Path | None,
    as_json: bool,
) -> None:
    """Check that every log on the stream was stored, or is a dead letter with a reason, and is in the lake.

    It compares the stream with the table, the dead-letter queue and the lake, and counts what differs. `rdp rebuild`
    stores again what is missing.

    Exit status 0: every log on the stream is stored with its text, or is a dead letter. The lake holds each log up to
    its checkpoint once.

    Exit status 3: not certain yet. Some logs were not found, but the messages in flight may hold them, and SQS does not
    show these. Run it again when the queue is empty.

    Exit status 4: something is wrong. Logs are missing for certain. Or items were changed after they were stored: the
    stream has other texts for their log id. Or erased logs are still stored. Or the lake differs.

    If a sender got a 500, its log may be on the stream and nowhere else. Such a log counts as missing.

    It reads the whole stream. Unless you give --tenant, it also reads the whole table: one read unit for every 4 KB. Of
    the lake it reads the days that the stream still holds.
    """
    stack = locate(where)
    now = datetime.now(UTC)
    received_from = since_at(since, now, zone)
    try:
        lake = None if no_lake else _lake(stack, where, tenants, warehouse, key_path)
        estimate = None if tenants else counts.stored_estimate(stack)
        with (
            told() if lake else nullcontext(),
            counting({"stream": None, "table": estimate, "dead letters": None, "lake": None}) as tell,
        ):
            audit = run(
                stack, now=now, since=received_from, tenants=tenants, name_missing=missing_ids, lake=lake, tell=tell
            )
    except StreamUnreadableError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        out.say_json(msgspec.json.format(msgspec.json.encode(audit)).decode())
    else:
        _show(audit)
    raise click.exceptions.Exit(EXIT_CODES[audit.verdict])


def _lake(
    stack: Stack, where: Where, tenants: tuple[str, ...], warehouse: str | None, key_path: Path | None
) -> LakeSide | None:
    """Return the named lake, or the stack's own; None if the stack has no lake, or an empty one."""
    found = warehouse or lake_where.standing(stack, where.data_dir if where.is_local else None)
    if found is None:
        return None
    with told():
        from consumer.lake import key, listed  # noqa: PLC0415 - an extra, and slow to import
        from consumer.lake.table import checkpoint_of  # noqa: PLC0415
        from infra import lake_place  # noqa: PLC0415

        lake = lake_place.find(found, where.data_dir, lambda: stack)
        if warehouse is None and lake.is_new():
            return None
        table = lake.table()
        checkpoint = checkpoint_of(table)
        if checkpoint is None:  # A sync of an empty stream created the table.
            return None
        if checkpoint.stream != stack.stream_name:
            raise click.ClickException(
                f"The lake {lake.where} was synced from the stream {checkpoint.stream}, not from {stack.stream_name}. "
                f"Name another lake with --warehouse, or leave it out with --no-lake."
            )
        if checkpoint.created_ms != _created_ms(stack):
            raise click.ClickException(
                f"The lake {lake.where} was synced from an earlier stream of the name {stack.stream_name}, which was "
                f"deleted. Run `rdp lake sync` first, or leave the lake out with --no-lake."
            )
        rows = partial(listed.logs, table, tenants=tenants)
        return LakeSide(lake.where, checkpoint, rows, redactor_of(stack), key.read(key_path or lake.key_path))


def _created_ms(stack: Stack) -> int:
    described = stack.place.kinesis.describe_stream_summary(StreamName=stack.stream_name)["StreamDescriptionSummary"]
    return int(described["StreamCreationTimestamp"].timestamp() * 1000)


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
        out.say(
            f"{audit.broken_on_stream:,} records on the stream cannot be read as logs: `rdp replay --quarantine "
            f"FILE` writes "
            f"them to a file."
        )
    if audit.erased_on_stream:
        out.say(f"{counted(audit.erased_on_stream, 'erased log')} on the stream: not counted as missing.")
    if audit.erased_stored:
        out.say(f"{audit.erased_stored:,} erased logs are still stored: erase them again with `rdp erase`.")
    if audit.dead_letters_unseen:
        out.say(
            f"SQS did not show {audit.dead_letters_unseen:,} dead letters, because somebody else is reading them. "
            f"Run it again "
            f"in 5 minutes."
        )
    for log in audit.missing_ids or ():  # UNSET is false
        note = " (another text is stored under it)" if log.other_text_stored else ""
        out.say(f"missing: {log.tenant_id} {log.log_id}{note}")
    for item in audit.changed_ids or ():
        out.say(f"changed: {item.tenant_id} {item.log_id}")
    for one in audit.erased_ids or ():
        out.say(f"erased, still stored: {one.tenant_id} {one.log_id}")
    if audit.lake:
        _show_lake(audit.lake)
    several = audit.logs_in_flight_at_most > audit.in_flight
    each = audit.logs_in_flight_at_most // max(1, audit.in_flight)
    of_logs = f" (each of 1 to {each:,} logs)" if several else ""
    out.say(
        f"{audit.unaccounted:,} unaccounted, {audit.changed:,} changed, "
        f"{counted(audit.in_flight, 'message')} in the queue{of_logs}: {audit.verdict}"
    )
    if audit.verdict == "undecided":
        out.say(
            "The unaccounted logs may be those in the queue. Run it again when the queue is empty: `rdp status` shows "
            "it. If the consumer is stopped, start it: `rdp consumer start`."
        )


def _show_lake(lake: LakeAudit) -> None:
    differences = ", ".join(f"{_KINDS[kind]} {count:,}" for kind, count in lake.differences.items())
    out.say(
        f"lake {lake.where}: {lake.logs:,} logs of the stream up to its checkpoint, {lake.rows:,} rows, "
        f"{lake.after_checkpoint:,} after it; {differences or 'no difference'}"
    )
    for one in lake.named or ():
        out.say(f"{_KINDS[one.kind]}: {one.tenant_id} {one.log_id}")
