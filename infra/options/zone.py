"""The time zone in which a person types and reads times."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import click


def named(name: str) -> tzinfo:
    """Return the time zone with this name (`Europe/Berlin`, `UTC`); `local` means this machine's zone.

    Raises:
        ValueError: there is no such zone.
    """
    if name.lower() == "utc":
        return UTC
    try:
        return _Local() if name.lower() == "local" else ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin, UTC or local") from error


def zone_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--zone`, given to the function as `zone`, a `tzinfo`."""
    return click.option(
        "--zone",
        default="local",
        show_default=True,
        callback=_read_zone,
        help="Zone of the times that you type and see: local, UTC, or a name such as Europe/Berlin.",
    )(function)


def _read_zone(_context: click.Context, _option: click.Parameter, value: str) -> tzinfo:
    try:
        return named(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


class _Local(tzinfo):
    """This machine's zone with its daylight saving time: it asks the system for the offset of each instant."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, _moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        local = moment.replace(tzinfo=UTC).astimezone()
        return local.replace(tzinfo=self)
