"""Which stack a command line means."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from infra.options.locator import Locator, Where, finder, on_stack, where_options
from infra.stack import Place, Stack


def _asked(arguments: Sequence[str], env: dict[str, str] | None = None) -> tuple[list[Where], Result]:
    """Run a verb with these arguments; return what it asked to be found, and how it ended."""
    asked: list[Where] = []

    def find(where: Where) -> Stack:
        asked.append(where)
        return Stack(place=Place(), endpoint="http://found", outputs={})

    @click.command()
    @on_stack
    def verb(stack: Stack) -> None:
        click.echo(stack.endpoint)

    clean = dict.fromkeys(("AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "RDP_DATA_DIR"))
    return asked, CliRunner(env={**clean, **(env or {})}).invoke(verb, arguments, obj=Locator(find))


def test_without_a_name_it_is_this_machines() -> None:
    """The data folder alone counts, and nothing is said of AWS."""
    asked, result = _asked([], {"RDP_DATA_DIR": "/d", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "prod"})
    assert (result.output, asked[0].is_local, asked[0].data_dir) == ("http://found\n", True, Path("/d"))


def test_it_can_be_found_again() -> None:
    """As it is then, from any thread."""
    stacks = [Stack(Place(), f"http://{n}", {}) for n in range(2)]
    found: list[Stack] = []
    deployed = iter(stacks)

    @click.command()
    @where_options
    def verb(where: Where) -> None:
        find = finder(where)
        with ThreadPoolExecutor(1) as other:
            found.extend((find(), other.submit(find).result()))

    assert CliRunner().invoke(verb, [], obj=Locator(lambda _: next(deployed))).exit_code == 0
    assert found == stacks


def test_with_a_name_it_is_in_aws_and_says_so_first(tmp_path: Path) -> None:
    """On standard error, with region and profile, so that a program still reads standard output."""
    (tmp_path / "outputs.json").write_text("{}")
    for arguments, said in (
        (["--stack", "rdp"], "stack rdp"),
        (["--outputs", str(tmp_path / "outputs.json")], "the stack of --outputs"),
    ):
        asked, result = _asked([*arguments, "--region", "eu-west-1"])
        assert not asked[0].is_local
        assert asked[0].place.region == "eu-west-1"
        assert result.stderr == f"On AWS, region eu-west-1: {said}.\n"
        assert result.stdout == "http://found\n"


def test_an_endpoint_that_stands_for_aws_is_named() -> None:
    """Nobody takes an engine for AWS, or AWS for an engine."""
    _, result = _asked(["--stack", "rdp", "--endpoint-url", "http://127.0.0.1:1"])
    assert result.stderr == "On http://127.0.0.1:1: stack rdp.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stack", "a", "--data-dir", "d"], "--stack and --data-dir name two stacks"),
        (["--stack", "a", "--outputs", "-"], "--stack and --outputs name two stacks"),
        (["--region", "eu-west-1"], "--region is for a stack in AWS"),
        (["--profile", "prod", "--data-dir", "d"], "--profile is for a stack in AWS"),
        (["--endpoint-url", "http://x"], "--endpoint-url is for a stack in AWS"),
    ],
)
def test_a_command_line_with_two_meanings_is_refused(arguments: list[str], words: str) -> None:
    """Whoever types --profile prod does not mean this machine."""
    asked, result = _asked(arguments)
    assert (asked, result.exit_code) == ([], 2)
    assert words in result.output


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://x", "http://[::1"])
def test_an_endpoint_that_is_no_url_is_refused(url: str) -> None:
    """Typed or from the environment: boto3 would end with a traceback."""
    for arguments, env in ((["--endpoint-url", url], {}), ([], {"AWS_ENDPOINT_URL": url})):
        asked, result = _asked(["--stack", "rdp", *arguments], env)
        assert (asked, result.exit_code) == ([], 2)
        assert "is not a URL. Give one such as" in " ".join(result.stderr.split())
