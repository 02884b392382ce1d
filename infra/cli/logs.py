"""`rdp logs`: a tenant's stored rows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import click
from boto3.dynamodb.types import TypeDeserializer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.item import Attribute, of_tenant
from infra import tenant_reader
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.terminal.text import printable

_COLUMNS: Final[tuple[Attribute, ...]] = ("received_at", "log_id", "source", "modified_data")


@click.command("logs")
@on_stack
@click.option("--tenant", required=True, help="The tenant whose rows to read.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array of whole items, one a line.")
@click.option("--as-tenant", metavar="TENANT", help="Read with the role that only reads this tenant's rows.")
def command(stack: Stack, *, tenant: str, limit: int, as_json: bool, as_tenant: str | None) -> None:
    """Show rows of one tenant: a query of its partition in the order of log_id, shown by the time of arrival."""
    if as_tenant is not None:
        place = tenant_reader.as_tenant(stack.place, stack.outputs["TenantReaderRoleArn"], as_tenant)
        stack = replace(stack, place=place)
    rows = sorted(islice(read_rows(stack, tenant, limit), limit), key=lambda row: (row["received_at"], row["log_id"]))
    if as_json:
        # ASCII only: a C1 control character in a text must not reach the terminal either.
        click.echo("[" + ",\n ".join(json.dumps(row, default=_plain_number) for row in rows) + "]")
    elif rows:
        Console().print(_table(rows))
    else:
        click.echo(f"No rows of tenant {printable(tenant)!r}.")


def read_rows(stack: Stack, tenant: str, limit: int) -> Iterator[dict[str, Any]]:
    """Yield the tenant's items in the order of log_id, at least `limit` of them if there are so many. Never a Scan."""
    deserialize = TypeDeserializer().deserialize
    pages = stack.place.dynamodb.get_paginator("query").paginate(
        TableName=stack.table_name,
        KeyConditionExpression=of_tenant(tenant).condition,
        ExpressionAttributeValues=of_tenant(tenant).values,
        ConsistentRead=True,
        PaginationConfig={"PageSize": min(limit, 1000)},
    )
    for page in pages:
        for item in page["Items"]:
            yield {name: deserialize(value) for name, value in item.items()}


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table()
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(str(row.get(name, "")))) for name in _COLUMNS))
    return table


def _plain_number(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} in an item")
