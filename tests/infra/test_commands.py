"""Every `rdp` command that a document shows is one: the verb, its options, and their values."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
import pytest

from infra.cli import main
from infra.dead_letter import UNMARKED_REASON
from ingest.contract.errors import POISON_REASONS
from tests.infra import configuration

_ROOT: Final = Path(__file__).parents[2]
_DOCUMENTS: Final = (
    "README.md",
    "ingest/API.md",
    "ingest/DIALECTS.md",
    "consumer/replay/README.md",
    "consumer/lake/README.md",
    "bench/README.md",
    "infra/RUNBOOK.md",
    "infra/SECURITY.md",
    "DECISIONS.md",
)
_PARAMETERS: Final[dict[str, dict[str, Any]]] = configuration.template()["Parameters"]
_PLACEHOLDERS: Final = {"N": "1", "...": "", "app.log": "-", "app.ndjson": "-"}
"""What stands for the reader's own value where not any word would do."""


def _commands(name: str) -> set[str]:
    """Return what stands in a code span or on a line of a block, without its comment, prompt and brackets."""
    text = (_ROOT / name).read_text()
    spans = re.findall(r"`(rdp [^`]+)`", text)
    lines = re.findall(r"^(?: *|\$ )(rdp [^#;\n]+)", text, re.MULTILINE)
    lines += re.findall(r"\$\((rdp [^#;)\n]+)", text)
    return {" ".join(re.sub(r"[\[\]]|\|.*", "", written).split()) for written in [*spans, *lines]}


_WRITTEN: Final = [(name, written) for name in _DOCUMENTS for written in sorted(_commands(name))]
_TERMINAL_COLUMNS: Final = 80


def _examples(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the examples that a command's help text and those of its subcommands end with."""
    yield from ((path, line) for line in (command.epilog or "").splitlines() if "rdp " in line)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _examples(found, f"{path} {name}")


_EXAMPLES: Final = list(_examples(main, "rdp"))


def _wrong(written: str) -> Iterator[str]:
    """Yield what is wrong with a command: as click parses it, and by the values that click takes as they come."""
    words = [_PLACEHOLDERS.get(word, word) for word in shlex.split(re.sub(r"<[^>]*>", "1", written))[1:]]
    if words[-1:] == ["--param"]:
        words.append("BatchSize=1")  # The option is only named.
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        found = command.get_command(context, name)
        if found is None:
            yield f"there is no {name}"
            return
        command = found
    if isinstance(command, click.Group):
        return
    try:
        with command.make_context("rdp", list(words), parent=context):
            pass  # It closes what it opened.
    except (click.MissingParameter, click.exceptions.Exit):
        pass  # A verb that is only named; and `--help`.
    except click.UsageError as error:
        yield error.format_message()
    for option, value in pairwise(words):
        yield from _wrong_value(option, value)


def _wrong_value(option: str, value: str) -> Iterator[str]:
    match option:
        case "--reason" if value not in {*POISON_REASONS, UNMARKED_REASON, "R"}:
            yield f"no dead letter has the reason {value}"
        case "--param" if value != "Name=Value":
            yield from _wrong_parameter(value)
        case _:
            pass


def _wrong_parameter(given: str) -> Iterator[str]:
    name, _, value = given.partition("=")
    if name not in _PARAMETERS:
        yield f"the template has no parameter {name}"
    elif value and value not in map(str, _PARAMETERS[name].get("AllowedValues", [value])):
        yield f"{name} cannot be {value}"


def test_commands_are_found() -> None:
    """What the other test goes through is not empty, and holds blocks, spans and shown sessions."""
    found = {written for _, written in _WRITTEN}
    assert {"rdp replay --to queue", "rdp audit", "rdp dlq list"} <= found
    assert len(found) > 40


@pytest.mark.parametrize(("document", "written"), _WRITTEN)
def test_a_documented_command_can_be_typed(document: str, written: str) -> None:
    """A command that is typed at night must not be a misprint, nor mean something else."""
    assert list(_wrong(written)) == [], document


def test_the_verbs_that_people_use_most_have_examples() -> None:
    """A tired operator copies an example; the other test goes through all of them."""
    most_used = "send logs log replay lake erase audit rebuild dlq deploy bench cost console up tail keys consumer"
    assert {f"rdp {verb}" for verb in most_used.split()} <= {path for path, _ in _EXAMPLES}


@pytest.mark.parametrize(("path", "line"), _EXAMPLES)
def test_an_example_in_a_help_text_can_be_typed(path: str, line: str) -> None:
    """It is a right command of this verb, and a terminal does not wrap it."""
    command = line.partition("  # ")[0]
    command = command[command.index("rdp ") :].strip()
    assert list(_wrong(command)) == []
    assert path == "rdp" or command.startswith(f"{path} ") or command == path
    assert len(line) + len("  ") <= _TERMINAL_COLUMNS


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("rdp nope", "no nope"),
        ("rdp status --nope", "--nope"),
        ("rdp tail --level loud", "loud"),
        ("rdp logs --tenant t --limit 0", "--limit"),
        ("rdp package --python 2.7", "2.7"),
        ("rdp replay --to table", "table: name a file"),
        ("rdp dlq list --reason because", "reason because"),
        ("rdp up --param Nope=1", "no parameter Nope"),
        ("rdp up --param StreamMode=SOMETIMES", "SOMETIMES"),
        ("rdp up --param BatchSize", "BatchSize"),
    ],
)
def test_a_wrong_command_would_be_seen(written: str, says: str) -> None:
    """Verb, option, choice, range, format, and a value that click itself takes."""
    assert says in " ".join(_wrong(written))
