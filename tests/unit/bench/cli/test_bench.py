"""`rdp bench` refuses what it could not judge, in words that say what to do."""

import importlib.util

import pytest
from click.testing import CliRunner

from infra.cli import main


def test_without_its_packages_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain installation has no locust: the answer is the command that installs it, and no traceback."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "locust" else find_spec(name))
    run = CliRunner().invoke(main, ["bench"])
    assert run.exit_code == 2
    assert "needs locust: pip install 'robust-data-processor[bench]'" in run.output


def test_an_endpoint_alone_is_refused() -> None:
    """Without the stack behind it there is nothing to judge."""
    run = CliRunner().invoke(main, ["bench", "--endpoint", "https://logs.example.com"])
    assert run.exit_code == 2
    assert "--stack" in run.output
    assert "locust -f" in run.output
