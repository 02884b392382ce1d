"""The options that choose logs of the stream, the same for all verbs that read it: by time and by tenant."""

from collections.abc import Callable

import click


def since_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--since`, given to the function as `since`, as it was typed."""
    return click.option(
        "--since",
        metavar="TIME",
        help="Only logs received at or after TIME: an age (2h, 3d), 'yesterday 14:00', or an ISO time. "
        "Without a zone it is UTC.",
    )(function)


def tenants_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--tenant`, which may be repeated; given to the function as `tenants`."""
    return click.option(
        "--tenant", "tenants", multiple=True, metavar="ID", help="Only this tenant's logs. Repeat it for more tenants."
    )(function)
