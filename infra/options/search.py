"""Parses the options of a search, the same for all verbs: tenants, log id, severity, words, fields."""

import re
from typing import Final

import click

from consumer.query import ask
from ingest.contract.message import TENANT_ID_FORM, TENANT_ID_PATTERN, Severity

_MAX_SORT_KEY_BYTES: Final = 1024  # DynamoDB quotas, November 2026.


def read_tenant(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the tenant id. Raises: click.BadParameter: it can't be one, so DynamoDB need not be asked for it."""
    if not re.match(TENANT_ID_PATTERN, value):
        raise click.BadParameter(f"{value!r} is not a tenant id. {TENANT_ID_FORM}")
    return value


def read_tenants(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tenant ids. Raises: click.BadParameter: a value can't be a tenant id."""
    return tuple(read_tenant(context, parameter, value) for value in values)


def read_log_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the log id. Raises: click.BadParameter: it is empty, or longer than a sort key."""
    if not 0 < len(value.encode(errors="surrogateescape")) <= _MAX_SORT_KEY_BYTES:
        raise click.BadParameter("A log id has 1 to 256 characters, and that of a conflicting text 33 more.")
    return value


def read_severity(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Severity | None:
    """Return the severity that a word or a number means. Raises: click.BadParameter: it means no severity."""
    try:
        return None if value is None else ask.least_grave(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a severity. {error}") from error


def read_words(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words. Raises: click.BadParameter: a word is empty, so every text would contain it."""
    if "" in values:
        raise click.BadParameter("It is empty, and every text contains that. Give a word.")
    return values


def read_fields(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return names and values. Raises: click.BadParameter: an argument is not NAME=VALUE, or compares by <=, >=, !=."""
    fields = []
    for value in values:
        name, equals, content = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, as in user.name=bob.")
        if name[-1] in "<>!":
            raise click.BadParameter(
                f"{value!r} compares by {name[-1]}=, and a search knows only NAME=VALUE. "
                "For what must not be equal there is --not-field, for greater and less SQL: rdp lake query."
            )
        fields.append((name, content))
    return tuple(fields)
