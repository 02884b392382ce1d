"""`--param Name=Value`, a parameter of the template."""

from collections.abc import Callable, Mapping

import click


def read(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Mapping[str, str]:
    """Return the parameters by name.

    Raises:
        BadParameter: a value is not `Name=Value`.
    """
    parameters = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not Name=Value, as in SecondsPerChar=0.")
        parameters[name] = content
    return parameters


def parameters_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--param`, which may be repeated; given to the function as `parameters`."""
    return click.option(
        "--param",
        "parameters",
        multiple=True,
        metavar="NAME=VALUE",
        callback=read,
        help="Set a parameter of the template, such as SecondsPerChar=0. Repeat it for more. "
        "infra/RUNBOOK.md lists all.",
    )(function)
