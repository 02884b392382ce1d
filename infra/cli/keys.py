"""`rdp keys`: create, list and revoke the API keys of a stack with `Authentication=api_key`."""

from typing import get_args

import click

from infra import access
from infra.options.locator import on_stack
from infra.options.search import read_tenant
from infra.stack import Stack
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.summaries import WholeSummaries
from infra.terminal.text import printable
from ingest.access.principal import WRITE, Scope


@click.group(
    "keys",
    cls=WholeSummaries,
    epilog=examples("rdp keys create --tenant acme --note web1", "rdp keys create --tenant acme --scope read"),
)
def command() -> None:
    """Create, list and revoke API keys, for a stack with Authentication=api_key. Each belongs to one tenant."""


@command.command("create")
@on_stack
@click.option("--tenant", required=True, metavar="ID", callback=read_tenant, help="The tenant that the key is for.")
@click.option("--note", default="", help="What the key is for, for the list.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(get_args(Scope)),
    default=(WRITE,),
    show_default=True,
    help="What the key may do: write (send logs) or read them. Give it twice for both.",
)
def create(stack: Stack, *, tenant: str, note: str, scopes: tuple[Scope, ...]) -> None:
    """Create a key and print it. It cannot be shown again: the stack keeps only its hash."""
    key, text = access.create(stack, tenant, note, frozenset(scopes))
    may = " and ".join(key.scopes)
    out.say(f"Key {key.key_id} of tenant {key.tenant_id}, to {may}. Save it now: it cannot be shown again.", err=True)
    out.say(text)
    _say_if_untaken(stack)


@command.command("list")
@on_stack
@click.option("--tenant", metavar="ID", help="Only this tenant's keys.")
def list_keys(stack: Stack, *, tenant: str | None) -> None:
    """List the keys, without their secrets."""
    rows = [
        (key.key_id, key.tenant_id, ", ".join(key.scopes), key.created_at, printable(key.note))
        for key in access.keys(stack, tenant)
    ]
    if rows:
        out.say_columns(("key id", "tenant", "scopes", "created at", "note"), rows)
    else:
        out.say("No keys." if tenant is None else f"No keys of tenant {tenant!r}.", err=True)
    _say_if_untaken(stack)


@command.command("revoke")
@on_stack
@click.argument("key_id")
def revoke(stack: Stack, *, key_id: str) -> None:
    """Revoke the key KEY_ID. A running function may accept it for up to 60 s more."""
    key = access.revoke(stack, key_id)
    out.say(f"Key {key.key_id} of tenant {key.tenant_id} is revoked, within 60 s everywhere.")


def _say_if_untaken(stack: Stack) -> None:
    if untaken := access.why_untaken(stack):
        out.say(f"Keys open nothing now. {untaken}", err=True)
