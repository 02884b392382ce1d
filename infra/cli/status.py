"""`rdp status`: where the stack is and how many logs stand where."""

import json

import click
from rich.console import Console

from infra import counts
from infra.options.locator import on_stack
from infra.stack import Stack
from infra.terminal.text import counts_table


@click.command("status")
@on_stack
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(stack: Stack, *, as_json: bool) -> None:
    """Show the stack's endpoint, its resources and the counts of logs. `stored` is exact: the table is counted."""
    now = counts.read(stack)
    where = {
        "endpoint": stack.endpoint,
        "aws_endpoint_url": stack.place.aws_endpoint_url,
        "region": stack.place.session.region_name,
        "queue_url": stack.queue_url,
        "dlq_url": stack.dlq_url,
        "stream": stack.stream_name,
        "table": stack.table_name,
    }
    if as_json:
        click.echo(json.dumps(where | {"counts": now._asdict()}, indent=2))
        return
    for name, value in where.items():
        click.echo(f"{name:<17} {value}")
    Console().print(counts_table(now))
