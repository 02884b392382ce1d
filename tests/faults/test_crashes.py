"""The process killed before and after every step of ingest, consumer and replay: enumerated, then started again."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from infra.dead_letters import Filter
from tests.faults.injector import Moment
from tests.faults.matrix import OUTAGE, a_day
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

MOMENTS: Final[tuple[Moment, ...]] = ("before", "after")
_SEED: Final = 3


def a_short_day(trial: Trial) -> None:
    """Send one of everything and deliver it, so that every step is reached."""
    trial.send("json")
    trial.send("batch")
    trial.send_long()
    trial.send_refused_by_table()
    trial.send_poison()
    trial.send_text("t-t03", "same", f"{SECRET} first")
    trial.send_text("t-t03", "same", f"{SECRET} second")
    trial.stack.deliver()
    trial.drain()


def steps_of(day: Callable[[Trial], None]) -> list[str]:
    """Return the steps that a day has when nobody is killed."""
    with scratch() as folder:
        trial = Trial(_SEED, folder)
        day(trial)
        return trial.injector.steps


def broken_by(day: Callable[[Trial], None], kill_at: tuple[int, Moment]) -> list[str]:
    """Return what a kill at one step breaks; the programs are started again as Lambda and the operator do."""
    with scratch() as folder:
        trial = Trial(_SEED, folder)
        trial.injector.kill_at = kill_at
        day(trial)
        verdict = trial.verdict()
        where = f"{kill_at[1]} step {kill_at[0]} ({trial.injector.steps[kill_at[0]]})"
        return [f"killed {where}: {c.name}: {e}" for c in verdict.checks if c.broken for e in c.examples]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_of_ingest_and_consumer_breaks_no_promise(moment: Moment) -> None:
    """A Lambda that dies at any of its calls, committed or not, loses and doubles nothing."""
    steps = steps_of(a_short_day)
    assert {step.partition(" ")[0] for step in steps} == {"ingest", "consumer"}
    broken = [why for number in range(len(steps)) for why in broken_by(a_short_day, (number, moment))]
    assert not broken, "\n".join(broken[:20])


def a_replay(trial: Trial) -> None:
    """Fill the stream unharmed, then replay it to files and to the queue."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    a_day(trial)
    trial.injector.steps.clear()
    trial.injector.kill_at = kill_at
    trial.check_replays()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_of_a_replay_breaks_no_promise(moment: Moment) -> None:
    """A replay that dies at any call, fsync or rename goes on from its checkpoint to the very same output."""
    steps = steps_of(a_replay)
    assert {"replay fsync", "replay rename", "replay kinesis.get_records", "replay sqs.send_message_batch"} <= {*steps}
    broken = [
        why
        for number, step in enumerate(steps)
        if step.startswith("replay")
        for why in broken_by(a_replay, (number, moment))
    ]
    assert not broken, "\n".join(broken[:20])


def a_redrive(trial: Trial) -> None:
    """Fill the DLQ with healthy logs and poison, then send one tenant's back, and then all."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    trial.injector.rules = [OUTAGE]
    a_day(trial)
    trial.injector.rules = []
    trial.injector.steps.clear()
    trial.injector.kill_at = kill_at
    trial.redrive(Filter(tenant_id="t-t01"), Filter())


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_of_a_redrive_breaks_no_promise(moment: Moment) -> None:
    """A redrive that dies leaves every message in one queue or in both; the consumer's second write is a duplicate."""
    steps = steps_of(a_redrive)
    assert {"redrive sqs.send_message_batch", "redrive sqs.delete_message_batch"} <= {*steps}
    broken = [
        why
        for number, step in enumerate(steps)
        if step.startswith("redrive")
        for why in broken_by(a_redrive, (number, moment))
    ]
    assert not broken, "\n".join(broken[:20])


@pytest.mark.parametrize("number", [0, 7, 14, 21, 28])
def test_a_replay_that_is_really_killed_goes_on_to_the_same_output(number: int, tmp_path: Path) -> None:
    """SIGKILL takes what Python had not written yet: the output after the second run is that of a run unharmed."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    assert _replay(whole, None).returncode == 0
    assert _replay(cut, number).returncode == -9
    assert _replay(cut, None).returncode == 0
    assert (cut / "logs.ndjson").read_bytes() == (whole / "logs.ndjson").read_bytes()


def _replay(folder: Path, kill_at: int | None) -> subprocess.CompletedProcess[bytes]:
    program = [
        sys.executable,
        "-m",
        "tests.faults.killed_replay",
        str(folder),
        *([] if kill_at is None else [str(kill_at)]),
    ]
    return subprocess.run(program, check=False, timeout=60, env=os.environ | {"PYTHONPATH": "."}, capture_output=True)  # noqa: S603 - this interpreter, our module
