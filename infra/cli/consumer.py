"""`rdp consumer`: stop and start the consumer."""

import time

import click

from infra import consumer_switch
from infra.consumer_switch import Mapping
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.summaries import WholeSummaries


@click.group(
    "consumer", cls=WholeSummaries, epilog=examples("rdp consumer stop", "rdp consumer status", "rdp consumer start")
)
def command() -> None:
    """Stop and start the consumer, which takes logs from the queue and stores them.

    While it is stopped, ingest still accepts logs, and the queue keeps them for 4 days. The consumer finishes what it
    had begun. A deployment neither starts nor stops it.
    """


@command.command("stop")
@on_stack
def stop(stack: Stack) -> None:
    """Stop the consumer: it takes no more logs from the queue."""
    _show(consumer_switch.turn(stack, "Disabled", monotonic=time.monotonic, sleep=time.sleep))


@command.command("start")
@on_stack
def start(stack: Stack) -> None:
    """Start the consumer: it takes logs from the queue again."""
    _show(consumer_switch.turn(stack, "Enabled", monotonic=time.monotonic, sleep=time.sleep))


@command.command("status")
@on_stack
def status(stack: Stack) -> None:
    """Show whether the consumer takes logs from the queue, and the id of its event source mapping."""
    _show(consumer_switch.find(stack))


def _show(mapping: Mapping) -> None:
    said = {"Enabled": "runs", consumer_switch.STOPPED: "is stopped; the queue keeps the logs for 4 days"}
    told = said.get(mapping.state, f"is {mapping.state.lower()}")
    out.say(f"The consumer {told} (event source mapping {mapping.id}: {mapping.state}).")
