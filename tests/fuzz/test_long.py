"""The long run prints a line for each target, runs all of them, and exits with 1 if one found something."""

import sys
from pathlib import Path

import pytest

from tests.fuzz import long
from tests.fuzz.run import TARGETS, Run

_NOTHING = Run(0, 1_000, 10, 20, (), "")


@pytest.mark.parametrize(
    ("of_the_first", "exit_code", "said"),
    [
        (_NOTHING, 0, "fuzz_parse: 1,000 executions, coverage 10 -> 20, nothing found (seed "),
        (Run(77, 9, 10, 10, (Path("crash-1"),), "Traceback"), 1, "coverage 10 -> 10, FOUND crash-1 (seed "),
        (Run(1, 0, 0, 0, (), "Traceback"), 1, "fuzz_parse: 0 executions, coverage 0 -> 0, FAILED with exit code 1"),
        (Run(0, 0, 0, 0, (), "did nothing"), 1, "did nothing"),
    ],
)
def test_a_finding_or_a_run_of_nothing_fails(
    of_the_first: Run,
    exit_code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If a target found something or did not run, the exit code is 1, after all other targets have run."""
    asked: list[tuple[str, Path, str]] = []

    def run(target: str, corpus: Path, *flags: str, stop_after_s: float) -> Run:
        asked.append((target, corpus, flags[0]))
        assert stop_after_s > 30
        return of_the_first if target == "fuzz_parse" else _NOTHING

    monkeypatch.setattr(long, "run", run)
    monkeypatch.setattr(sys, "argv", ["long", "--minutes", "0.5", "--corpus", "kept"])
    assert long.main() == exit_code
    assert asked == [(target, Path("kept") / target, "-max_total_time=30") for target in TARGETS]
    printed = capsys.readouterr().out
    assert said in printed
    assert printed.count("nothing found") >= len(TARGETS) - 1
