"""`rdp log`: show everything of one log."""

import shlex
from collections.abc import Iterator
from datetime import tzinfo

import click

from consumer.item import Key
from consumer.query.page import Found
from consumer.query.ranges import Range
from consumer.query.table import TableReader
from infra import log_life, log_traces, stored_logs
from infra.erasure import of_log
from infra.options.locator import on_stack
from infra.options.search import read_log_id, read_tenant
from infra.options.zone import zone_option
from infra.stack import Stack, StackError
from infra.terminal import exits, log_lines, out
from infra.terminal.examples import examples


@click.command(
    "log",
    epilog=examples(
        "rdp log acme 019ac8e2-5f00-7000-8000-000000000000",
        "rdp log acme my-id-1 --life  # where was it, and when",
    ),
)
@on_stack
@click.argument("tenant", callback=read_tenant)
@click.argument("log_id", callback=read_log_id)
@zone_option
@click.option("--raw", is_flag=True, help="Show the original text, not the redacted one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--life",
    is_flag=True,
    help="Show what happened to the log instead: request, stream record, receives, row or dead letter, with times.",
)
def command(stack: Stack, *, tenant: str, log_id: str, zone: tzinfo, raw: bool, as_json: bool, life: bool) -> None:
    """Show everything about one log: its times, its fields, its text.

    LOG_ID is the id that ingest returned. `rdp logs --json` and `rdp dlq list` show it, too.

    Exit status 3, with --life: it is on the stream or was tried, and is neither stored nor a dead letter yet.
    """
    if life:
        _show_life(stack, Key(tenant, log_id))
        return
    table = stored_logs.table(stack)
    key = Key(tenant, log_id)
    item = table.get([key]).get(key)
    if item is None:
        received_ms = log_life.receipt_ms(key, item=None, letters=())
        erasure = of_log.find(stack.place.dynamodb, stack.table_name, key, received_ms)
        raise StackError(
            f"Tenant {tenant!r} has no stored log {log_id!r}. {of_log.why_absent(erasure)} With --life this command "
            f"shows what is known of it."
        )
    if as_json:
        out.say_json(log_lines.as_json(item, raw=raw))
        return
    for line in log_lines.whole(item, zone=zone, raw=raw):
        out.say(line)
    if others := [one.key.log_id for one in _beside(table, key)]:
        out.say(err=True)
        out.say("Further texts came under this log id. Each is a log of its own:", err=True)
        for other in others:
            out.say(f"  rdp log {shlex.quote(tenant)} {shlex.quote(other)}", err=True)


def _beside(table: TableReader, key: Key) -> Iterator[Found]:
    """Yield the logs whose key is this log id, a space and a digest in hex: "g" is above all of them."""
    of_digests = Range("table", f"{key.log_id} ", f"{key.log_id} g")
    for page in table.query(key.tenant_id, of_digests, newest_first=False, limit=100):
        yield from page


def _show_life(stack: Stack, key: Key) -> None:
    traces = log_traces.gather(stack, key)
    for at, what, detail in map(log_life.told, log_life.life(traces)):
        out.say(f"{at or '-':<24}  {what:<13}  {detail}")
    if traces.is_under_way:
        out.say(
            f"{log_life.NOT_YET} `rdp consumer status` says whether the consumer runs. If nothing is queued or in "
            f"flight (`rdp status`), its row is gone: `rdp rebuild --tenant {key.tenant_id}` brings it back.",
            err=True,
        )
        raise click.exceptions.Exit(exits.UNDECIDED)
    if not traces.is_ended:
        raise StackError(
            f"Tenant {key.tenant_id!r} has neither a row nor a dead letter {key.log_id!r}. "
            f"{of_log.why_absent(traces.erasure)}"
        )
