"""Runs programs that commit to one lake in every order of the steps that the others can see."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import greenlet

from tests.faults.injector import Moment
from tests.faults.lake_steps import STEPS, SteppingCatalog, stepping
from tests.faults.scratch import scratch

LOAD: Final = "load"
COMMIT: Final = "commit"

Program = Callable[[SteppingCatalog], object]


def broken_in_any_order(
    programs: Sequence[Program],
    *,
    stops: frozenset[str],
    prepare: Program,
    judge: Callable[[SteppingCatalog], list[str]],
    begin: Callable[[], object] = lambda: None,
    at_most: int | None = None,
) -> tuple[int, list[str]]:
    """Return how many orders were tried (all, or `at_most`), and what was wrong, each with its order of turns.

    `prepare` makes the lake once; each order starts with its files as they were then, and with `begin`.

    A program stops before each of its steps named in `stops`, and another may take a turn. A load within a commit comes
    just before the comparison with the snapshot that the commit expects.
    """
    wrong: list[str] = []
    orders = 0
    order: list[int] | None = []
    with scratch() as outer:
        folder, kept = outer / "lake", outer / "kept"
        prepare(stepping(folder))
        shutil.copytree(folder, kept)
        while order is not None and orders != at_most:
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)  # In the same place, because the table's metadata has whole paths.
            begin()
            turns, found = _run(folder, programs, order, stops=stops, judge=judge)
            orders += 1
            wrong += [f"{''.join(str(taken) for taken, _ in turns)}: {what}" for what in found]
            order = _next(turns)
    return orders, wrong


def _run(
    folder: Path,
    programs: Sequence[Program],
    order: Sequence[int],
    *,
    stops: frozenset[str],
    judge: Callable[[SteppingCatalog], list[str]],
) -> tuple[list[tuple[int, list[int]]], list[str]]:
    """Run the programs, the first turns by `order`; return each turn with all programs that could have taken it."""
    scheduler = greenlet.getcurrent()

    def stop(_number: int, name: str, moment: Moment) -> None:
        if name in stops and moment == "before" and greenlet.getcurrent() in tasks:
            scheduler.switch()

    # Each program has its own catalog, as separate processes do.
    tasks = [greenlet.greenlet(lambda program=program: program(stepping(folder))) for program in programs]
    turns: list[tuple[int, list[int]]] = []
    STEPS.on_step = stop
    try:
        while alive := [number for number, task in enumerate(tasks) if not task.dead]:
            taken = order[len(turns)] if len(turns) < len(order) else alive[0]
            turns.append((taken, alive))
            tasks[taken].switch()
    finally:
        STEPS.on_step = lambda _number, _name, _moment: None
    return turns, judge(stepping(folder))


def _next(turns: Sequence[tuple[int, list[int]]]) -> list[int] | None:
    """Return the start of the next order, in which another program takes the last turn that can change, or None."""
    for place in range(len(turns) - 1, -1, -1):
        taken, could = turns[place]
        later = [number for number in could if number > taken]
        if later:
            return [*(turn for turn, _ in turns[:place]), later[0]]
    return None
