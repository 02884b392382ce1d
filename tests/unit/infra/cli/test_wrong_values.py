"""Every verb with wrong values of every option: one sentence and a status, never a traceback, and nothing is touched.

The verbs, their options and the options' types are read from click's own registry: a new one is tried by itself.
"""

import signal
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from infra import cli
from infra.options.locator import Locator
from infra.stack import Place, Stack, StackError

if TYPE_CHECKING:
    import boto3

_TIME_LIMIT_S = 300
_STRINGS = ("", "a\x1b[31m[/x]☃", "x" * 5000)
_NUMBERS = ("abc", "-1", "nan", "9" * 30)
_ANYTHING = {"--api-key", "--token", "--name", "--pattern"}
"""Nearly any text is right for them: `rdp send` goes on, meets nobody, and says so in its summary. `rdp redact` asks no
stack, and test_redact.py has patterns that it refuses."""

_OF_ALL = {"--data-dir", "--stack", "--outputs", "--region", "--profile", "--endpoint-url", "--api-key", "--token"}
"""Options that are one function for all verbs: tried with the first verb that has them."""


class _Nowhere(Place):
    """A place whose every client is refused: what gets so far has read its options, and touches nothing."""

    @cached_property
    def session(self) -> "boto3.Session":
        """Refuse."""
        raise StackError("Nothing is here.")


class _Outputs(dict[str, str]):
    """Whatever output is asked for."""

    def __missing__(self, name: str) -> str:
        return "x"


_STACK = Stack(_Nowhere(), "http://127.0.0.1:1", _Outputs())


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, (*path, name))
    else:
        yield path, command


def _wrong(parameter: click.Parameter) -> tuple[str, ...]:
    match parameter.type:
        case click.Choice():
            return ("nonsense", "")
        case click.Path() | click.File():
            return ("/dev/null/none/there", "x" * 300)  # The empty name is this folder, which is right.
        case click.types.StringParamType():
            return _STRINGS
        case _:
            return _NUMBERS


def _cases() -> Iterator[tuple[tuple[str, ...], click.Command, click.Parameter, str]]:
    tried: set[str] = set()
    for path, command in _commands(cli.main, ()):
        for parameter in command.params:
            if (isinstance(parameter, click.Option) and parameter.is_flag) or parameter.opts[0] in (
                tried & _OF_ALL
            ) | _ANYTHING:
                continue
            tried.add(parameter.opts[0])
            yield from ((path, command, parameter, value) for value in _wrong(parameter))


CASES = [pytest.param(*case, id=f"{' '.join(case[0])} {case[2].opts[-1]} {case[3][:12]!r}") for case in _cases()]


@pytest.fixture(autouse=True)
def _nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No credentials, no engine, an empty folder, and a time limit."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    def late(*_: object) -> None:
        raise TimeoutError(f"longer than {_TIME_LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_TIME_LIMIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _right(parameter: click.Parameter, folder: Path) -> str:
    """Return a value that may be right, for what a command cannot do without."""
    if isinstance(parameter.type, click.Path | click.File):
        (folder / "there").write_text("one\n")
        return str(folder / "there")
    return "acme"


def _line(command: click.Command, wrong: click.Parameter, value: str, folder: Path) -> list[str]:
    line: list[str] = []
    for parameter in command.params:
        if parameter is not wrong and not parameter.required:
            continue
        given = value if parameter is wrong else _right(parameter, folder)
        if isinstance(parameter, click.Option):
            line += [parameter.opts[0], given]
    arguments = [
        value if parameter is wrong else _right(parameter, folder)
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    ]
    return [*line, "--", *arguments]


@pytest.mark.parametrize(("path", "command", "parameter", "value"), CASES)
def test_a_wrong_value_is_one_sentence_and_a_status(
    path: tuple[str, ...], command: click.Command, parameter: click.Parameter, value: str, tmp_path: Path
) -> None:
    """On standard error, without a traceback, in time, and nothing was touched."""
    line = _line(command, parameter, value, tmp_path)
    if path[0] == "bench" and parameter.opts[0] not in _OF_ALL:
        line = ["--data-dir", str(tmp_path), *line]
    result = CliRunner().invoke(cli.main, [*path, *line], obj=Locator(lambda _where: _STACK))
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in {1, 2}, result.output
    errors = [shown for shown in result.stderr.splitlines() if shown.startswith("Error: ")]
    assert len(errors) == 1, result.stderr
    assert len(errors[0]) > len("Error: ")
    assert not set(result.stderr) & set("\x1b\x9b")
