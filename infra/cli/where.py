"""Which stack a command works on: the local one of a data folder, or one in AWS."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TextIO

import click

from infra import stack
from infra.local import lifecycle, state


def data_dir_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--data-dir`, given to the function as `data_dir`."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=state.DEFAULT_DATA_DIR,
        show_default=True,
        envvar="RDP_DATA_DIR",
        help="Folder of the local stack's state.",
    )(function)


def on_stack(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a stack; give the function the `stack.Stack` that they name as its first argument."""

    @data_dir_option
    @click.option("--stack", "stack_name", metavar="NAME", help="A CloudFormation stack in AWS, not the local one.")
    @click.option(
        "--outputs",
        type=click.File(),
        metavar="FILE",
        help="A Terraform stack in AWS: what `terraform output -json` says.",
    )
    @click.option("--region", help="The AWS region of --stack or --outputs.")
    @click.option("--profile", help="The AWS profile for --stack or --outputs.")
    @wraps(function)
    def wrapper(
        *,
        data_dir: Path,
        stack_name: str | None,
        outputs: TextIO | None,
        region: str | None,
        profile: str | None,
        **arguments: Any,
    ) -> None:
        place = stack.Place(region=region, profile=profile)
        if stack_name is not None:
            found = stack.from_cloudformation(place, stack_name)
        elif outputs is not None:
            found = stack.from_terraform(place, outputs.read())
        else:
            found = lifecycle.find(data_dir).stack
        function(found, **arguments)

    return wrapper
