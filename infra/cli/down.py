"""`rdp down`: stop the local stack and keep its state."""

from pathlib import Path

import click

from infra.local import front, lifecycle
from infra.options.locator import data_dir_option
from infra.terminal import out


@click.command("down")
@data_dir_option
def command(*, data_dir: Path) -> None:
    """Stop the stack on this machine. The data folder keeps its queue, stream and table for the next `rdp up`."""
    front.stop(data_dir)  # First, so that nobody sends to an engine that stops.
    stopped = lifecycle.down(data_dir)
    out.say(f"No engine runs for {data_dir}." if stopped is None else f"Stopped. The state is kept in {data_dir}.")
