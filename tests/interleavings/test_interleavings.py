"""Every order of several programs' calls in small worlds, and random orders in large ones, keeps every promise."""

import itertools
import os
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.interleavings.explorer import Explorer, Findings, number_of, schedule_of
from tests.interleavings.run import Run, Scenario
from tests.interleavings.worlds import FIRST, LARGE, OTHER, SMALL

STATES: Final = int(os.environ.get("RDP_STATES", "800"))
"""How many states of each small world are explored, and a tenth as many random schedules of all large ones."""


def _told(explorer: Explorer, findings: Findings) -> str:
    """Return the shortest schedule of each thing that is broken, in moves, and the number that replays it."""
    told = []
    for why, schedule in findings.broken.items():
        shortest = explorer.shortest(schedule, why)
        moves = "\n    ".join(explorer.replay(shortest)[0])
        told.append(f"{why}\n  world {findings.scenario.name!r}, schedule {number_of(shortest)!r}:\n    {moves}")
    return "\n".join(told)


@pytest.mark.parametrize("world", SMALL, ids=lambda world: world.name)
def test_no_order_breaks_a_promise(world: Scenario) -> None:
    """Whichever program is first, killed, answered late or repeated, every text is stored once and can be rebuilt."""
    explorer = Explorer(world)
    findings = explorer.exhaust(STATES)
    assert not findings.broken, _told(explorer, findings)


@pytest.mark.parametrize("world", LARGE, ids=lambda world: world.name)
def test_no_random_order_breaks_a_promise(world: Scenario) -> None:
    """In worlds too large to explore whole, no random order breaks a promise."""
    explorer = Explorer(world)
    findings = explorer.sample(range(STATES // 10 // len(LARGE)))
    assert not findings.broken, _told(explorer, findings)


def test_a_schedule_repeats_itself() -> None:
    """The same number gives the same moves and end in each run, so that a printed schedule can be repeated."""
    explorer = Explorer(SMALL[4])
    schedule = schedule_of("010210")
    assert number_of(schedule) == "010210"
    assert explorer.replay(schedule) == explorer.replay(schedule)


def _worse(change: Callable[[Run], None]) -> Callable[[Explorer], None]:
    """Return what makes an explorer's runs worse from their start."""

    def plant(explorer: Explorer) -> None:
        reset = explorer.programs.reset

        def changed(shards: int) -> None:
            reset(shards)
            change(explorer)  # type: ignore[arg-type] # it has the programs, too

        explorer.programs.reset = changed  # type: ignore[method-assign] # the planted bug

    return plant


def _answer_nothing(explorer: Any) -> None:
    explorer.programs.consume = lambda _: {"batchItemFailures": []}


def _overwriting(explorer: Any) -> None:
    table = explorer.programs.world.dynamodb
    insert = table._insert
    writes = itertools.count()

    def put(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
        table.items.pop((item["tenant_id"]["S"], item["log_id"]["S"]), None)
        answer: dict[str, Any] = insert({**item, "modified_data": {"S": str(next(writes))}})
        return answer

    table._insert = put


_PLANTED: Final = {
    "a consumer that says it is done and did nothing": (_answer_nothing, "I12"),
    "a table that overwrites": (_overwriting, "I6"),
}


@pytest.mark.parametrize("bug", list(_PLANTED))
def test_a_planted_bug_is_found(bug: str) -> None:
    """The exploration finds each planted bug: it names the broken promise, and the printed schedule repeats it."""
    change, promise = _PLANTED[bug]
    explorer = Explorer(Scenario("planted", senders=((FIRST, OTHER),), consumers=2, deliveries=2, again=1, ticks=2))
    _worse(change)(explorer)
    findings = explorer.exhaust(3_000, most_broken=4)
    why, schedule = next((why, s) for why, s in findings.broken.items() if why.startswith(promise))
    shortest = explorer.shortest(schedule, why)
    assert len(shortest) <= len(schedule)
    assert any(said.startswith(promise) for said in explorer.replay(shortest)[1])
