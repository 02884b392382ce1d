"""`rdp lake` on a folder: it is asked without any stack."""

import os
import signal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from consumer.erasures import Erasures
from consumer.item import Key
from consumer.lake import query
from consumer.lake.catalog import in_folder
from consumer.lake.sync import Policy
from infra import cli
from infra.cli import lake
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
    assert "behind the stream logs is unknown: Nothing runs." in status.stderr


def test_a_sync_counts_erased_logs_apart_from_repeated_ones(tmp_path: Path) -> None:
    """A repeated log has its row; an erased one has none, and the operator is told how many those are."""
    world = LakeWorld()
    world.put([message("a"), message("b"), message("a")])
    world.put([message("gone", "one", tenant_id="blue"), message("gone", "two", tenant_id="blue")])
    world.erasures = Erasures({}, frozenset({Key("blue", "gone")}))
    counters = world.sync(in_folder(tmp_path), policy=Policy())
    assert (counters.logs, counters.rows, counters.repeated, counters.erased) == (5, 2, 1, 2)
    assert lake.summary(counters) == "5 logs read: 2 rows in 1 commit, 1 repeated, 2 erased, 0 broken"


def test_what_is_not_there_is_told(folder: Path) -> None:
    """A snapshot, a table, SQL: one line, and what to do."""
    assert "`rdp lake status --snapshots` lists them" in _rdp(folder, "query", "SELECT 1", "--snapshot", "7").stderr
    assert "`rdp lake sync --raw` makes it" in _rdp(folder, "query", "SELECT 1", "--raw").stderr
    assert "Parser Error" in _rdp(folder, "query", "SELEKT").stderr
    assert "is not an S3 table bucket" in _rdp(Path("arn:aws:s3:::bucket"), "status").stderr


def test_a_mistyped_folder_is_told_and_not_made(tmp_path: Path) -> None:
    """Whoever asks or compacts a lake that is not there learns so."""
    for verb in (["status"], ["query", "SELECT 1"], ["compact"]):
        asked = _rdp(tmp_path / "lkae", *verb)
        assert (asked.exit_code, "There is no lake in" in asked.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_catalog_or_file_is_told(folder: Path) -> None:
    """No traceback, and which input: a number too great for a snapshot, a cut data file, a catalog that is none."""
    assert _rdp(folder, "query", "SELECT 1", "--snapshot", "9" * 30).exit_code == 1
    for file in folder.rglob("*.parquet"):
        file.write_bytes(b"cut")
    cut = _rdp(folder, "query", "SELECT sum(length(text)) FROM logs")
    assert (cut.exit_code, cut.stderr.startswith("Error: ")) == (1, True)
    (folder / "catalog.sqlite").write_bytes(b"no catalog at all" * 100)
    broken = _rdp(folder, "status")
    assert (broken.exit_code, "catalog.sqlite cannot be used" in broken.stderr) == (1, True)


def test_ctrl_c_ends_a_heavy_question() -> None:
    """DuckDB is interrupted while it reckons, and the exit status is a shell's for Ctrl-C."""
    with query.connected() as connection:

        def work() -> None:
            os.kill(os.getpid(), signal.SIGINT)
            query.ask(connection, [], "SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 3").read_all()

        with pytest.raises(click.exceptions.Exit) as ended:
            lake._interruptible(work, connection.interrupt)
    assert ended.value.exit_code == 130


def test_a_question_that_fails_in_its_thread_is_told(folder: Path) -> None:
    """As one that fails before it."""
    failed = _rdp(folder, "query", "SELECT text::INT FROM logs")
    assert (failed.exit_code, "Could not convert" in failed.stderr) == (1, True)
