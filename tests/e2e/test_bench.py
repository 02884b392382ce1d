"""`rdp bench` as a person runs it: against a running stack, from the first request to the page and the exit status."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner, Result

from bench import result as results
from bench.judge.history import History
from bench.load.shapes import RAMP_STEPS
from infra.cli import main

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_ROOT: Final = Path(__file__).parents[2]


def bench(local_stack: "LocalStack", out: Path, name: str, *options: str) -> Result:
    """Run a bench of two seconds with every kind of request."""
    words = ["bench", "--data-dir", str(local_stack.data_dir), "--out", str(out), "--name", name, "--users", "4"]
    words += [
        "--duration",
        "2",
        "--warm-up",
        "1",
        "--rate",
        "240",
        "--batch-logs",
        "5",
        "--mix",
        "json=2,text=1,batch=1",
    ]
    return CliRunner().invoke(main, [*words, *options])


def test_a_run_ends_with_a_verdict_and_a_page(own_stack: "LocalStack", tmp_path: Path) -> None:
    """Everything sent is judged as kept; the page, the numbers and the pictures are there, the ledger is not."""
    run = bench(own_stack, tmp_path, "good", "--least-rate", "1")
    assert run.exit_code == 0, run.output
    assert "verdict: PASSED" in run.output
    counts = results.read(tmp_path / "good").judgement.counts
    assert counts["accepted"] == counts["stored"] + counts["dead_letters"]
    assert counts["requests"] >= 8
    assert (tmp_path / "good" / "report.html").exists()
    assert not list((tmp_path / "good").glob("history.db*"))


def test_a_run_under_the_asked_rate_fails_and_keeps_its_ledger(own_stack: "LocalStack", tmp_path: Path) -> None:
    """The exit status is 4, the reason is named, and the record of what was sent is kept."""
    run = bench(own_stack, tmp_path, "slow", "--least-rate", "100000")
    assert run.exit_code == 4
    assert "verdict: FAILED: rate" in run.output
    assert (tmp_path / "slow" / "history.db").exists()


def test_a_ramp_ends_with_its_knee(own_stack: "LocalStack", tmp_path: Path) -> None:
    """Its numbers are given for each step up to the wanted rate, and the summary names the highest step that held."""
    run = bench(own_stack, tmp_path, "ramp", "--shape", "ramp", "--rate", "1200", "--duration", "4", "--mix", "json=1")
    assert run.exit_code == 0, run.output
    assert "knee " in run.output
    steps = results.read(tmp_path / "ramp").numbers.steps
    assert len(steps) == RAMP_STEPS
    assert sum(step.requests_per_minute for step in steps) * 4 / RAMP_STEPS / 60 == pytest.approx(42, abs=1)
    assert steps[-1].requests_per_minute > steps[0].requests_per_minute
    assert (tmp_path / "ramp" / "knee.png").exists()


def _answers(history: Path) -> int:
    """Return how many answers a history that is being written has."""
    if not history.exists():
        return 0
    with closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as reading:
        if not reading.execute("SELECT 1 FROM sqlite_master WHERE name = 'request'").fetchone():
            return 0
        return int(reading.execute("SELECT count(*) FROM request WHERE status > 0").fetchone()[0])


def test_locust_alone_sends_a_plan_of_its_own(
    own_stack: "LocalStack", eventually: "Eventually", tmp_path: Path
) -> None:
    """`locust -f bench/locustfile.py --host URL` needs no plan file, and its run can be judged by its history."""
    command = [sys.executable, "-m", "locust", "-f", "bench/locustfile.py", "--host", own_stack.stack.endpoint]
    command += ["--headless", "--history", str(tmp_path / "history.db")]
    with (tmp_path / "locust.log").open("wb") as log:
        locust = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)  # noqa: S603 - no shell, words of our own
        try:
            eventually(lambda: locust.poll() is not None or _answers(tmp_path / "history.db"))
        finally:
            locust.send_signal(signal.SIGTERM)
            ended = locust.wait()
    assert ended == 0, (tmp_path / "locust.log").read_text()
    with History(str(tmp_path / "history.db")) as history:
        requests = list(history.requests())
        tenants = history.tenants()
    assert requests
    assert [request.problem for request in requests if request.status] == [""] * sum(r.status > 0 for r in requests)
    assert all(tenant_id.startswith("run") for tenant_id in tenants)
