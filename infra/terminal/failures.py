"""Turns failures into messages for a person, instead of tracebacks."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from consumer.query.page import TableBusyError
from infra.stack import StackError, WrongParameterError
from infra.terminal import out
from infra.terminal.aws_failures import told_of_aws
from infra.terminal.summaries import WholeSummaries
from infra.terminal.text import printable

_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class PlainErrors(WholeSummaries):
    """A group whose commands end with one message and an exit status of `infra.terminal.exits`."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program; a character that the terminal can't encode does not end it."""
        out.fail_at_no_character()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure of AWS, the stack or a file becomes one of click's own errors."""
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    """Within the block a failure that a person can act on becomes a `ClickException` with a printable message."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = _shown(error.message)  # mypy takes `message` for Final
        raise
    except WrongParameterError as error:
        raise click.UsageError(_shown(str(error))) from error
    except (StackError, TableBusyError) as error:
        raise click.ClickException(_shown(str(error))) from error
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(_shown(told_of_aws(error))) from error
    except OSError as error:
        if error.errno in _OF_THE_DISK:  # The error of a failed write names no file.
            raise click.ClickException(f"{error.strerror}. Make room, and run it again.") from error
        if error.filename is None:  # Not about a file that a person named: a bug, or the network.
            raise
        raise click.ClickException(_shown(told_of_file(error))) from error


def told_of_file(error: OSError) -> str:
    """Return what happened to a file, in one sentence that names the file, or the folder that is missing."""
    if error.filename is None:
        return str(error)
    folder = Path(error.filename).parent
    if isinstance(error, FileNotFoundError) and not folder.exists():
        return f"{error.filename}: the folder {folder} does not exist."
    return f"{error.filename}: {error.strerror}."


def _shown(message: str) -> str:
    return "\n".join(map(printable, message.split("\n")))
