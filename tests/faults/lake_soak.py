"""The long tests of the lake: `python -m tests.faults.lake_soak` runs them and rewrites RESULTS-lake.md.

They try a kill before and after each step, and orders of two syncs. Two syncs of two commits each, with a stop before
each load and each commit, have thousands of orders; only the first hundreds are tried.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, get_args

from consumer.lake.sync import Policy
from tests.faults.injector import Moment
from tests.faults.lake_kills import Kill, broken_by, steps
from tests.faults.lake_races import COMMIT, LOAD, broken_in_any_order
from tests.faults.lake_steps import SteppingCatalog
from tests.faults.lake_world import LakeWorld, rows, went_back
from tests.messages import message

_TARGET: Final = Path(__file__).with_name("RESULTS-lake.md")
_KILLS_A_LINE: Final = 20


class Tried(NamedTuple):
    """What was tried and how often, and what was wrong."""

    what: str
    number: int
    wrong: list[str]


def killed() -> Tried:
    """Return what a SIGKILL before or after each step of a sync breaks in the lake."""
    names = steps()
    kills = [Kill(step, moment) for step in range(len(names)) for moment in get_args(Moment)]
    wrong: list[str] = []
    for number, kill in enumerate(kills, start=1):
        wrong += broken_by(kill)
        if number % _KILLS_A_LINE == 0:
            _tell(f"lake, {number} of {len(kills)} kills: {len(wrong)} wrong")
    return Tried("a sync killed (SIGKILL) before and after every step", len(kills), wrong)


def raced(at_most: int) -> Tried:
    """Return what two syncs of two commits each break in the lake, in so many orders of their loads and commits."""
    world = LakeWorld()

    def prepare(catalog: SteppingCatalog) -> None:
        world.put([message("twice", "call 555-0101")])
        world.sync(catalog)
        world.put([message("twice", "call 555-0101"), message("a"), message("b"), message("a", "other")])
        world.put([message("c"), message("b"), message("d"), message("e")])

    def sync(catalog: SteppingCatalog) -> None:
        world.sync(catalog, policy=Policy(logs=4))

    orders, wrong = broken_in_any_order(
        [sync, sync],
        stops=frozenset({LOAD, COMMIT}),
        prepare=prepare,
        judge=lambda catalog: world.broken(rows(catalog)) + went_back(catalog),
        at_most=at_most,
    )
    _tell(f"lake, {orders} orders: {len(wrong)} wrong")
    return Tried("orders of two syncs of two commits each", orders, wrong)


def table(tried: Sequence[Tried]) -> str:
    """Return the table in Markdown."""
    lines = [f"| {one.what} | {one.number:,} | {len(one.wrong)} |" for one in tried]
    return "\n".join(["| what | tried | wrong |", "|---|--:|--:|", *lines])


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program's output


def main() -> int:
    """Try everything, write the table, name what is wrong; return 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300, help="orders of two syncs (300)")
    asked = parser.parse_args()
    # Each in its own process: killed syncs are forks of a process without threads, but the races have threads.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawn, max_tasks_per_child=1) as pool:
        jobs = [pool.submit(killed), pool.submit(raced, asked.orders)]
        tried = [job.result() for job in jobs]
    _TARGET.write_text(
        "# The lake in adversity: what was tried, and what was wrong\n\n"
        "Renewed by `make soak`. After each kill another sync runs to its end; after each order the table is read.\n"
        "Each log of the stream is to be there once, as it was sent (I13, I14), and the checkpoint never goes back.\n\n"
        f"{table(tried)}\n"
    )
    wrong = [what for one in tried for what in one.wrong]
    _tell("\n".join([_TARGET.read_text(), *wrong[:50]]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
