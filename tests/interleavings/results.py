"""Runs the whole exploration and counts: `python -m tests.interleavings.results` rewrites RESULTS.md.

A state takes two to three milliseconds, a random schedule of the largest world a twentieth of a second.
"""

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.faults.results import tell_progress
from tests.interleavings.explorer import Explorer, Findings, number_of
from tests.interleavings.run import Scenario
from tests.interleavings.worlds import LARGE, SMALL

_TARGET: Final = Path(__file__).with_name("RESULTS.md")


def explored(world: Scenario, most_states: int) -> Findings:
    """Return what all schedules of a small world show."""
    return Explorer(world).exhaust(most_states)


def sampled(world: Scenario, schedules: int) -> Findings:
    """Return what so many random schedules of a large world show."""
    return Explorer(world).sample(range(schedules))


def table(found: Iterable[Findings]) -> str:
    """Return the table in Markdown."""
    rows = list(found)
    broken = sum(len(f.broken) for f in rows)
    lines = [
        "| world | search | schedules | distinct states | ends | longest | broken |",
        "|---|---|--:|--:|--:|--:|--:|",
        *map(_row, rows),
        _line("**all**", "", sum(f.schedules for f in rows), sum(f.states for f in rows), "", "", broken),
    ]
    return "\n".join(lines)


def _row(found: Findings) -> str:
    return _line(
        found.scenario.name, _search(found), found.schedules, found.states, found.ends, found.longest, len(found.broken)
    )


def _line(*cells: object) -> str:
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |"


def _search(findings: Findings) -> str:
    if findings.scenario in LARGE:
        return "random"
    return "whole" if findings.complete else "cut short"


def main() -> int:
    """Explore everything, write the table, print what is broken; return 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=100_000, help="most states of a small world (100,000)")
    parser.add_argument("--schedules", type=int, default=5_000, help="random schedules of a large world (5,000)")
    asked = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(explored, world, asked.states) for world in SMALL]
        jobs += [pool.submit(sampled, world, asked.schedules) for world in LARGE]
        tell_progress("interleavings", jobs, lambda one: f"{one.scenario.name}: {len(one.broken)} broken")
        found = [job.result() for job in jobs]
    _TARGET.write_text(
        "# Overlap: every order of several programs' calls, and what it broke\n\n"
        "Renewed by `make soak`. A schedule says at each call which program goes on, and what goes wrong; a state is\n"
        "the world with all that its programs have seen. A search that met something broken ends there.\n\n"
        f"{table(found)}\n"
    )
    broken = [
        f"{findings.scenario.name}, schedule {number_of(schedule)}: {why}"
        for findings in found
        for why, schedule in findings.broken.items()
    ]
    sys.stdout.write("\n".join([_TARGET.read_text(), *broken]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
