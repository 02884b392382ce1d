"""The examples at the end of a help text."""

import click
from click.testing import CliRunner

from infra.terminal.examples import examples


def test_examples_stand_as_written_at_the_end_of_the_help() -> None:
    """Click wraps none of the lines, and what they do stands in one column."""
    lines = ("rdp audit", f"rdp audit {'--tenant acme ' * 9}", "rdp audit --json  # for a program")

    @click.command(epilog=examples(*lines))
    def command() -> None:
        """Do nothing."""

    shown = CliRunner().invoke(command, ["--help"], terminal_width=60).output.splitlines()
    at = shown.index("  Examples:")
    assert shown[at + 1] == "    rdp audit"
    assert shown[at + 2].split() == lines[1].split()
    assert shown[at + 3].split("  # ")[1] == "for a program"
    assert len(shown) == at + 4
