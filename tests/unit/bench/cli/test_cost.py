"""`rdp cost` says what it could not read or write, in one line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main


def test_the_kept_runs_are_priced() -> None:
    """Without options it prints the table from the runs that the repository keeps."""
    run = CliRunner().invoke(main, ["cost"])
    assert run.exit_code == 0, run.output
    assert "US dollars per million logs" in run.output


def test_a_picture_into_no_folder_is_refused(tmp_path: Path) -> None:
    """The path and the reason, no traceback."""
    run = CliRunner().invoke(main, ["cost", "--plot", str(tmp_path / "none" / "cost.png")])
    assert run.exit_code == 1
    assert f"The picture cannot be written to {tmp_path}/none/cost.png: No such file or directory." in run.output


def test_runs_that_are_not_there_are_named(tmp_path: Path) -> None:
    """The missing file and the command that makes it."""
    run = CliRunner().invoke(main, ["cost", "--runs", str(tmp_path)])
    assert run.exit_code == 1
    assert "calls-design-singles/result.json: No such file" in run.output
    assert "rdp bench --calls-only" in run.output


def test_a_spoiled_run_is_named(tmp_path: Path) -> None:
    """A result that is no JSON of this bench is one line with its path."""
    (tmp_path / "calls-design-singles").mkdir()
    (tmp_path / "calls-design-singles" / "result.json").write_text("{}")
    run = CliRunner().invoke(main, ["cost", "--runs", str(tmp_path)])
    assert run.exit_code == 1
    assert "result.json: Object missing required field" in run.output


@pytest.mark.parametrize("option", ["--seconds-per-char", "--consumer-timeout", "--logs-per-second"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "x"])
def test_a_number_out_of_its_range_is_refused(option: str, value: str) -> None:
    """Costs of a negative or endless setting would be a number, and wrong."""
    run = CliRunner().invoke(main, ["cost", option, value])
    assert run.exit_code == 2
    assert option in run.output
