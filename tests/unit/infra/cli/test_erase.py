"""`rdp erase`: what it refuses before it asks a stack or erases anything, and what it says when it is stopped."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.options.locator import Locator, Where
from infra.stack import Stack
from tests.faults.erase_world import Erasable, EraseWorld
from tests.faults.world import REFUSED_TEXT, TABLE_NAME

_AT = "2025-11-24T15:59:00.000Z"


def _no_stack(where: Where) -> Stack:
    raise AssertionError(f"looked for a stack: {where}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name what is to be erased"),
        (["--tenant", "acme", "--log", "acme", "log-1"], "Name what is to be erased"),
        (["--tenant", "!erased"], "is not a tenant id"),
        (["--tenant", ""], "is not a tenant id"),
        (["--log", "acme"], "Error: --log needs a tenant and a log id, as in: --log acme my-id-1"),
        (["--log"], "--log needs a tenant and a log id"),
        (["--log", "acme", "--yes"], "'--yes' stands where the log id must be"),
        (["--before"], "Option '--before' requires an argument"),
        (["--log", "acme", "log-1 0a1b"], "is not a log id"),
        (["--log", "acme", ""], "is not a log id"),
        (["--log", "acme", "log-1", "--before", "1d"], "--before goes only with --tenant"),
        (["--tenant", "acme", "--check", "--before", "1d"], "--before goes only with --tenant"),
        (["--tenant", "acme", "--check", "--yes"], "--check erases nothing"),
    ],
)
def test_a_command_line_that_names_nothing_is_refused(arguments: list[str], says: str) -> None:
    """With status 2 and what is wrong: nothing was begun."""
    result = CliRunner().invoke(main, ["erase", *arguments], obj=Locator(_no_stack))
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


class _Throttled(Erasable):
    """A table that deletes nothing."""

    def batch_execute_statement(self, **_: Any) -> dict[str, Any]:
        return {"Responses": [{"Error": {"Code": "ThrottlingError"}}]}


def _world(folder: Path) -> EraseWorld:
    world = EraseWorld(folder)
    world.world.dynamodb = _Throttled(TABLE_NAME, refused_text=REFUSED_TEXT)
    row = {"tenant_id": {"S": "acme"}, "log_id": {"S": "log-1"}, "received_at": {"S": _AT}}
    world.world.dynamodb.items["acme", "log-1"] = row
    return world


def _erase(world: EraseWorld, *arguments: str) -> Result:
    where = ["erase", "--data-dir", str(world.folder), "--tenant", "acme"]
    return CliRunner().invoke(main, [*where, *arguments], obj=Locator(lambda _: world.stack()))


@pytest.mark.parametrize("name", ["there.json", "missing/new.json"])
def test_a_certificate_that_can_not_be_written_is_refused_before_anything_is_erased(tmp_path: Path, name: str) -> None:
    """A file that is there already, or whose folder is not: no tombstone, every row, and the file as it was."""
    (tmp_path / "there.json").write_text("{}")
    world = _world(tmp_path)
    result = _erase(world, "--yes", "--certificate", str(tmp_path / name))
    assert result.exit_code == 1
    assert name in result.output
    assert set(world.world.dynamodb.items) == {("acme", "log-1")}
    assert (tmp_path / "there.json").read_text() == "{}"


def test_one_that_is_stopped_says_how_to_go_on_with_the_same_time(tmp_path: Path) -> None:
    """The time of the tombstone, as `--before` takes it; the next run says it, too. No empty certificate is left."""
    world = _world(tmp_path)
    file = tmp_path / "certificate.json"
    stopped = _erase(world, "--yes", "--certificate", str(file))
    assert stopped.exit_code == 1
    until = world.world.dynamodb.items["!erased", "tenants"]["t:acme"]["S"]
    assert f"--before {until}" in stopped.stderr
    assert not file.exists()
    again = _erase(world, "--before", until)
    assert again.exit_code == 0, again.output
    assert f"was already erased until {until}" in again.stderr
    assert f"received until {until}:" in again.stdout


@pytest.mark.parametrize(
    ("zone", "until"), [("UTC", "2025-11-24T12:00:00.000Z"), ("Asia/Tokyo", "2025-11-24T03:00:00.000Z")]
)
def test_the_time_is_in_the_callers_zone(tmp_path: Path, zone: str, until: str) -> None:
    """Noon in Tokyo is 03:00 UTC, and what would be erased is told in UTC."""
    counted = _erase(_world(tmp_path), "--before", "2025-11-24 12:00", "--zone", zone)
    assert f"received until {until}:" in counted.stdout


def test_a_first_erasure_tells_of_none_before_it(tmp_path: Path) -> None:
    """Nothing stands on standard error where no tombstone does."""
    assert _erase(_world(tmp_path)).stderr == ""
