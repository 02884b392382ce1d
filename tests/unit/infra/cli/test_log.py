"""`rdp log`: what it says of a log that is not stored, and of further texts under its id."""

import re
from pathlib import Path

from click.testing import CliRunner, Result

from consumer.erasures import Subject
from consumer.item import attributes, beside, beside_id
from infra.cli import main
from infra.erasure import table
from infra.options.locator import Locator
from tests.faults.erase_world import EraseWorld
from tests.faults.world import TABLE_NAME
from tests.unit.consumer.fakes import item

_AT = "2025-11-28T12:00:00.000Z"


def _shown(world: EraseWorld, log_id: str) -> Result:
    return CliRunner().invoke(main, ["log", "acme", log_id], obj=Locator(lambda _: world.stack()))


def test_an_erased_log_is_said_to_be_erased_and_when(tmp_path: Path) -> None:
    """Any other that is not there may be on its way."""
    world = EraseWorld(tmp_path)
    table.mark(world.world.dynamodb, TABLE_NAME, Subject("acme", "one", ""), at=_AT)  # type: ignore[arg-type] # its calls
    erased, unknown = _shown(world, "one"), _shown(world, "two")
    assert f"it was erased at {_AT}." in _shown(world, beside_id("one", "another")).output  # It went with "one".
    assert (erased.exit_code, unknown.exit_code) == (1, 1)
    assert f"it was erased at {_AT}." in erased.output
    assert "on its way" not in erased.output
    assert "on its way" in unknown.output


def test_further_texts_under_the_id_are_named(tmp_path: Path) -> None:
    """Each with the command that shows it, which in turn names the id that was taken; no neighbour is named."""
    world = EraseWorld(tmp_path)
    for one in (item("dup"), beside(item("dup", "second")), beside(item("dup", "third")), item("dup-2"), item("du")):
        world.world.dynamodb.items["acme", one.log_id] = {name: {**value} for name, value in attributes(one).items()}
    shown = _shown(world, "dup")
    of = [beside_id("dup", text) for text in ("second", "third")]
    assert shown.stderr.splitlines()[2:] == [f"  rdp log acme '{log_id}'" for log_id in sorted(of)]
    assert "second" not in shown.stdout
    second = _shown(world, of[0])
    assert re.search(r"^conflict_of +dup$", second.stdout, re.MULTILINE)
    assert not second.stderr
    assert not _shown(world, "dup-2").stderr
