"""Each fuzz target runs for a few seconds from a fixed seed, and finds a bug that only coverage leads to."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.fuzz import json_mutation, kpl_oracle, message_oracle, planted, request_oracle, seeds
from tests.fuzz.run import TARGETS, run

# Runs that take about four seconds on one core, and how much more coverage than the seeds' they must reach.
_RUNS: Final = {
    "fuzz_parse": (15_000, 30),
    "fuzz_kpl": (15_000, 15),
    "fuzz_message": (50_000, 50),
    "fuzz_dialects": (10_000, 30),
}
_RUNS_TO_FIND: Final = 150_000  # No seed below needs a tenth of it; another Python or msgspec may need more.
_SEEDS: Final = {"fuzz_parse": 2, "fuzz_kpl": 3, "fuzz_message": 1}
_RUNS_BY_CHANCE: Final = 10_000
_STOP_AFTER_S: Final = 600  # Minutes beyond need: the machine may be busy.


@pytest.fixture(autouse=True)
def _atheris() -> None:
    """Skip if atheris has no wheel here; in CI it must have one."""
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("atheris is not installed")
        pytest.skip("atheris is not installed: it has no wheel for this platform")


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_found_and_coverage_grows(target: str, tmp_path: Path) -> None:
    """A bounded run ends by itself, finds nothing, and reaches code that the seeds did not."""
    runs, least_growth = _RUNS[target]
    ran = run(target, tmp_path / target, f"-runs={runs}", "-seed=1", stop_after_s=_STOP_AFTER_S)
    assert (ran.exit_code, ran.findings) == (0, ()), ran.output[-5000:]
    assert ran.executions >= runs  # libFuzzer finishes its batch of mutations first.
    assert ran.seeds_coverage > 0
    assert ran.coverage >= ran.seeds_coverage + least_growth


@pytest.mark.parametrize("target", _SEEDS)  # Not the dialects, where it would take a minute.
def test_a_planted_bug_is_found(target: str, tmp_path: Path) -> None:
    """A bug below four levels of nesting is found, kept as a file, and found again from that file."""
    # Without libFuzzer's timer: on a busy machine it can end the process by SIGALRM while it exits with its finding.
    flags = ("--planted", f"-runs={_RUNS_TO_FIND}", f"-seed={_SEEDS[target]}", "-handle_alrm=0")
    ran = run(target, tmp_path / target, *flags, stop_after_s=_STOP_AFTER_S)
    assert (ran.exit_code, "KeyError: 'planted'" in ran.output) == (77, True), ran.output[-5000:]
    (finding,) = ran.findings
    again = run(target, finding, "--planted", "-handle_alrm=0", stop_after_s=_STOP_AFTER_S)
    assert (again.exit_code, "KeyError: 'planted'" in again.output) == (77, True), again.output[-5000:]
    assert run(target, finding, stop_after_s=_STOP_AFTER_S).exit_code == 0


@pytest.mark.parametrize(
    ("check", "makes"),
    [
        (partial(request_oracle.check, ingest=planted.REQUEST), seeds.requests),
        (partial(kpl_oracle.check, reader=planted.RECORD), seeds.records),
        (partial(message_oracle.check, unpack_batch=planted.MESSAGE), seeds.messages),
    ],
    ids=_SEEDS,
)
def test_the_planted_bug_is_not_found_by_chance(
    check: Callable[[bytes], object], makes: Callable[[], Iterator[bytes]]
) -> None:
    """As many edits of the seeds, none of them made on the result of another, do not find the planted bug."""
    random = Random(1)
    corpus = list(makes())
    edited = 0
    for _ in range(_RUNS_BY_CHANCE):
        seed = random.choice(corpus)
        data = seed
        for _ in range(random.randint(1, 5)):  # As libFuzzer, which stacks up to five.
            data = json_mutation.mutated(data, random, lambda text: text[1:] + b"~") or data
        edited += data != seed
        check(data)
    assert edited > _RUNS_BY_CHANCE / 4
