"""The locustfile under locust itself: what it cannot run ends it at once, in one line and with a status."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[3]
_NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port: nothing that is sent there is answered."""


def locust(*options: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
    """Run locust on the bench's file without a web page; an endless run fails by the time-out."""
    command = [sys.executable, "-m", "locust", "-f", "bench/locustfile.py", "--headless", "--host", _NOWHERE]
    return subprocess.run(  # noqa: S603 - no shell, words of our own
        [*command, *options], cwd=_ROOT, check=False, capture_output=True, text=True, timeout=timeout_s
    )


@pytest.mark.parametrize(
    ("content", "expected"), [('{"mix": "foo=1"}', "unknown kind of request 'foo'"), ('{"rate": -5}', "$.rate")]
)
def test_a_wrong_plan_ends_it(content: str, expected: str, tmp_path: Path) -> None:
    """No request is sent, no history is begun, and the status is not 0."""
    (tmp_path / "plan.json").write_text(content)
    ended = locust("--plan", str(tmp_path / "plan.json"), "--history", str(tmp_path / "history.db"))
    assert ended.returncode == 1
    said = [line for line in ended.stderr.splitlines() if "The plan is wrong." in line]
    assert len(said) == 1
    assert expected in said[0]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "history.db").exists()


def test_a_history_that_cannot_be_written_ends_it(tmp_path: Path) -> None:
    """Without its ledger the load would go on for ever, and nobody could judge it."""
    (tmp_path / "file").write_text("")
    ended = locust("--history", str(tmp_path / "file" / "history.db"))
    assert ended.returncode == 1
    assert "The history cannot be written to " in ended.stderr
