"""The options that choose logs of the stream, the same for all verbs that read it: by time and by tenant."""

from collections.abc import Callable
from datetime import datetime, tzinfo

import click

from consumer import instant
from infra.options.zone import zone_option


def since_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--since` and `--zone`, given to the function as `since`, as it was typed, and `zone`, a `tzinfo`."""
    return click.option(
        "--since",
        metavar="TIME",
        help="Only logs received at or after TIME: an age (2h, 3d), 'yesterday 14:00', or an ISO time. "
        "Without a zone it is in --zone.",
    )(zone_option(function))


def since_at(since: str | None, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the instant that `--since` names, None if it was not given.

    Raises:
        click.UsageError: it is not a time.
    """
    if since is None:
        return None
    try:
        return instant.parse(since, now, zone=zone)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def tenants_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--tenant`, which may be repeated; given to the function as `tenants`."""
    return click.option(
        "--tenant", "tenants", multiple=True, metavar="ID", help="Only this tenant's logs. Repeat it for more tenants."
    )(function)
