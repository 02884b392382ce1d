"""Runs all adversity suites and counts: `python -m tests.faults.results` rewrites RESULTS.md.

It takes half an hour on two cores: a tenth of a second for a trial, a little more for a program.
"""

import argparse
import sys
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from tests.faults import matrix
from tests.faults.crashes import DAYS, MOMENTS, broken_by_each, kills
from tests.faults.scratch import scratch
from tests.property.system.test_programs import STEPS_A_PROGRAM, Programs

_PROGRAMS_A_JOB: Final = 500  # hypothesis remembers what it tried, so a long run gets slower; and it uses one core.
_TARGET: Final = Path(__file__).with_name("RESULTS.md")

Done = TypeVar("Done")


class Result(NamedTuple):
    """One row: the number of cases, the seeds for each, and what they broke."""

    what: str
    faults: int
    cases: int
    seeds: int
    broken: tuple[str, ...]

    @property
    def trials(self) -> int:
        """The number of worlds that were run."""
        return self.cases * self.seeds


def of_step(step: str, seeds: int) -> Result:
    """Return the row for all faults at one step."""
    cases = list(matrix.cases((step,)))
    broken: list[str] = []
    for case in cases:
        for seed in range(seeds):
            with scratch() as folder:
                broken += [
                    f"{case.name}, seed {seed}: {why}"
                    for why in _survived(matrix.run, case, seed, folder, matrix.logs_per_message(case, seed))
                ]
    return Result(step, len({case.fault for case in cases}), len(cases), seeds, tuple(broken))


def of_crashes(name: str, _: int) -> Result:
    """Return the row for kills before and after every step of one day; each case is a process killed by SIGKILL."""
    every = list(kills(name))
    broken = _survived(broken_by_each, name, every)
    return Result(f"{name}: killed (SIGKILL) at every step", len(MOMENTS), len(every), 1, tuple(broken))


def of_programs(job: int, programs: int) -> Result:
    """Return the row for random programs with the seed `job`; the programs that really ran are counted.

    hypothesis prints the shortest program that breaks something.
    """
    run_programs = 0

    class Counted(Programs):
        def teardown(self) -> None:
            nonlocal run_programs
            run_programs += 1
            super().teardown()

    chosen = hypothesis.settings(Programs.TestCase.settings, max_examples=programs, database=None, derandomize=False)
    seeded = hypothesis.seed(job)(Counted)

    def run() -> list[str]:
        run_state_machine_as_test(seeded, settings=chosen)
        return []

    broken = tuple(_survived(run))
    return Result(f"random programs of {STEPS_A_PROGRAM} steps", 0, run_programs, 1, broken)


def together(results: Iterable[Result]) -> Result:
    """Return a single row for the programs of several jobs."""
    rows = list(results)
    broken = tuple(why for row in rows for why in row.broken)
    return rows[0]._replace(cases=sum(row.cases for row in rows), broken=broken)


def table(results: Iterable[Result]) -> str:
    """Return the table in Markdown."""
    rows = list(results)
    cases, trials, broken = (
        sum(counts) for counts in zip(*((r.cases, r.trials, len(r.broken)) for r in rows), strict=True)
    )
    lines = [
        "| step | faults | cases | seeds | trials | broken promises |",
        "|---|--:|--:|--:|--:|--:|",
        *(f"| {r.what} | {r.faults or ''} | {r.cases:,} | {r.seeds} | {r.trials:,} | {len(r.broken)} |" for r in rows),
        f"| **all** | | {cases:,} | | {trials:,} | **{broken}** |",
    ]
    return "\n".join(lines)


def tell_progress(suite: str, jobs: Collection[Future[Done]], told: Callable[[Done], str]) -> None:
    """Print a line when a job is done, with the number of jobs done."""
    for number, job in enumerate(as_completed(jobs), start=1):
        print(f"{suite}, {number} of {len(jobs)}: {told(job.result())}", flush=True)  # noqa: T201 - a program's output


def _survived(run: Callable[..., list[str]], *arguments: object) -> list[str]:
    try:
        return run(*arguments)
    except Exception as error:  # noqa: BLE001 - a row of the table, not the end of it
        return [f"{type(error).__name__}: {error}"]


def main() -> int:
    """Run everything, write the table, print what is broken; return 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="days of traffic for each case (20)")
    parser.add_argument("--programs", type=int, default=8_000, help="random programs (8,000)")
    asked = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        steps = [pool.submit(of_step, step, asked.seeds) for step in matrix.STEPS]
        crashes = [pool.submit(of_crashes, name, 1) for name in DAYS]
        starts = range(0, asked.programs, _PROGRAMS_A_JOB)
        programs = [pool.submit(of_programs, s, min(_PROGRAMS_A_JOB, asked.programs - s)) for s in starts]
        tell_progress("faults", [*steps, *crashes, *programs], lambda row: f"{row.what}: {len(row.broken)} broken")
        results = [future.result() for future in (*steps, *crashes)]
        results.append(together(future.result() for future in programs))
    _TARGET.write_text(
        "# Adversity: what was tried, and what it broke\n\n"
        "Renewed by `make soak`. A case is one fault at one step, once, three times or for ever, and for faults of a\n"
        "batch's entry at each of four entries; a trial is a case with one seed's traffic. After each trial the one\n"
        "history checker (`bench/judge/judge.py`) looks at I1 to I12.\n\n"
        f"{table(results)}\n"
    )
    broken = [why for result in results for why in result.broken]
    sys.stdout.write("\n".join([_TARGET.read_text(), *broken[:50]]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
