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
_PLACEHOLDERS: Final = {"N": "1", "...": ""}
"""What stands for the reader's own value where not any word would do."""


def _commands(name: str) -> set[str]:
    """Return what stands in a code span or on a line of a block, without its comment, prompt and brackets."""
    text = (_ROOT / name).read_text()
    spans = re.findall(r"`(rdp [^`]+)`", text)
    lines = re.findall(r"^(?: *|\$ )(rdp [^#;\n]+)", text, re.MULTILINE)
    lines += re.findall(r"\$\((rdp [^#;)\n]+)", text)
    return {" ".join(re.sub(r"[\[\]]|\|.*", "", written).split()) for written in [*spans, *lines]}


_WRITTEN: Final = [(name, written) for name in _DOCUMENTS for written in sorted(_commands(name))]


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
