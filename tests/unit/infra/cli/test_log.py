"""`rdp log` of a log that is not stored: it says whether it was erased."""

from pathlib import Path

from click.testing import CliRunner, Result

from consumer.erasures import Subject
from infra.cli import main
from infra.erasure import table
from infra.options.locator import Locator
from tests.faults.erase_world import EraseWorld
from tests.faults.world import TABLE_NAME

_AT = "2025-11-28T12:00:00.000Z"


def _shown(world: EraseWorld, log_id: str) -> Result:
    return CliRunner().invoke(main, ["log", "acme", log_id], obj=Locator(lambda _: world.stack()))


def test_an_erased_log_is_said_to_be_erased_and_when(tmp_path: Path) -> None:
    """Any other that is not there may be on its way."""
    world = EraseWorld(tmp_path)
    table.mark(world.world.dynamodb, TABLE_NAME, Subject("acme", "one", ""), at=_AT)  # type: ignore[arg-type] # its calls
    erased, unknown = _shown(world, "one"), _shown(world, "two")
    assert (erased.exit_code, unknown.exit_code) == (1, 1)
    assert f"it was erased at {_AT}." in erased.output
    assert "on its way" not in erased.output
    assert "on its way" in unknown.output
