"""Syncs killed with SIGKILL at one step: each runs in a fork of a process without threads, and the table is judged."""

import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from pyiceberg.utils.concurrent import ExecutorFactory

from consumer.lake.sync import Policy
from tests.faults.injector import Moment
from tests.faults.lake_steps import STEPS, stepping
from tests.faults.lake_world import LakeWorld, rows
from tests.faults.scratch import scratch

_TWO_COMMITS: Final = Policy(logs=14)


class Kill(NamedTuple):
    """A kill before or after step number `step`."""

    step: int
    moment: Moment


def steps() -> list[str]:
    """Return the steps of one whole sync into a new lake.

    One sync runs in this process first, so that each fork has what pyiceberg loads and compiles at its first use.
    pyiceberg's threads are then ended; pyarrow starts its own anew in a fork.
    """
    with scratch() as folder:
        _synced(folder)
    ExecutorFactory.get_or_create().shutdown()
    with scratch() as folder:
        told = elsewhere(lambda: _synced(folder))
    assert isinstance(told, list), told
    return told


def broken_by(kill: Kill) -> list[str]:
    """Return what is wrong after a sync was killed, a second one ran to its end, and a third had nothing to do."""
    with scratch() as folder:
        told = elsewhere(lambda: _synced(folder, kill))
        assert told is None, f"the sync that was to be killed was not: {told}"
        found = elsewhere(lambda: _mended(folder))
    assert isinstance(found, list), found
    return [f"killed {kill.moment} step {kill.step}: {wrong}" for wrong in found]


def _synced(folder: Path, kill: Kill | None = None) -> list[str]:
    def die(number: int, _name: str, moment: Moment) -> None:
        if kill == (number, moment):
            os.kill(os.getpid(), signal.SIGKILL)

    STEPS.names.clear()
    STEPS.on_step = die
    world = LakeWorld()
    world.fill()
    world.sync(stepping(folder), policy=_TWO_COMMITS)
    return STEPS.names


def _mended(folder: Path) -> list[str]:
    world = LakeWorld()
    world.fill()
    catalog = stepping(folder)
    world.sync(catalog)
    again = world.sync(catalog)
    wrong = world.broken(rows(catalog))
    return wrong if again.logs == 0 else [*wrong, f"I14: {again.logs} logs were read again"]


def elsewhere(work: Callable[[], list[str]]) -> list[str] | str | None:
    """Run the work in a fork of this process; return its result, its traceback, or None if it was killed."""
    reader, writer = Pipe(duplex=False)
    process_id = os.fork()
    if process_id == 0:
        _live(work, writer)
    writer.close()
    with reader:
        try:
            told: list[str] | str | None = reader.recv()
        except EOFError:
            told = None
    _, status = os.waitpid(process_id, 0)
    assert told is not None or os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    return told


def _live(work: Callable[[], list[str]], writer: Connection) -> NoReturn:
    try:
        writer.send(work())
    except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
        writer.send(traceback.format_exc())
    finally:
        os._exit(0)  # Only the parent goes on as the test's process.
