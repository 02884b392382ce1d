"""Processes killed before and after every step of ingest, consumer, replay and redrive: enumerated, and restarted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crashes import DAYS, MOMENTS, broken_by, kills, steps_of
from tests.faults.injector import Moment

_REACHED: Final = {
    "ingest and consumer": {
        "ingest kinesis.put_records",
        "ingest sqs.send_message_batch",
        "consumer sqs.change_message_visibility_batch",
        "consumer dynamodb.batch_execute_statement",
        "consumer dynamodb.batch_get_item",
        "consumer sqs.send_message",
    },
    "replay": {
        "replay kinesis.list_shards",
        "replay kinesis.get_shard_iterator",
        "replay kinesis.get_records",
        "replay fsync",
        "replay rename",
        "replay sqs.send_message_batch",
    },
    "redrive": {
        "redrive sqs.receive_message",
        "redrive sqs.send_message_batch",
        "redrive sqs.delete_message_batch",
        "redrive sqs.change_message_visibility_batch",
    },
}


@pytest.mark.parametrize("name", DAYS)
def test_a_day_reaches_every_named_step(name: str) -> None:
    """What is enumerated holds every step that the programs have."""
    assert _REACHED[name] <= set(steps_of(DAYS[name]))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", DAYS)
def test_a_kill_at_any_step_breaks_no_promise(name: str, moment: Moment) -> None:
    """A process that dies at any call, fsync or rename, done or not, loses and doubles nothing once it runs again."""
    broken: list[str] = []
    for kill_at in kills(name, moment):
        broken += broken_by(DAYS[name], kill_at)
        assert len(broken) < 10, "\n".join(broken)
    assert not broken, "\n".join(broken)


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
