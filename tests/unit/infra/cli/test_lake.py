"""`rdp lake` on a folder: it is asked without any stack."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consumer.lake.catalog import in_folder
from infra import cli
from infra.options.locator import Locator, Where
from infra.stack import Stack, StackError
from tests.faults.lake_world import LakeWorld
from tests.messages import message


def _nowhere(_where: Where) -> Stack:
    raise StackError("Nothing runs.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a lake of two logs."""
    world = LakeWorld()
    world.put([message("a", "call 555-0199"), message("b", "call 555-0100", tenant_id="other")])
    world.sync(in_folder(tmp_path / "lake"))
    return tmp_path / "lake"


def _rdp(folder: Path, *arguments: str) -> Result:
    line = ["lake", *arguments, "--warehouse", str(folder)]
    return CliRunner().invoke(cli.main, line, obj=Locator(_nowhere))


def test_a_folder_is_asked_without_its_stack(folder: Path) -> None:
    """Queries answer, and the status says what it cannot know."""
    asked = _rdp(folder, "query", "SELECT tenant_id, text FROM logs ORDER BY 1")
    assert asked.stdout == "tenant_id\ttext\nacme\tcall [REDACTED]\nother\tcall [REDACTED]\n"
    status = _rdp(folder, "status")
    assert status.exit_code == 0
    assert status.stdout.startswith("tenant\tday\trows\tfiles\tbytes\nacme\t2025-11-24\t1\t1\t")
    assert "behind the stream logs is not known: Nothing runs." in status.stderr


def test_what_is_not_there_is_told(folder: Path) -> None:
    """A snapshot, a table, SQL: one line, and what to do."""
    assert "`rdp lake status --snapshots` names them" in _rdp(folder, "query", "SELECT 1", "--snapshot", "7").stderr
    assert "`rdp lake sync --raw` makes it" in _rdp(folder, "query", "SELECT 1", "--raw").stderr
    assert "Parser Error" in _rdp(folder, "query", "SELEKT").stderr
    assert "is no S3 table bucket" in _rdp(Path("arn:aws:s3:::bucket"), "status").stderr


def test_a_mistyped_folder_is_told_and_not_made(tmp_path: Path) -> None:
    """Whoever asks or compacts a lake that is not there learns so."""
    for verb in (["status"], ["query", "SELECT 1"], ["compact"]):
        asked = _rdp(tmp_path / "lkae", *verb)
        assert (asked.exit_code, "There is no lake in" in asked.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
