"""Failures told to a person in place of a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from consumer.query.page import TableBusyError
from infra.stack import StackError
from infra.terminal import out
from infra.terminal.summaries import WholeSummaries
from infra.terminal.text import printable

_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class PlainErrors(WholeSummaries):
    """A group whose commands end with one message and an exit status of `infra.terminal.exits`."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program; no character that comes from a log or an argument ends it."""
        out.fail_at_no_character()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure of the place it talks to becomes click's own kind of error."""
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    """Within the block a failure that a person can act on becomes a `ClickException` that commands no terminal."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = _shown(error.message)  # Final to mypy: click means it for its own
        raise
    except (StackError, TableBusyError) as error:
        raise click.ClickException(_shown(str(error))) from error
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            _shown(f"AWS call failed: {error} Check `rdp status`, the region and the credentials.")
        ) from error
    except OSError as error:
        if error.errno in _OF_THE_DISK:  # A write that fails names no file.
            raise click.ClickException(f"{error.strerror}. Make room, and run it again.") from error
        if error.filename is None:  # No file that a person named: a defect, or a network's.
            raise
        raise click.ClickException(_shown(f"{error.filename}: {error.strerror}.")) from error


def _shown(message: str) -> str:
    return "\n".join(map(printable, message.split("\n")))
