"""`rdp dlq`: the dead letters listed, shown, exported, sent back and removed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from consumer.replay import private
from infra import dead_letters, move_task
from infra import purge as removal  # `purge` is the verb
from infra.counts import queue_depth
from infra.dead_letter import UNMARKED_REASON, DeadLetter, Filter
from infra.options.locator import on_stack
from infra.stack import Stack, StackError
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.summaries import WholeSummaries
from infra.terminal.text import counted, printable
from ingest.contract.errors import POISON_REASONS

_REASONS: Final = (UNMARKED_REASON, *POISON_REASONS)


def _filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--tenant`, `--reason` and `--id`; the function gets a `Filter` as `wanted`."""

    @click.option("--tenant", metavar="ID", help="Only this tenant's dead letters.")
    @click.option("--reason", help="Only dead letters with this reason, as `rdp dlq list` shows it.")
    @click.option("--id", "id_", metavar="ID", help="Only the dead letters with this message id or log id.")
    @wraps(function)
    def wrapper(*arguments: Any, tenant: str | None, reason: str | None, id_: str | None, **options: Any) -> None:
        function(*arguments, wanted=Filter(tenant, reason, id_), **options)

    return wrapper


@click.group(
    "dlq",
    cls=WholeSummaries,
    epilog=examples(
        "rdp dlq list",
        "rdp dlq show 019ac8e2-5f00-7000-8000-000000000000",
        "rdp dlq redrive --reason max_receives_exceeded",
        "rdp dlq purge --tenant acme",
    ),
)
def command() -> None:
    """List, show and export dead letters, send them back to the queue, or remove them.

    A dead letter is a message that could not be processed. Its ID is any of these: its message id in the dead-letter
    queue, the message id that it had before (`rdp tail` shows it), or its log_id.

    Each command receives all messages of the dead-letter queue, and gives them back at its end. Until then nobody else
    sees them.
    """


@command.command("list")
@on_stack
@_filtered
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, with the body.")
def list_(stack: Stack, *, wanted: Filter, as_json: bool) -> None:
    """List the dead letters, oldest first, and count them by reason."""
    letters, there = _wanted(stack, wanted)
    if as_json:
        for letter in letters:
            out.say_json(letter.as_json())
        return
    rows = [
        (one.message_id, one.reason, one.tenant_id, _named(one), one.received_at, str(one.receive_count))
        for one in letters
    ]
    if letters:
        out.say_columns(("message id", "reason", "tenant_id", "log_id", "received_at", "receives with looks"), rows)
    out.say(_told(letters, there))
    if _is_mistyped(wanted, there):
        out.say(f"Known reasons: {', '.join(_REASONS)}", err=True)
    _warn_of_hidden(stack)


@command.command("show")
@on_stack
@click.argument("id_", metavar="ID")
def show(stack: Stack, *, id_: str) -> None:
    """Show the dead letters with this ID: reason, attributes and the whole body."""
    letters, _ = _wanted(stack, Filter(id=id_))
    if not letters:
        raise StackError(
            f"There is no dead letter {id_!r}, or somebody else is reading it. `rdp dlq list` shows the ids."
        )
    for found in letters:
        for name in ("message_id", "reason", "tenant_id", "log_id", "received_at"):
            out.say(f"{name:<20} {_named(found) if name == 'log_id' else getattr(found, name)}")
        out.say(f"{'receive_count':<20} {found.receive_count}, with every look at the dead-letter queue")
        for name, value in sorted(found.attributes.items()):
            out.say(f"{'attribute ' + name:<20} {value}")
        out.say("body")
        out.say(found.body)


@command.command("export")
@on_stack
@_filtered
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(stack: Stack, *, wanted: Filter, file: Path) -> None:
    """Write the dead letters to FILE, one JSON object a line. Nothing is removed. FILE must not exist."""
    letters, there = _wanted(stack, wanted)
    _refuse_mistyped(wanted, there)
    with private.opened(file, anew=True) as lines:
        lines.writelines(map(removal.line, letters))
    chosen = "" if len(letters) == len(there) else f"{len(letters):,} of "
    out.say(f"{chosen}{counted(len(there), 'dead letter')} written to {file}.")
    _warn_of_hidden(stack)


@command.command("purge")
@on_stack
@_filtered
@click.option(
    "--export",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Save them in FILE.  [default: dead-letters-TIME.ndjson]",
)
@click.option("--no-export", is_flag=True, help="Save them nowhere.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(stack: Stack, *, wanted: Filter, file: Path | None, no_export: bool, yes: bool) -> None:
    """Remove dead letters for good: all of them, or those that the options choose. It asks first.

    Each dead letter is saved in a file before it is removed. Dead letters that arrive after the question stay.
    """
    if file and no_export:
        raise click.UsageError("Give --export or --no-export, not both.")
    letters, there = _wanted(stack, wanted)
    _refuse_mistyped(wanted, there)
    out.say(_told(letters, there))
    _warn_of_hidden(stack)
    if not letters:
        return
    kept_in = None if no_export else file or Path(f"dead-letters-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.ndjson")
    if not yes:
        out.confirm(
            f"Remove them for good, {f'after saving them in {kept_in}' if kept_in else 'without saving them'}?",
            abort=True,
        )
    ids = {letter.message_id for letter in letters}
    gone, refused = removal.purge(stack, ids, kept_in)
    out.say(f"{counted(gone, 'dead letter')} removed{f' and saved in {kept_in}' if kept_in else ''}.")
    if gone < len(ids):
        codes = ", ".join(f"{code} {count}" for code, count in refused.items()) or "somebody else is reading them"
        raise StackError(f"{counted(len(ids) - gone, 'dead letter')} still there: {codes}. Run it again.")


@command.command("redrive")
@on_stack
@_filtered
def redrive(stack: Stack, *, wanted: Filter) -> None:
    """Send dead letters back to the queue: all of them, or those that the options choose.

    You can stop it at any moment and start it again: it loses no message.
    """
    everything = wanted == Filter()
    if _is_mistyped(wanted, ()):  # Perhaps: only a look at the dead letters can tell.
        _refuse_mistyped(wanted, _wanted(stack, wanted)[1])
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
    none = "" if moved or everything else " `rdp dlq list` shows what can be chosen."
    then = " `rdp dlq list` shows later what came back." if moved else none
    out.say(f"{counted(moved, 'message')} sent back to the queue.{then}")
    if refused:
        codes = ", ".join(f"{code} {count}" for code, count in refused.items())
        raise StackError(f"{sum(refused.values())} stay in the dead-letter queue: {codes}. Run it again.")


def _wanted(stack: Stack, wanted: Filter) -> tuple[list[DeadLetter], list[DeadLetter]]:
    """Return the chosen dead letters and all that are there, both oldest first."""
    there = sorted(dead_letters.look(stack.place.sqs, stack.dlq_url), key=lambda one: (one.sent_ms, one.message_id))
    return [letter for letter in there if wanted.takes(letter)], there


def _is_mistyped(wanted: Filter, there: Sequence[DeadLetter]) -> bool:
    """Say whether the reason is none that the consumer or SQS gives, and none of the dead letters has it."""
    return wanted.reason not in {None, *_REASONS, *(letter.reason for letter in there)}


def _refuse_mistyped(wanted: Filter, there: Sequence[DeadLetter]) -> None:
    if _is_mistyped(wanted, there):
        raise click.UsageError(f"No dead letter has the reason {wanted.reason!r}. Known reasons: {', '.join(_REASONS)}")


def _named(letter: DeadLetter) -> str:
    return f"{len(letter.logs)} logs" if len(letter.logs) > 1 else letter.log_id


def _told(letters: Sequence[DeadLetter], there: Sequence[DeadLetter]) -> str:
    """Return how many dead letters were chosen, by reason; if none was, by which reasons one may choose."""
    if there and not letters:
        return f"None of {counted(len(there), 'dead letter')} matches. Their reasons: {_by_reason(there)}"
    logs = sum(max(1, len(letter.logs)) for letter in letters)
    with_logs = f" with {logs:,} logs" if logs > len(letters) else ""
    chosen = "" if len(letters) == len(there) else f"{len(letters):,} of "
    reasons = f": {_by_reason(letters)}" if letters else ""
    return f"{chosen}{counted(len(there), 'dead letter')}{with_logs}{reasons}"


def _by_reason(letters: Sequence[DeadLetter]) -> str:
    counts = Counter(letter.reason for letter in letters)
    return ", ".join(f"{printable(reason)} {count:,}" for reason, count in counts.most_common())


def _warn_of_hidden(stack: Stack) -> None:
    if hidden := queue_depth(stack, stack.dlq_url)[1]:
        out.say(
            f"{hidden} more are hidden: somebody else is reading them, or a command was killed. Run it again in 5 "
            f"minutes.",
            err=True,
        )
