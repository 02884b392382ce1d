"""Applies the Terraform configuration to the local engine, beside the stack of the template."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from infra import changeset, deployment, package
from infra.local import grants, lifecycle, state
from infra.local.state import State
from infra.stack import StackError, WrongParameterError, terraform_outputs

CONFIGURATION: Final = Path(__file__).parent.parent / "terraform"

NAME: Final = "rdp-terraform"
"""Prefix of the resources' names, so that the template's stack can be in the same engine."""

_PROVIDER: Final = "registry.terraform.io/hashicorp/aws"
_PLACES: Final = (Path("/opt"), Path("/usr/share"), Path("/usr/local/share"), Path.home(), Path.home() / ".terraform.d")
"""Folders where a machine without access to the registry may have the provider, if TF_PLUGIN_DIR is not set."""

_MIB_SINCE: Final = (6, 8, 0)
"""The first version of the provider that takes a maximum message size of 1 MiB.
https://github.com/hashicorp/terraform-provider-aws/blob/v6.8.0/CHANGELOG.md (read November 2026)."""

_OLDER_PROVIDERS: Final = """terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
"""
"""An override for the local engine only: it allows older providers too, because the machine may have no newer one."""


def apply(
    data_dir: Path, parameters: Mapping[str, str] | None = None, *, tell: Callable[[str], None] = lambda _: None
) -> State:
    """Apply the configuration to the engine of `data_dir` and return the new stack's state, which is written too.

    `parameters` have the template's names (SecondsPerChar). The state is in `<data_dir>/terraform`, so that every
    command works on this stack with `--data-dir <data_dir>/terraform`.

    Raises:
        StackError: no engine runs there, a parameter is wrong, terraform or its provider is missing, or it fails.
    """
    engine = lifecycle.find(data_dir)
    given = parameters or {}
    goal = deployment.target(engine.place, NAME, given)
    # Terraform only warns about an unknown variable, and a variable that it refuses would stop `destroy`, too.
    if objections := changeset.objections(goal.values, given=given, declared=goal.declared):
        raise WrongParameterError("\n".join((*objections, "Nothing was deployed.")))
    folder = data_dir.resolve() / "terraform"
    folder.mkdir(exist_ok=True)
    for path in CONFIGURATION.glob("*.tf"):
        shutil.copy(path, folder)
    (folder / "versions_override.tf").write_text(_OLDER_PROVIDERS)
    tell("Packaging the functions.")
    for name in package.HANDLERS:
        (folder / f"{name}.zip").write_bytes(package.build_here(name))
    init(folder, _environment(engine))
    variables = {
        "name": NAME,
        "ingest_package": str(folder / "ingest.zip"),
        "consumer_package": str(folder / "consumer.zip"),
        "require_tls": "false",  # The engine speaks plain HTTP.
        "maximum_message_bytes": "262144" if provider_version(folder, _environment(engine)) < _MIB_SINCE else "1048576",
    } | {variable_name(name): value for name, value in given.items()}
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))  # `destroy` reads it too.
    tell("Applying the configuration; it takes about a minute.")
    run(folder, _environment(engine), "apply", "-auto-approve", "-input=false")
    outputs = _outputs(folder, _environment(engine))
    for role in grants.ROLES:
        if role in outputs:
            grants.grant(engine.place.iam, outputs[role])
    endpoint = f"{engine.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}"
    applied = msgspec.structs.replace(engine, endpoint=endpoint, outputs=outputs)
    state.write(folder, msgspec.structs.replace(applied, pid=None))  # The engine's own folder has its process id.
    return applied


def destroy(data_dir: Path) -> None:
    """Destroy what `apply` created in the engine of `data_dir`.

    Raises:
        StackError: nothing was applied, no engine runs there, or terraform fails.
    """
    engine = lifecycle.find(data_dir)
    folder = data_dir.resolve() / "terraform"
    if not (folder / "terraform.tfvars.json").exists():
        raise StackError(f"Nothing is applied in the engine of {data_dir}.")
    # Terraform does not know the policies of `grants`, and a role with such a policy can't be deleted.
    outputs = _outputs(folder, _environment(engine))
    for role in grants.ROLES:
        if role in outputs:
            grants.revoke(engine.place.iam, outputs[role])
    run(folder, _environment(engine), "destroy", "-auto-approve", "-input=false")
    shutil.rmtree(folder)


def init(folder: Path, environment: Mapping[str, str]) -> None:
    """Run `terraform init` in a copy of the configuration.

    The provider comes from TF_PLUGIN_DIR if that is set. Otherwise terraform gets it as configured (from its registry),
    and if that fails, from a folder of this machine.

    Raises:
        StackError: terraform is missing, or the provider.
    """
    chosen = os.environ.get("TF_PLUGIN_DIR")
    attempts = (
        [[f"-plugin-dir={chosen}"]] if chosen else [[], *([f"-plugin-dir={found}"] for found in plugin_folders())]
    )
    for i, arguments in enumerate(attempts):
        try:
            run(folder, environment, "init", "-input=false", *arguments)
        except StackError:
            if i == len(attempts) - 1:
                raise
        else:
            return


def plugin_folders(places: tuple[Path, ...] = _PLACES) -> Iterator[Path]:
    """Yield the folders of these places that hold the AWS provider, at most two levels down."""
    for place in places:
        for pattern in (_PROVIDER, f"*/{_PROVIDER}", f"*/*/{_PROVIDER}"):
            try:
                found = sorted(place.glob(pattern))
            except PermissionError:
                continue
            for path in found:
                yield path.parents[2]


def provider_version(folder: Path, environment: Mapping[str, str]) -> tuple[int, ...]:
    """Return the version of the AWS provider that `init` chose, such as (5, 100, 0)."""
    chosen = json.loads(run(folder, environment, "version", "-json"))["provider_selections"][_PROVIDER]
    return tuple(map(int, chosen.split("-")[0].split(".")))


def evaluate(folder: Path, environment: Mapping[str, str], expression: str) -> Any:
    """Return the value of an expression of the applied configuration."""
    return json.loads(json.loads(run(folder, environment, "console", stdin=f"jsonencode({expression})\n")))


def run(folder: Path, environment: Mapping[str, str], *arguments: str, stdin: str | None = None) -> str:
    """Return the standard output of a terraform command in `folder`.

    Raises:
        StackError: terraform is not installed, or it fails.
    """
    program = shutil.which("terraform")
    if program is None:
        raise StackError("terraform is not installed: https://developer.hashicorp.com/terraform/install")
    finished = subprocess.run(  # noqa: S603 - no shell; the arguments are this module's
        [program, *arguments, *(["-no-color"] if arguments[0] in {"init", "apply", "destroy", "show"} else [])],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        input=stdin,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise StackError(f"terraform {arguments[0]} fails:\n{finished.stderr.strip()}")
    return finished.stdout


def variable_name(parameter: str) -> str:
    """Return the Terraform name of a template's parameter or output: `BatchSize` -> `batch_size`."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(parameter))


def _environment(engine: State) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TF_CLI_CONFIG_FILE") if name in os.environ}
    return inherited | {
        "AWS_ENDPOINT_URL": engine.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": engine.access_key_id,
        "AWS_SECRET_ACCESS_KEY": engine.secret_access_key,
        "AWS_REGION": engine.region,
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
    }


def _outputs(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    return terraform_outputs(run(folder, environment, "output", "-json"))
