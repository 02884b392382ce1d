"""`rdp verify-isolation`: try what a tenant's session can and can't do, on the deployed stack."""

import click

from infra import tenant_reader
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.tenant_reader import NOT_SHOWN
from infra.terminal import exits, out


@click.command("verify-isolation")
@on_stack
@click.option(
    "--tenant",
    "own",
    default="rdp-isolation-a",
    show_default=True,
    metavar="ID",
    help="The tenant whose role is tried.",
)
@click.option(
    "--other",
    default="rdp-isolation-b",
    show_default=True,
    metavar="ID",
    help="The tenant whose rows it must not read.",
)
def command(stack: Stack, *, own: str, other: str) -> None:
    """Prove that a tenant reads only its own rows: try what its role must allow and what it must deny.

    Exit status 0: everything is as it must be.

    Exit status 3: not certain. The engine of this machine does not know dynamodb:LeadingKeys and cannot show what
    depends on it.

    Exit status 4: something is not as it must be.
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
