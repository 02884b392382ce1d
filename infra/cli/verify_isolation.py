"""`rdp verify-isolation`: try what a tenant's session can and can't do, on the deployed stack."""

import click

from infra import tenant_reader
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.tenant_reader import NOT_SHOWN
from infra.terminal import exits, out


@click.command("verify-isolation")
@on_stack
@click.option("--tenant", "own", default="rdp-isolation-a", show_default=True, help="The tenant that tries.")
@click.option("--other", default="rdp-isolation-b", show_default=True, help="The tenant that must stay closed to it.")
def command(stack: Stack, *, own: str, other: str) -> None:
    """Take on the tenant's role and try what must work and what must be denied.

    The exit status is 0 when all is as it must be and 4 when anything differs. The engine of this machine does not
    know dynamodb:LeadingKeys, so that what depends on it is not shown there: 3, unless something else differs.
    """
    results = tenant_reader.verify(stack, own, other)
    wrong = [result.name for result in results if result.got not in {result.expected, NOT_SHOWN}]
    out.say_table(("tried", "must be", "was"), results, style=lambda row: "bold red" if row[0] in wrong else None)
    if wrong:
        out.say(f"{len(wrong)} of {len(results)} are not as they must be: {'; '.join(wrong)}.", err=True)
        raise click.exceptions.Exit(exits.BAD)
    hidden = [result.name for result in results if result.got == NOT_SHOWN]
    if hidden:
        out.say(
            f"{len(results) - len(hidden)} of {len(results)} are as they must be. {len(hidden)} can't be shown here, "
            f"because the engine does not know dynamodb:LeadingKeys: {'; '.join(hidden)}. "
            "Prove them on AWS: rdp verify-isolation --stack NAME.",
            err=True,
        )
        raise click.exceptions.Exit(exits.UNDECIDED)
    out.say(f"All {len(results)} are as they must be.")
