"""Which lake a verb works on, and how its failures are told. pyiceberg is imported when a lake is asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from infra.options.locator import Where, locate, where_options
from infra.stack import Stack


def on_lake(function: Callable[..., None], *, make: bool = False) -> Callable[..., None]:
    """Add the options that name a lake; give the function the `Lake`, and how its stack is found.

    Who reads a lake that is not there learns so; only who fills it makes it.
    """

    @where_options
    @click.option("--warehouse", metavar="WHERE", help="A folder, or the ARN of an S3 table bucket.")
    @wraps(function)
    def wrapper(*, where: Where, warehouse: str | None, **arguments: Any) -> None:
        found: list[Stack] = []

        def stack() -> Stack:
            if not found:
                found.append(locate(where))
            return found[0]

        with told():
            from infra import lake_place  # noqa: PLC0415 - an extra, and slow to import

            function(lake_place.find(warehouse, where.data_dir, stack, make=make), stack, **arguments)

    return wrapper


@contextmanager
def told() -> Iterator[None]:
    """Tell in one line what a lake cannot do."""
    try:
        from consumer.lake import failures  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise click.ClickException("A lake needs the extra: pip install 'robust-data-processor[lake]'") from error
    try:
        yield
    except failures.TOLD as error:
        raise click.ClickException(failures.told(error)) from error
