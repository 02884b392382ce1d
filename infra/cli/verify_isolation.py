"""`rdp verify-isolation`: what a tenant's session can and can't do, tried on the real thing."""

from typing import Final

import click
from rich.console import Console
from rich.table import Table

from infra import tenant_reader
from infra.options.locator import on_stack
from infra.stack import Stack, StackError
from infra.tenant_reader import NOT_SHOWN

EXIT_NOT_SHOWN: Final = 3
"""As for `rdp audit`: neither right nor wrong for certain."""


@click.command("verify-isolation")
@on_stack
@click.option("--tenant", "own", default="rdp-isolation-a", show_default=True, help="The tenant that tries.")
@click.option("--other", default="rdp-isolation-b", show_default=True, help="The tenant that must stay closed to it.")
def command(stack: Stack, *, own: str, other: str) -> None:
    """Take on the tenant's role and try what must work and what must be denied.

    The exit status is 0 when all is as it must be and 1 when anything differs. The engine of this machine does not
    know dynamodb:LeadingKeys, so that what depends on it is not shown there: 3, unless something else differs.
    """
    results = tenant_reader.verify(stack, own, other)
    table = Table("tried", "must be", "was")
    for result in results:
        table.add_row(*result, style=None if result.got in {result.expected, NOT_SHOWN} else "bold red")
    Console().print(table)
    wrong = [result.name for result in results if result.got not in {result.expected, NOT_SHOWN}]
    if wrong:
        raise StackError(f"{len(wrong)} of {len(results)} are not as they must be: {'; '.join(wrong)}.")
    hidden = [result.name for result in results if result.got == NOT_SHOWN]
    if hidden:
        click.echo(
            f"{len(results) - len(hidden)} of {len(results)} are as they must be. {len(hidden)} can't be shown here, "
            f"because the engine does not know dynamodb:LeadingKeys: {'; '.join(hidden)}. "
            "Prove them on AWS: rdp verify-isolation --stack NAME.",
            err=True,
        )
        raise click.exceptions.Exit(EXIT_NOT_SHOWN)
    click.echo(f"All {len(results)} are as they must be.")
