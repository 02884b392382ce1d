"""`rdp console`: a page on this machine that shows what the system does, and finds logs."""

import importlib.util
import tempfile
import threading
import webbrowser
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from infra import lake_where
from infra.options.locator import Where, finder, where_options
from infra.options.zone import zone_option
from infra.stack import StackError
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from infra.console.places import Lake
    from infra.stack import Stack

_EXTRA: Final = ("hypercorn", "jinja2", "starlette")
_LAKE_EXTRA: Final = ("duckdb", "pyarrow", "pyiceberg")
_PORT: Final = 8642


@click.command("console", epilog=examples("rdp console", "rdp console --stack rdp --allow-changes"))
@where_options
@zone_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option("--raw", is_flag=True, help="Search and show the original text, not the redacted one.")
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("bench/results/kept"),
    show_default=True,
    help="Folder of the `rdp bench` runs to show.",
)
@click.option(
    "--warehouse",
    metavar="WHERE",
    help="The lake: a folder, or the ARN of an S3 table bucket.  [default: the stack's own]",
)
@click.option(
    "--allow-changes", is_flag=True, help="Let the page send dead letters back to the queue, and remove them."
)
def command(
    *,
    where: Where,
    zone: tzinfo,
    port: int,
    no_browser: bool,
    raw: bool,
    reports: Path,
    warehouse: str | None,
    allow_changes: bool,
) -> None:
    """Show the stack on a web page on this machine, until Ctrl-C: flow, logs, dead letters.

    The page works with your credentials. Its address holds a secret token, new at each start: who has the address gets
    in, and nobody else does.
    """
    if missing := [name for name in _EXTRA if importlib.util.find_spec(name) is None]:
        raise StackError(
            f"The console needs {', '.join(missing)}: pip install 'robust-data-processor[console]', "
            "or make setup in the repository."
        )
    from infra.console import moments, private_page, server  # noqa: PLC0415 - only with the extra
    from infra.console.anew import Anew  # noqa: PLC0415 - as above
    from infra.console.pages import Shown  # noqa: PLC0415 - as above

    find = finder(where)
    place = "this machine" if where.is_local else where.stack_name or "the stack of --outputs"
    shown = Shown(place, raw, allow_changes, moments.zone_name(zone, datetime.now(UTC)))
    stop = threading.Event()

    def found() -> "tuple[Stack, str | None]":
        stack = find()
        return stack, _warehouse(warehouse, where, stack)

    def made(found: "tuple[Stack, str | None]") -> "Starlette":
        stack, lake = found
        return server.application(stack, shown, zone, reports, _lake(lake, where, stack, raw=raw))

    app = Anew(found, made)

    def tell(address: str) -> None:
        out.say(f"console   {address}")
        out.say("Ctrl-C ends it. Everyone who has this address can use the console: do not pass it on.", err=True)
        if not no_browser:
            # Never the address itself: everybody on this machine sees a program's arguments.
            webbrowser.open(private_page.written(folder, address).as_uri())

    with (
        server.listen(port) as listener,
        tempfile.TemporaryDirectory(prefix="rdp-console-") as private_folder,
        on_stop(lambda _: stop.set()),
    ):
        folder = Path(private_folder)
        server.run(app, listener, stop=stop, tell=tell)


def _warehouse(named: str | None, where: Where, stack: "Stack") -> str | None:
    """Return the lake that is named, or that the stack has; None where there is none, or what reads it is missing."""
    missing = [name for name in _LAKE_EXTRA if importlib.util.find_spec(name) is None]
    if missing and named is not None:
        raise StackError(f"The lake needs {', '.join(missing)}: pip install 'robust-data-processor[lake]'.")
    return None if missing else named or lake_where.standing(stack, where.data_dir if where.is_local else None)


def _lake(warehouse: str | None, where: Where, stack: "Stack", *, raw: bool) -> "Lake | None":
    """Return the lake's reads, None without a lake."""
    if warehouse is None:
        return None
    from infra.console import lake_logs  # noqa: PLC0415 - an extra of its own, and slow to import
    from infra.console.places import Lake  # noqa: PLC0415 - only with the extra

    return Lake(lake_logs.opened(warehouse, where.data_dir, stack, raw=raw), warehouse)
