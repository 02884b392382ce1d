"""Erasures killed with SIGKILL before one step: each runs in a fork, and what it left is judged."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from pyiceberg.utils.concurrent import ExecutorFactory

from consumer.erasures import Subject
from tests.faults.erase_world import EraseWorld
from tests.faults.injector import Killed, Moment
from tests.faults.lake_kills import elsewhere
from tests.faults.lake_steps import STEPS
from tests.faults.scratch import scratch
from tests.faults.sigkill import live_until_killed

_DESCRIBES: Final = ("describe_stream_summary", "describe_continuous_backups")
_READS: Final = frozenset({"load", "query", "get_queue_attributes", "get_function_configuration", *_DESCRIBES})
_LETTERS_COME_BACK_S: Final = 301


def broken_by_each_kill(subject: Subject, first: int | None = None) -> tuple[list[str], list[str]]:
    """Return the steps of one erasure, and what a kill before a step breaks.

    Steps that change nothing are left out; with `first`, only so many steps are tried. After its kill an erasure is run
    again, as an operator would do, and the result is judged.
    """
    with scratch() as outer:
        folder = outer / "lake"
        world = EraseWorld(folder)
        world.fill()
        ExecutorFactory.get_or_create().shutdown()  # This ends its threads; pyarrow starts its own anew in a fork.
        shutil.copytree(folder, outer / "kept")
        others = world.others()
        told = elsewhere(lambda: _steps(world, subject))
        assert isinstance(told, list), told
        changing = [number for number, name in enumerate(told) if name not in _READS]
        wrong: list[str] = []
        for number in changing[:first]:
            _restore(outer / "kept", folder)
            found = elsewhere(lambda number=number: _broken(world, subject, number, others))  # type: ignore[misc]
            assert isinstance(found, list), found
            wrong += [f"killed before step {number} ({told[number]}): {what}" for what in found]
        return told, wrong


def _restore(kept: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    for path in folder.rglob("*"):  # Old, as before: a file copied just now would be newer than the fence.
        os.utime(path, (0, 0))


def _steps(world: EraseWorld, subject: Subject) -> list[str]:
    STEPS.names.clear()
    world.erase(subject)
    return STEPS.names


def _broken(world: EraseWorld, subject: Subject, kill: int, others: Sequence[Any]) -> list[str]:
    injector: Any = SimpleNamespace(on_death=None, sigkills=0)

    def die(number: int, _name: str, moment: Moment) -> None:
        if (number, moment) == (kill, "before"):
            injector.on_death()

    STEPS.names.clear()
    STEPS.on_step = die
    with suppress(Killed):
        live_until_killed(lambda: world.erase(subject), injector, world.outlives)
    STEPS.on_step = lambda _number, _name, _moment: None
    world.clock.now_s += _LETTERS_COME_BACK_S
    world.erase(subject)
    changed = [] if world.others() == others else ["something of the other tenant has changed"]
    return changed + world.broken(subject)
