"""The progress of a deployment: a line for each event."""

from collections.abc import Set as AbstractSet

import click

from infra.changeset import Event
from infra.terminal.text import printable


class Progress:
    """Prints a line for each event, with the number of changed resources that are done."""

    def __init__(self, changing: AbstractSet[str]) -> None:
        self._changing = changing
        self._ended: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Print the event."""
        if event.ended and event.logical_id in self._changing:
            self._ended.add(event.logical_id)
        reason = f"  {printable(event.reason)}" if event.reason and event.status.endswith("_FAILED") else ""
        click.echo(f"[{len(self._ended):>2}/{len(self._changing)}] {event.status:<20} {event.logical_id}{reason}")
