"""`rdp dlq`: the dead letters listed, shown, exported, sent back and removed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from consumer.replay import private
from infra import dead_letters, move_task
from infra import purge as removal  # `purge` is the verb
from infra.counts import queue_depth
from infra.dead_letter import DeadLetter, Filter
from infra.options.locator import on_stack
from infra.stack import Stack, StackError
from infra.terminal import out
from infra.terminal.summaries import WholeSummaries


def _filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--tenant`, `--reason` and `--id`; the function gets a `Filter` as `wanted`."""

    @click.option("--tenant", help="Only this tenant's.")
    @click.option("--reason", help="Only those of this reason, as `rdp dlq list` shows it.")
    @click.option("--id", "id_", metavar="ID", help="Only that with this message id or log id.")
    @wraps(function)
    def wrapper(*arguments: Any, tenant: str | None, reason: str | None, id_: str | None, **options: Any) -> None:
        function(*arguments, wanted=Filter(tenant, reason, id_), **options)

    return wrapper


@click.group("dlq", cls=WholeSummaries)
def command() -> None:
    """Look at the dead-letter queue, send its messages back, or remove them.

    A look receives all messages and gives them back at its end: until then nobody else sees them. An ID is a message's
    id here, or the one that it had in the queue, as `rdp tail` shows it, or its log_id.
    """


@command.command("list")
@on_stack
@_filtered
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, bodies included.")
def list_(stack: Stack, *, wanted: Filter, as_json: bool) -> None:
    """List the dead letters, the oldest first, and count them by reason."""
    letters = _wanted(stack, wanted)
    if as_json:
        for letter in letters:
            out.say_json(letter.as_json())
        return
    rows = [
        (one.message_id, one.reason, one.tenant_id, _named(one), one.received_at, str(one.receive_count))
        for one in letters
    ]
    if letters:
        out.say_columns(("message id", "reason", "tenant_id", "log_id", "received_at", "receives"), rows)
    out.say(_counted(letters))
    _warn_of_hidden(stack)


@command.command("show")
@on_stack
@click.argument("id_", metavar="ID")
def show(stack: Stack, *, id_: str) -> None:
    """Show the dead letters of an ID: reason, attributes and body as it is."""
    letters = _wanted(stack, Filter(id=id_))
    if not letters:
        raise StackError(f"No dead letter {id_!r} is visible. Take an id of `rdp dlq list`; somebody may look too.")
    for found in letters:
        for name in ("message_id", "reason", "tenant_id", "log_id", "received_at", "receive_count"):
            out.say(f"{name:<20} {_named(found) if name == 'log_id' else getattr(found, name)}")
        for name, value in sorted(found.attributes.items()):
            out.say(f"{'attribute ' + name:<20} {value}")
        out.say("body")
        out.say(found.body)


@command.command("export")
@on_stack
@_filtered
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(stack: Stack, *, wanted: Filter, file: Path) -> None:
    """Write the dead letters to FILE, one JSON object a line. Nothing is removed; FILE must not exist."""
    with private.opened(file, anew=True) as lines:
        letters = _wanted(stack, wanted)
        lines.writelines(map(removal.line, letters))
    out.say(f"{len(letters)} dead letters written to {file}.")
    _warn_of_hidden(stack)


@command.command("purge")
@on_stack
@_filtered
@click.option(
    "--export",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where they are kept. [default: dead-letters-TIME.ndjson]",
)
@click.option("--no-export", is_flag=True, help="Keep them nowhere.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(stack: Stack, *, wanted: Filter, file: Path | None, no_export: bool, yes: bool) -> None:
    """Remove dead letters for good: all of them, or a tenant's, or those of a reason or ID. It asks first.

    Each is written to a file before it is removed. What comes after the question is left.
    """
    if file and no_export:
        raise click.UsageError("--export and --no-export exclude each other.")
    letters = _wanted(stack, wanted)
    out.say(_counted(letters))
    _warn_of_hidden(stack)
    if not letters:
        return
    kept_in = None if no_export else file or Path(f"dead-letters-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.ndjson")
    if not yes:
        out.confirm(f"Remove them, {f'kept in {kept_in}' if kept_in else 'kept nowhere'}?", abort=True)
    ids = {letter.message_id for letter in letters}
    gone, refused = removal.purge(stack, ids, kept_in)
    out.say(f"{gone} dead letters removed{f'; they are in {kept_in}' if kept_in else ''}.")
    if gone < len(ids):
        codes = ", ".join(f"{code} {count}" for code, count in refused.items()) or "others hold them"
        raise StackError(f"{len(ids) - gone} are left: {codes}. Run it again.")


@command.command("redrive")
@on_stack
@_filtered
def redrive(stack: Stack, *, wanted: Filter) -> None:
    """Send dead letters back to the queue: all of them, or a tenant's, or those of a reason or ID.

    It may be stopped at any moment and started again: no message is ever lost by it.
    """
    everything = wanted == Filter()
    with out.progress() as progress:
        task = progress.add_task("redrive", total=sum(queue_depth(stack, stack.dlq_url)) or None)

        def tell(moved: int) -> None:
            progress.update(task, completed=moved)

        arns = {"dlq_arn": stack.outputs["DeadLetterQueueArn"], "queue_arn": stack.outputs["QueueArn"]}
        if everything and move_task.start(stack.place.sqs, **arns):
            moved = move_task.follow(stack.place.sqs, dlq_arn=arns["dlq_arn"], tell=tell, sleep=time.sleep)
            refused: dict[str, int] = {}
        else:
            moved, refused = dead_letters.redrive(
                stack.place.sqs, dlq_url=stack.dlq_url, queue_url=stack.queue_url, wanted=wanted, tell=tell
            )
    out.say(f"{moved} messages sent back to the queue.")
    if refused:
        codes = ", ".join(f"{code} {count}" for code, count in refused.items())
        raise StackError(f"{sum(refused.values())} stay in the dead-letter queue: {codes}. Run it again.")


def _wanted(stack: Stack, wanted: Filter) -> list[DeadLetter]:
    letters = filter(wanted.takes, dead_letters.look(stack.place.sqs, stack.dlq_url))
    return sorted(letters, key=lambda letter: (letter.sent_ms, letter.message_id))


def _named(letter: DeadLetter) -> str:
    return f"{len(letter.logs)} logs" if len(letter.logs) > 1 else letter.log_id


def _counted(letters: Sequence[DeadLetter]) -> str:
    reasons = Counter(letter.reason for letter in letters)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    logs = sum(max(1, len(letter.logs)) for letter in letters)
    of_logs = f" of {logs} logs" if logs > len(letters) else ""
    return f"{len(letters)} dead letters{of_logs}{': ' + told if told else ''}"


def _warn_of_hidden(stack: Stack) -> None:
    if hidden := queue_depth(stack, stack.dlq_url)[1]:
        out.say(f"{hidden} more are hidden: somebody else looks, or a look was killed. Wait 5 minutes.", err=True)
