"""`rdp log`: what it says of a log that is not stored, and of further texts under its id."""

import re
from pathlib import Path

from click.testing import CliRunner, Result

from consumer.erasures import Subject
from consumer.item import attributes, beside, beside_id
from consumer.timestamps import epoch_ms
from infra.cli import main
from infra.erasure import table
from infra.options.locator import Locator
from ingest.contract.log_ids import generator
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
    said = f"It was erased: the erasure of this log id was requested at {_AT}."
    assert said in _shown(world, beside_id("one", "another")).output  # It went with "one".
    assert (erased.exit_code, unknown.exit_code) == (1, 1)
    assert said in erased.output
    assert "on its way" not in erased.output
    assert "on its way" in unknown.output


def test_a_log_that_was_erased_with_its_tenant_is_said_to_be_erased(tmp_path: Path) -> None:
    """It names that erasure and its times. A later log may be on its way; an id without a time may be either."""
    world = EraseWorld(tmp_path)
    until = "2025-11-01T00:00:00.000Z"
    table.mark(world.world.dynamodb, TABLE_NAME, Subject("acme", None, until), at=_AT)  # type: ignore[arg-type] # its calls
    table.mark(world.world.dynamodb, TABLE_NAME, Subject("blue", None, _AT), at="2025-12-01T00:00:00.000Z")  # type: ignore[arg-type] # its calls
    until_ms = epoch_ms(until)
    last, next_one, own = (
        " ".join(_shown(world, log_id).output.split())
        for log_id in (generator(until_ms, 0)(0), generator(until_ms + 1, 0)(0), "own-id")
    )
    erasure = f"an erasure of tenant 'acme', requested at {_AT}, took all its logs received until {until}"
    assert f"It was erased: {erasure}. By its id, this log was received at {until}." in last
    assert "on its way" not in last
    assert "erased" not in next_one
    assert "on its way" in next_one
    assert f"It may have been erased: {erasure}." in own
    assert "on its way" in own


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
