"""`rdp consumer`: stop and start the consumer."""

import time

import click

from infra import consumer_switch
from infra.consumer_switch import Mapping
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.terminal import out
from infra.terminal.summaries import WholeSummaries


@click.group("consumer", cls=WholeSummaries)
def command() -> None:
    """Stop and start the consumer. While it is stopped the queue keeps the logs, for 4 days.

    Ingest goes on. What the consumer is at work on when it is stopped, it ends. A deployment leaves it as it is.
    """


@command.command("stop")
@on_stack
def stop(stack: Stack) -> None:
    """Take no more logs from the queue."""
    _show(consumer_switch.turn(stack, "Disabled", monotonic=time.monotonic, sleep=time.sleep))


@command.command("start")
@on_stack
def start(stack: Stack) -> None:
    """Take logs from the queue again."""
    _show(consumer_switch.turn(stack, "Enabled", monotonic=time.monotonic, sleep=time.sleep))


@command.command("status")
@on_stack
def status(stack: Stack) -> None:
    """Show whether logs are taken from the queue, and the id of the mapping that does it."""
    _show(consumer_switch.find(stack))


def _show(mapping: Mapping) -> None:
    out.say(f"The consumer is {mapping.state.lower()} (event source mapping {mapping.id}).")
