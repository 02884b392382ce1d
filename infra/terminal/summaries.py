"""The commands of a group: their list in a help text, and what to say of one that is none."""

from difflib import get_close_matches
from typing import Final

import click

_WHOLE: Final = 10_000
"""Characters, more than any sentence has: by default click cuts a summary to the rest of one line."""


class WholeSummaries(click.Group):
    """A group whose help shows the whole first sentence of each command; of a misspelt one it guesses what is meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, as click does. Raises: click.UsageError: there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            alike = get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f"Did you mean {alike[0]}?" if alike else f"`{ctx.command_path} --help` lists the commands."
            raise click.UsageError(f"{error.message} {meant}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in found if command is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
