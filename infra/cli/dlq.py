"""`rdp dlq`: the dead letters listed, shown, exported and sent back."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from infra import dead_letters, move_task
from infra.counts import queue_depth
from infra.dead_letters import DeadLetter, Filter
from infra.options.locator import on_stack
from infra.stack import Stack, StackError
from infra.terminal.text import printable


def _filtered(function: Callable[..., None]) -> Callable[..., None]:
    tenant = click.option("--tenant", help="Only this tenant's.")
    return tenant(click.option("--reason", help="Only those of this reason, as `rdp dlq list` shows it.")(function))


@click.group("dlq")
def command() -> None:
    """Look at the dead-letter queue and send its messages back.

    A look receives all messages and gives them back at its end: until then nobody else sees them.
    """


@command.command("list")
@on_stack
@_filtered
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, bodies included.")
def list_(stack: Stack, *, tenant: str | None, reason: str | None, as_json: bool) -> None:
    """List the dead letters, the oldest first, and count them by reason."""
    letters = _wanted(stack, Filter(tenant, reason))
    if as_json:
        for letter in letters:
            click.echo(letter.as_json())
        return
    table = Table()
    for name in ("message id", "reason", "tenant_id", "log_id", "received_at", "receives"):
        table.add_column(name, overflow="fold")
    for letter in letters:
        row = (letter.message_id, letter.reason, letter.tenant_id, letter.log_id, letter.received_at)
        table.add_row(*(Text(printable(value)) for value in row), str(letter.receive_count))
    if letters:
        Console().print(table)
    reasons = Counter(letter.reason for letter in letters)
    told = ", ".join(f"{printable(reason)} {count}" for reason, count in reasons.most_common())
    click.echo(f"{len(letters)} dead letters{': ' + told if told else ''}")
    _warn_of_hidden(stack)


@command.command("show")
@on_stack
@click.argument("message_id")
def show(stack: Stack, *, message_id: str) -> None:
    """Show one dead letter: its reason, its attributes and its body as it is."""
    with contextlib.closing(dead_letters.look(stack.place.sqs, stack.dlq_url)) as letters:
        found = next((letter for letter in letters if letter.message_id == message_id), None)
    if found is None:
        raise StackError(
            f"No dead letter {message_id!r} is visible. Take an id of `rdp dlq list`; somebody may look too."
        )
    for name in ("message_id", "reason", "tenant_id", "log_id", "received_at", "receive_count"):
        click.echo(f"{name:<20} {printable(str(getattr(found, name)))}")
    for name, value in sorted(found.attributes.items()):
        click.echo(f"{'attribute ' + printable(name):<20} {printable(value)}")
    click.echo(f"body\n{printable(found.body)}")


@command.command("export")
@on_stack
@_filtered
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(stack: Stack, *, tenant: str | None, reason: str | None, file: Path) -> None:
    """Write the dead letters to FILE, one JSON object a line. Nothing is removed; FILE must not exist."""
    try:
        file.touch(mode=0o600, exist_ok=False)  # It holds tenants' texts.
    except FileExistsError as error:
        raise StackError(f"{file} exists already. Name a new file.") from error
    letters = _wanted(stack, Filter(tenant, reason))
    with file.open("w") as lines:
        lines.writelines(chain.from_iterable((letter.as_json(), "\n") for letter in letters))
    click.echo(f"{len(letters)} dead letters written to {file}.")
    _warn_of_hidden(stack)


@command.command("redrive")
@on_stack
@_filtered
def redrive(stack: Stack, *, tenant: str | None, reason: str | None) -> None:
    """Send dead letters back to the queue: all of them, or a tenant's, or those of a reason.

    It may be stopped at any moment and started again: no message is ever lost by it.
    """
    wanted = Filter(tenant, reason)
    everything = wanted == Filter()
    with Progress(console=Console(stderr=True), transient=True) as progress:
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
    click.echo(f"{moved} messages sent back to the queue.")
    if refused:
        codes = ", ".join(f"{code} {count}" for code, count in refused.items())
        raise StackError(f"{sum(refused.values())} stay in the dead-letter queue: {codes}. Run it again.")


def _wanted(stack: Stack, wanted: Filter) -> list[DeadLetter]:
    letters = filter(wanted.takes, dead_letters.look(stack.place.sqs, stack.dlq_url))
    return sorted(letters, key=lambda letter: (letter.sent_ms, letter.message_id))


def _warn_of_hidden(stack: Stack) -> None:
    if hidden := queue_depth(stack, stack.dlq_url)[1]:
        click.echo(f"{hidden} more are hidden: somebody else looks, or a look was killed. Wait 5 minutes.", err=True)
