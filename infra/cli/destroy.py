"""`rdp destroy`: delete a stack."""

import click

from infra import code_bucket, deployment, protection
from infra.options.locator import aws_stack_options
from infra.stack import Place, StackError
from infra.terminal import out
from infra.terminal.progress import Progress


@click.command("destroy")
@aws_stack_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--code-bucket",
    "with_bucket",
    is_flag=True,
    help="Also remove rdp-code-<account>-<region>, the bucket of the packages.",
)
def command(*, place: Place, name: str, yes: bool, with_bucket: bool) -> None:
    """Delete a stack in AWS with every log in it: table, stream and queues. It asks first.

    A stack that was deployed with DeletionProtection=true is not deleted.
    """
    if deployment.is_protected(place, name):
        raise StackError(f"Stack {name} is protected. Deploy it with --param DeletionProtection=false first.")
    present = deployment.resources(place, name)
    protection.refuse_if_protected(place, name)
    if not yes:
        out.confirm(f"Delete stack {name} in {place.session.region_name} with every log in it?", abort=True)
    deployment.destroy(place, name, tell=Progress(present))
    if with_bucket:
        code_bucket.remove(place, code_bucket.default_name(place))
    out.say(f"Stack {name} is gone.")
