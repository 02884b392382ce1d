"""`rdp`, the operator's command: one verb a file, each registered below."""

import click

from infra.cli import audit, bench, down, logs, replay, send, status, up
from infra.cli.failures import PlainErrors


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run and operate the Robust Data Processor.

    Without --stack every command works on the stack that `rdp up` runs on this machine; with it, on that
    CloudFormation stack in AWS.
    """


main.add_command(up.command)
main.add_command(down.command)
main.add_command(status.command)
main.add_command(send.command)
main.add_command(logs.command)
main.add_command(replay.command)
main.add_command(audit.command)
main.add_command(bench.command)
