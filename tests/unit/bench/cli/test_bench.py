"""`rdp bench` refuses what it could not run or judge, before it starts anything, in words that say what to do."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bench.cli.bench import refuse_without_packages
from infra.cli import main


def test_without_its_packages_it_names_the_extra() -> None:
    """A plain installation has no locust: the answer is the command that installs it, and no traceback."""
    with pytest.raises(click.UsageError, match=r"needs locust: pip install 'robust-data-processor\[bench\]'"):
        refuse_without_packages(lambda name: None if name == "locust" else object())


WRONG = [
    (["--rate", "-5"], "Invalid value for '--rate'"),
    (["--rate", "0"], "Invalid value for '--rate'"),
    (["--rate", "nan"], "Invalid value for '--rate'"),
    (["--rate", "inf"], "Invalid value for '--rate'"),
    (["--rate", "fast"], "Invalid value for '--rate'"),
    (["--shape", "square"], "Invalid value for '--shape'"),
    (["--duration", "0"], "Invalid value for '--duration'"),
    (["--duration", "1e99"], "Invalid value for '--duration'"),
    (["--warm-up", "-1"], "Invalid value for '--warm-up'"),
    (["--mix", "foo=1"], "unknown kind of request 'foo' in the mix"),
    (["--mix", "json"], "'' in the mix is no share"),
    (["--mix", "json=nan"], "'nan' in the mix is no share"),
    (["--batch-logs", "20001"], "Invalid value for '--batch-logs'"),
    (["--max-chars", "159"], "Invalid value for '--max-chars'"),
    (["--tenants", "0"], "Invalid value for '--tenants'"),
    (["--users", "1.5"], "Invalid value for '--users'"),
    (["--seed", "x"], "Invalid value for '--seed'"),
    (["--name", "../elsewhere"], "Invalid value for '--name'"),
    (["--name", "two words"], "Invalid value for '--name'"),
    (["--least-rate", "-1"], "Invalid value for '--least-rate'"),
    (["--drain-timeout", "-1"], "Invalid value for '--drain-timeout'"),
    (["--consumers", "1"], "Invalid value for '--consumers'"),
    (["--ramp-rate", "-1"], "Invalid value for '--ramp-rate'"),
    (["--batch-ramp-rate", "nan"], "Invalid value for '--batch-ramp-rate'"),
    (["--param", "SecondsPerChar"], "is not Name=Value"),
    (["--endpoint", "https://logs.example.com"], "locust -f"),
    (["--endpoint", "logs.example.com", "--stack", "rdp"], "is not a base URL"),
    (["--stack", "rdp", "--param", "BatchSize=1"], "--param sets parameters of a stack that the bench starts"),
    (["--stack", "rdp", "--count-calls"], "--count-calls reads the engine's record"),
]


@pytest.mark.parametrize(("options", "expected"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_a_wrong_value_is_one_line_that_names_it(options: list[str], expected: str, tmp_path: Path) -> None:
    """Exit status 2, the option and what it takes, nothing started and no folder made."""
    run = CliRunner().invoke(main, ["bench", "--out", str(tmp_path / "runs"), *options])
    assert run.exit_code == 2
    error = [line for line in run.output.splitlines() if line.startswith("Error: ")]
    assert len(error) == 1
    assert expected in error[0]
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_made_ends_it_before_a_stack_starts(tmp_path: Path) -> None:
    """Results that could not be kept are known in the first second, not after the run."""
    (tmp_path / "file").write_text("")
    run = CliRunner().invoke(main, ["bench", "--out", str(tmp_path / "file" / "runs")])
    assert run.exit_code == 1
    assert run.output.startswith("Error: The results cannot be written to ")


def test_a_data_dir_without_a_stack_is_said(tmp_path: Path) -> None:
    """No stack runs there: one line, and the command that starts one."""
    run = CliRunner().invoke(main, ["bench", "--out", str(tmp_path / "runs"), "--data-dir", str(tmp_path)])
    assert run.exit_code == 1
    assert "rdp up" in run.output
    assert "Traceback" not in run.output
