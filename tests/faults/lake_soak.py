"""The lake at length: `python -m tests.faults.lake_soak`. Each kill before and after each step; orders of two syncs.

Orders of two commits each, with a stop before each load and each commit, are thousands: the first hundreds are tried.
"""

import sys
from typing import get_args

from consumer.lake.sync import Policy
from tests.faults.injector import Moment
from tests.faults.lake_kills import Kill, broken_by, steps
from tests.faults.lake_races import COMMIT, LOAD, broken_in_any_order
from tests.faults.lake_steps import SteppingCatalog
from tests.faults.lake_world import LakeWorld, rows, went_back
from tests.messages import message


def main() -> None:
    """Print how much was tried, and what was wrong; exit with 1 if anything was."""
    names = steps()
    kills = [Kill(step, moment) for step in range(len(names)) for moment in get_args(Moment)]
    wrong = [what for kill in kills for what in broken_by(kill)]
    print(f"lake: {len(kills)} kills, {len(wrong)} wrong")  # noqa: T201 - a program's output
    world = LakeWorld()

    def prepare(catalog: SteppingCatalog) -> None:
        world.kinesis.shards["shardId-000000000000"].records.clear()
        world.put([message("twice", "call 555-0101")])
        world.sync(catalog)
        world.put([message("twice", "call 555-0101"), message("a"), message("b"), message("a", "other")])
        world.put([message("c"), message("b"), message("d"), message("e")])

    def sync(catalog: SteppingCatalog) -> None:
        world.sync(catalog, policy=Policy(logs=4))

    orders, found = broken_in_any_order(
        [sync, sync],
        stops=frozenset({LOAD, COMMIT}),
        prepare=prepare,
        judge=lambda catalog: world.broken(rows(catalog)) + went_back(catalog),
        at_most=300,
    )
    print(f"lake: {orders} orders of two syncs of two commits, {len(found)} wrong")  # noqa: T201 - as above
    wrong += found
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
