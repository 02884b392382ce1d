"""`rdp verify-isolation`: what a tenant's session can and can't do, tried on the real thing."""

import click
from rich.console import Console
from rich.table import Table

from infra import tenant_reader
from infra.options.locator import on_stack
from infra.stack import Stack, StackError


@click.command("verify-isolation")
@on_stack
@click.option("--tenant", "own", default="rdp-isolation-a", show_default=True, help="The tenant that tries.")
@click.option("--other", default="rdp-isolation-b", show_default=True, help="The tenant that must stay closed to it.")
def command(stack: Stack, *, own: str, other: str) -> None:
    """Take on the tenant's role and try what must work and what must be denied. Exits with 1 if anything differs.

    The engine of this machine does not evaluate dynamodb:LeadingKeys: only on AWS can every case pass.
    """
    results = tenant_reader.verify(stack, own, other)
    table = Table("tried", "must be", "was")
    for result in results:
        table.add_row(*result, style=None if result.expected == result.got else "bold red")
    Console().print(table)
    wrong = [result.name for result in results if result.expected != result.got]
    if wrong:
        raise StackError(f"{len(wrong)} of {len(results)} are not as they must be: {'; '.join(wrong)}.")
    click.echo(f"All {len(results)} are as they must be.")
