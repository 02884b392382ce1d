"""The list of commands in a help text."""

from typing import Final

import click

_WHOLE: Final = 10_000
"""Characters, beyond any sentence: click by itself cuts a summary to what is left of one line."""


class WholeSummaries(click.Group):
    """A group whose help has each command's first sentence whole, on as many lines as it takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in found if command is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
