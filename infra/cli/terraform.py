"""`rdp terraform`: apply the Terraform configuration to the engine of this machine."""

from collections.abc import Mapping
from pathlib import Path

import click

from infra.local import limits, terraform
from infra.options.locator import data_dir_option
from infra.options.parameters import parameters_option
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.summaries import WholeSummaries


@click.group(
    "terraform",
    cls=WholeSummaries,
    epilog=examples("rdp terraform apply --param SecondsPerChar=0", "rdp terraform destroy"),
)
def command() -> None:
    """Apply the Terraform configuration infra/terraform to the engine that `rdp up --detach` runs.

    It needs the command terraform, and the AWS provider: from its registry, or in the folder TF_PLUGIN_DIR.

    In AWS, use terraform itself. The other commands then work on its stack with --outputs FILE.
    """


@command.command("apply")
@parameters_option
@data_dir_option
def apply(*, data_dir: Path, parameters: Mapping[str, str]) -> None:
    """Create or update the Terraform stack in the engine, beside the stack of `rdp up`."""
    limits.check(parameters)
    applied = terraform.apply(data_dir, parameters, tell=out.say)
    out.say(f"endpoint  {applied.endpoint}")
    out.say(f"Every command works on it with --data-dir {data_dir / 'terraform'}")


@command.command("destroy")
@data_dir_option
def destroy(*, data_dir: Path) -> None:
    """Delete the Terraform stack in the engine."""
    terraform.destroy(data_dir)
    out.say("Destroyed.")
