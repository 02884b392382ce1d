"""`rdp deploy`: deploy the template by change set, in AWS or an emulator of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from infra import (
    built_packages,
    changeset,
    code_bucket,
    deployment,
    function_start,
    package,
    protection,
    refusals_ahead,
    stack,
)
from infra.changeset import Change
from infra.options.locator import aws_stack_options
from infra.options.parameters import parameters_option
from infra.stack import Place, StackError, WrongParameterError
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.progress import Progress

_SIMULATION: Final = frozenset({"SecondsPerChar", "CrashProbability"})


@click.command(
    "deploy",
    epilog=examples(
        "rdp deploy --stack rdp --param SecondsPerChar=0 --param CrashProbability=0",
        "rdp deploy --stack rdp --dry-run",
    ),
)
@aws_stack_options
@parameters_option
@click.option(
    "--simulate",
    is_flag=True,
    help="Allow a first deployment to simulate work and crashes, as the template does by default.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show the change set and apply nothing. A dry run leaves only the template, in the code's bucket. It makes "
    "that bucket if there is none.",
)
@click.option(
    "--reset",
    is_flag=True,
    help="Reset each parameter that you do not give with --param to its default. Without --reset it keeps its value.",
)
@click.option(
    "--revert-drift", is_flag=True, help="Also undo what somebody changed by hand. Only AWS itself can do this."
)
@click.option("--yes", is_flag=True, help="Do not ask, not even before logs are deleted or left behind.")
@click.option(
    "--packages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder made by `rdp package`, for the stack's Runtime and Architecture.  [default: build them now]",
)
@click.option(
    "--bucket",
    metavar="NAME",
    help="Bucket for packages and template, made if missing.  [default: rdp-code-<account>-<region>]",
)
def command(
    *,
    place: Place,
    name: str,
    parameters: Mapping[str, str],
    simulate: bool,
    dry_run: bool,
    reset: bool,
    revert_drift: bool,
    yes: bool,
    packages: Path | None,
    bucket: str | None,
) -> None:
    """Deploy the stack to AWS, or update it: build the functions' packages, upload them, apply a change set.

    It shows the changes, and asks first if logs would be deleted or left behind. If CloudFormation fails, the stack is
    rolled back, and the command ends with exit status 1 and the name of the resource that failed.
    """
    goal = deployment.target(place, name, parameters, reset=reset)
    if goal.deployed is None and not simulate and (unsaid := _SIMULATION - parameters.keys()):
        raise WrongParameterError(
            f"By default a first deployment simulates work and crashes ({', '.join(sorted(unsaid))}). For "
            f"production: --param SecondsPerChar=0 --param CrashProbability=0. For a trial: --simulate."
        )
    objections = changeset.objections(goal.values, given=parameters, declared=goal.declared)
    if objections := objections or changeset.advice(goal.values):
        raise WrongParameterError("\n".join((*objections, "Nothing was deployed.")))
    if ahead := refusals_ahead.objections(place, name, deployed=goal.deployed, values=goal.values):
        raise StackError("\n".join((*ahead, "Nothing was deployed.")))
    bucket = bucket or code_bucket.default_name(place)
    built = _packages(packages, goal.values)
    if code_bucket.ensure(place, bucket, owner=place.account):
        out.say(f"Made the bucket {bucket}.")
    template_url = code_bucket.upload_template(place, bucket, deployment.TEMPLATE.read_text())
    code = code_bucket.code_parameters(bucket, built) if dry_run else code_bucket.upload(place, bucket, built)
    out.say("Making the change set.")
    how = {"reset": reset, "dry_run": dry_run, "revert_drift": revert_drift}
    proposal = deployment.propose(place, name, code | dict(parameters), goal, template_url=template_url, **how)
    if proposal is None:
        out.say(f"Stack {name} is up to date. Nothing was changed.")
    else:
        _show(proposal.changes)
        if dry_run:
            deployment.withdraw(place, proposal)
            out.say(f"Dry run: the stack was not changed. The template stays in the bucket {bucket}.")
            return
        dangers = changeset.dangers(proposal.changes, deployed=goal.deployed, values=goal.values)
        _ask(place, proposal, [] if yes else dangers)
        deployment.execute(place, proposal, tell=Progress({change.logical_id for change in proposal.changes}))
    if not dry_run:
        protected = goal.values["DeletionProtection"] == "true"
        if protection.bring(place, name, protected=protected):
            out.say(f"Stack {name} is {'protected from termination' if protected else 'not protected any more'}.")
        for output, value in sorted(stack.read_outputs(place, name).items()):
            out.say(f"{output:<22} {value}")
        function_start.check(stack.from_cloudformation(place, name))


def _packages(folder: Path | None, values: Mapping[str, str]) -> dict[package.Function, bytes]:
    architecture: package.Architecture = "arm64" if values["Architecture"] == "arm64" else "x86_64"
    version = values["Runtime"].removeprefix("python")
    if folder is not None:
        return built_packages.read(folder, architecture, version)
    out.say("Packaging the functions.")
    return {function: package.build(function, architecture, version) for function in package.HANDLERS}


def _ask(place: Place, proposal: deployment.Proposal, dangers: list[str]) -> None:
    if not dangers:
        return
    out.say_lines("\n".join(dangers), err=True)
    if not out.confirm("Go on?"):
        deployment.withdraw(place, proposal)
        raise StackError("Not deployed.")


def _show(changes: list[Change]) -> None:
    endangering = {change.logical_id for change in changes if change.endangers_logs}
    out.say_table(
        ("action", "resource", "type", "replacement"),
        [(change.action, change.logical_id, change.resource_type, change.replacement) for change in changes],
        style=lambda row: "bold red" if row[1] in endangering else None,
    )
