"""`rdp`, the operator's command: one verb a file, `infra/cli/<verb>.py` with its click command as `command`."""

import importlib
from typing import Final

import click

from infra.cli.failures import PlainErrors

VERBS: Final = (
    "up",
    "down",
    "status",
    "send",
    "logs",
    "replay",
    "audit",
    "bench",
    "cost",
    "package",
    "deploy",
    "destroy",
    "dlq",
    "tail",
    "keys",
    "verify-isolation",
    "terraform",
)
"""In the order of the help. A dash in a verb is an underscore in its file's name."""


class _Verbs(PlainErrors):
    """Imports a verb when it is asked for: `rdp status` does not wait for what only `rdp bench` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run and operate the Robust Data Processor.

    Without --stack every command works on the stack that `rdp up` runs on this machine; with it, on that
    CloudFormation stack in AWS.
    """
