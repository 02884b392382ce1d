"""The command itself: its verbs, and failures as sentences."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from click.testing import CliRunner

from infra import cli
from infra.stack import StackError, WrongParameterError
from infra.terminal import exits
from infra.terminal.failures import PlainErrors


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_a_module_with_its_command(verb: str) -> None:
    """A verb that is registered can be run, says what it does, and is called what its name says."""
    command = importlib.import_module(cli.VERBS[verb]).command
    assert isinstance(command, click.Command)
    assert command.name == verb
    assert command.get_short_help_str()


def test_the_folder_holds_verbs_alone() -> None:
    """What verbs share stands in rooms of its own name."""
    modules = {f"infra.cli.{path.stem}" for path in Path(cli.__file__).parent.glob("*.py")} - {"infra.cli.__init__"}
    assert modules <= set(cli.VERBS.values())


def test_help_lists_the_verbs_in_order() -> None:
    """The help shows them all."""
    shown = CliRunner().invoke(cli.main, ["--help"]).output
    places = [shown.index(f"\n  {verb} ") for verb in cli.VERBS]
    assert places == sorted(places)


def _groups(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Group]]:
    if isinstance(command, click.Group):
        yield path, command
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _groups(found, (*path, name))


@pytest.mark.parametrize(
    ("path", "group"), [pytest.param(*found, id=" ".join(("rdp", *found[0]))) for found in _groups(cli.main, ())]
)
def test_no_summary_is_cut(path: tuple[str, ...], group: click.Group) -> None:
    """On a terminal of 80 columns the help of `rdp` and of each group has every first sentence whole."""
    shown = " ".join(CliRunner().invoke(cli.main, [*path, "--help"], terminal_width=80).output.split())
    listed = shown[shown.index("Commands: ") :]
    assert "..." not in listed
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.help is not None
        summary = " ".join(command.help.split("\n\n")[0].split()).partition(". ")[0].rstrip(".")
        assert f"{name} {summary}" in listed


def test_an_unknown_verb_is_an_error() -> None:
    """Exit code 2 and its name."""
    result = CliRunner().invoke(cli.main, ["nope"])
    assert result.exit_code == 2
    assert "nope" in result.output


@pytest.mark.parametrize(
    "error",
    [
        StackError("what happened and what to do"),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "what happened"}}, "GetItem"),
        EndpointConnectionError(endpoint_url="http://what happened"),
    ],
)
def test_a_failure_is_a_sentence_not_a_traceback(error: Exception) -> None:
    """Exit code 1, the message, nothing else."""

    @click.group(cls=PlainErrors)
    def group() -> None:
        """Hold the verb."""

    @group.command()
    def verb() -> None:
        raise error

    result = CliRunner().invoke(group, ["verb"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "what happened" in result.output
    assert "Traceback" not in result.output


def test_a_full_disk_is_a_sentence() -> None:
    """Standard output on a device that takes nothing stands for any file: such a write names none."""
    with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123 - a device
        command = [sys.executable, "-c", "from infra.cli import main; main()", "dlq", "--help"]
        finished = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    assert finished.returncode == 1
    assert finished.stderr == "Error: No space left on device. Make room, and run it again.\n"


def test_a_defect_is_not_hidden() -> None:
    """What is no failure of the place keeps its traceback."""

    @click.group(cls=PlainErrors)
    def group() -> None:
        """Hold the verb."""

    @group.command()
    def verb() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(group, ["verb"]).exception, ZeroDivisionError)


@pytest.mark.parametrize(("failure", "status"), [(StackError, 1), (WrongParameterError, 2)])
def test_a_wrong_parameter_is_a_wrong_command_line(failure: type[StackError], status: int) -> None:
    """Status 2, because nothing was begun; what could not be done is 1. Both say it in one message."""

    @click.group(cls=PlainErrors)
    def group() -> None:
        """Hold the verb."""

    @group.command()
    def verb() -> None:
        raise failure("BatchSize is 0.")

    result = CliRunner().invoke(group, ["verb"])
    assert (result.exit_code, result.stderr) == (status, "Error: BatchSize is 0.\n")


@pytest.mark.parametrize("verb", [["send", "-"], ["keys", "create"]])
@pytest.mark.parametrize("tenant", ["a b", "", "a,b", "x" * 65])
def test_a_tenant_that_ingest_would_refuse_is_refused_at_once(verb: list[str], tenant: str) -> None:
    """Not on every line, and not by the stack."""
    result = CliRunner().invoke(cli.main, [*verb, "--tenant", tenant])
    assert result.exit_code == 2
    assert "is not a tenant id" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["statsu"], "No such command 'statsu'. Did you mean status?"),
        (["dlq", "redrvie"], "No such command 'redrvie'. Did you mean redrive?"),
        (["xyzzy"], "No such command 'xyzzy'. `rdp --help` lists the commands."),
    ],
)
def test_a_misspelt_verb_is_told_what_it_may_mean(line: list[str], told: str) -> None:
    """Or where the commands are listed."""
    result = CliRunner().invoke(cli.main, line, prog_name="rdp")
    assert result.exit_code == exits.WRONG_COMMAND_LINE
    assert told in " ".join(result.stderr.split())
