"""`rdp`, the operator's command. Each verb is a module, which has its click command as `command`."""

import importlib
from collections.abc import Mapping
from typing import Final

import click

from infra.terminal.examples import examples
from infra.terminal.failures import PlainErrors

VERBS: Final[Mapping[str, str]] = {
    "up": "infra.cli.up",
    "down": "infra.cli.down",
    "status": "infra.cli.status",
    "send": "infra.cli.send",
    "logs": "infra.cli.logs",
    "log": "infra.cli.log",
    "console": "infra.cli.console",
    "replay": "infra.cli.replay",
    "lake": "infra.cli.lake",
    "audit": "infra.cli.audit",
    "rebuild": "infra.cli.rebuild",
    "erase": "infra.cli.erase",
    "redact": "infra.cli.redact",
    "bench": "bench.cli.bench",
    "cost": "bench.cli.cost",
    "package": "infra.cli.package",
    "deploy": "infra.cli.deploy",
    "destroy": "infra.cli.destroy",
    "dlq": "infra.cli.dlq",
    "consumer": "infra.cli.consumer",
    "tail": "infra.cli.tail",
    "keys": "infra.cli.keys",
    "verify-isolation": "infra.cli.verify_isolation",
    "terraform": "infra.cli.terraform",
}
"""Each verb's module, in the order of the help."""


class _Verbs(PlainErrors):
    """Imports a verb only when it is used: `rdp status` does not wait for imports that only `rdp bench` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(VERBS[cmd_name]).command
        return command


@click.group(
    cls=_Verbs,
    epilog=examples("rdp up --detach", "rdp send app.log --tenant acme", "rdp logs --tenant acme --since 1h"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="robust-data-processor", prog_name="rdp")
def main() -> None:
    """Run and operate the Robust Data Processor: send logs, find them, keep them, repair what broke.

    Each command works on the stack that `rdp up` runs on this machine. To work on a stack in AWS, name it: with --stack
    if CloudFormation made it, with --outputs if Terraform did. `rdp COMMAND --help` shows a command's options.
    """
