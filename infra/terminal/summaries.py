"""The list of commands in a help text."""

from typing import Final

import click

_WHOLE: Final = 10_000
"""Characters, more than any sentence has: by default click cuts a summary to the rest of one line."""


class WholeSummaries(click.Group):
    """A group whose help shows the whole first sentence of each command, on as many lines as needed."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in found if command is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
