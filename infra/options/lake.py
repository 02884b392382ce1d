"""The options that name a lake, and the messages of its failures. pyiceberg is imported only when a lake is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from infra.options.locator import Where, locate, where_options
from infra.stack import Stack


def on_lake(function: Callable[..., None], *, make: bool = False) -> Callable[..., None]:
    """Add the options that name a lake; call the function with the `Lake` and a function that finds its stack.

    If the lake does not exist, `make` creates it; without `make` that is an error.
    """

    @where_options
    @click.option(
        "--warehouse",
        metavar="WHERE",
        help="The lake: a folder, or the ARN of an S3 table bucket.  [default: the stack's own]",
    )
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
    """Within the block a failure of a lake becomes a one-line message."""
    try:
        from consumer.lake import failures  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise click.ClickException("A lake needs more packages: pip install 'robust-data-processor[lake]'") from error
    try:
        yield
    except failures.TOLD as error:
        raise click.ClickException(failures.told(error)) from error
