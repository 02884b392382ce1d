"""Finds the stack that a verb works on: the one on this machine, unless --stack or --outputs names one in AWS."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from infra import stack
from infra.local import lifecycle, state
from infra.stack import Place, Stack
from infra.terminal import out

_IN_AWS: Final = ("region", "profile", "endpoint_url")


class Where(NamedTuple):
    """The options that name a command line's stack; `outputs` is the text that `terraform output -json` printed."""

    data_dir: Path = state.DEFAULT_DATA_DIR
    stack_name: str | None = None
    outputs: str | None = None
    place: Place = Place()

    @property
    def is_local(self) -> bool:
        """Say whether it is the stack on this machine."""
        return self.stack_name is None and self.outputs is None


class Locator(NamedTuple):
    """How the verbs find a stack. Tests pass another one as click's `obj`."""

    find: Callable[[Where], Stack]


def find(where: Where) -> Stack:
    """Return the stack.

    Raises:
        StackError: there is no such stack, or no engine runs for the data folder.
    """
    if where.stack_name is not None:
        return stack.from_cloudformation(where.place, where.stack_name)
    if where.outputs is not None:
        return stack.from_terraform(where.place, where.outputs)
    return lifecycle.find(where.data_dir).stack


def data_dir_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--data-dir`, given to the function as `data_dir`."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=state.DEFAULT_DATA_DIR,
        show_default=True,
        envvar="RDP_DATA_DIR",
        help="Folder that keeps the stack of this machine.",
    )(function)


def place_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--region`, `--profile` and `--endpoint-url`; the function gets a `Place` as `place`."""

    @click.option("--region", envvar="AWS_REGION", help="AWS region.  [default: AWS_REGION, else the profile's]")
    @click.option("--profile", envvar="AWS_PROFILE", help="AWS profile.  [default: AWS_PROFILE]")
    @click.option(
        "--endpoint-url",
        envvar="AWS_ENDPOINT_URL",
        callback=_read_url,
        help="URL that stands for AWS, such as an emulator's.  [default: AWS_ENDPOINT_URL]",
    )
    @wraps(function)
    def wrapper(*, region: str | None, profile: str | None, endpoint_url: str | None, **arguments: Any) -> None:
        function(place=Place(region=region, profile=profile, aws_endpoint_url=endpoint_url), **arguments)

    return wrapper


def _read_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    with suppress(ValueError):
        if value is None or (urlsplit(value).scheme in {"http", "https"} and urlsplit(value).hostname):
            return value
    raise click.BadParameter(
        f"{value!r} is not a URL. Give one such as http://127.0.0.1:4566, or leave it out for AWS."
    )


def where_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a stack; the function gets them as `where`, a `Where`, and finds the stack itself."""

    @data_dir_option
    @click.option("--stack", "stack_name", metavar="NAME", help="Work on this CloudFormation stack in AWS.")
    @click.option(
        "--outputs",
        type=click.File(),
        metavar="FILE",
        help="Work on a Terraform stack in AWS. FILE is what `terraform output -json` printed.",
    )
    @place_options
    @wraps(function)
    def wrapper(
        *,
        data_dir: Path,
        stack_name: str | None,
        outputs: Any,
        place: Place,
        **arguments: Any,
    ) -> None:
        named = {"--stack": stack_name, "--outputs": outputs}
        _check_one_place([option for option, value in named.items() if value is not None])
        text = None if outputs is None else outputs.read()
        function(where=Where(data_dir, stack_name, text, place), **arguments)

    return wrapper


def aws_stack_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--stack` and the place's options for a verb that works only in AWS; it gets `place` and `name`.

    The account and region are printed before the verb begins.
    """

    @click.option("--stack", "name", metavar="NAME", help="Name of the stack in AWS, such as rdp.")
    @place_options
    @wraps(function)
    def wrapper(*, name: str | None, place: Place, **arguments: Any) -> None:
        if name is None:
            verb = click.get_current_context().info_name
            raise click.UsageError(
                f"rdp {verb} works in AWS and needs the stack's name: --stack {stack.STACK_NAME}. "
                f"On this machine use `rdp up` and `rdp down`."
            )
        say_aws(place, f"stack {name} of account {place.account}")
        function(place=place, name=name, **arguments)

    return wrapper


def on_stack(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a stack; the function gets the `stack.Stack` as its first argument."""

    @where_options
    @wraps(function)
    def wrapper(*, where: Where, **arguments: Any) -> None:
        function(locate(where), **arguments)

    return wrapper


def locate(where: Where) -> Stack:
    """Return the stack that `where` names. If it is in AWS, print its place first.

    Raises:
        StackError: there is no such stack.
    """
    return finder(where)()


def finder(where: Where) -> Callable[[], Stack]:
    """Return what finds the stack that `where` names as it is then, from any thread. If it is in AWS, print its place.

    What is returned raises `StackError` if there is no such stack.
    """
    if not where.is_local:
        say_aws(where.place, f"stack {where.stack_name}" if where.stack_name else "the stack of --outputs")
    locator = click.get_current_context().find_object(Locator) or Locator(find)
    return lambda: locator.find(where)


def say_aws(place: Place, what: str) -> None:
    """Print on standard error that a verb is about to work in AWS, and in which region."""
    at = place.aws_endpoint_url or f"AWS, region {place.session.region_name or 'unknown'}"
    out.say(f"On {at}{f', profile {place.profile}' if place.profile else ''}: {what}.", err=True)


def _check_one_place(in_aws: list[str]) -> None:
    """Refuse a command line that names two stacks, or has AWS options but names no stack in AWS."""
    context = click.get_current_context()
    typed = [
        f"--{name.replace('_', '-')}"
        for name in ("data_dir", *_IN_AWS)
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if len(in_aws) > 1 or (in_aws and "--data-dir" in typed):
        raise click.UsageError(f"{' and '.join([*in_aws, *typed][:2])} name two stacks. Give only one of them.")
    if not in_aws and (stray := [option for option in typed if option != "--data-dir"]):
        raise click.UsageError(
            f"{', '.join(stray)} is for a stack in AWS: name it with --stack or --outputs. "
            f"Without them the command works on this machine."
        )
