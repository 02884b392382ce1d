"""The cost model's inputs: what is divided was counted over the same stretch of the run."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.cost import cpu, measured
from bench.result import Result, read, write


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a copy of the kept runs in which the judge counted ten times the logs, as after a long warm-up."""
    for name in (measured.SINGLES, measured.BATCHES, measured.BASELINE):
        (tmp_path / name).mkdir()
        result: Result = read(measured.KEPT / name)
        counts = result.judgement.counts | {"accepted": 10 * result.judgement.counts["accepted"]}
        write(replace(result, judgement=replace(result.judgement, counts=counts)), tmp_path / name)
    cpu.write(cpu.read(measured.KEPT), tmp_path)
    return tmp_path


def test_the_logs_of_the_warm_up_fill_no_batch(runs: Path) -> None:
    """Its invocations are not measured, so its logs would make every batch look full."""
    assert measured.design().fill == measured.design(runs).fill == pytest.approx(1855 / 190 / 10)


def test_a_duplicate_is_a_send_of_its_own(runs: Path) -> None:
    """The baseline sent each accepted request once, the duplicates too, which the judge counts as one log."""
    assert measured.baseline().sends == measured.baseline(runs).sends == 1
