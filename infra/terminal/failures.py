"""Failures told to a person in place of a traceback."""

from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.stack import StackError


class PlainErrors(click.Group):
    """A group whose commands end with one message and exit code 1 for what an operator can act on."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure of the place it talks to becomes click's own kind of error."""
        try:
            return super().invoke(ctx)
        except StackError as error:
            raise click.ClickException(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(
                f"AWS call failed: {error} Check `rdp status`, the region and the credentials."
            ) from error
