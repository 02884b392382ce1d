"""Runs one life of a program in a process of its own, which is killed with SIGKILL at a step.

No `finally` of a killed process runs, and data that Python or SQLite had not written yet is lost. The process is a
fork, so it begins with a copy of the present model of AWS. AWS must survive the kill: the model's state is handed to
the parent just before the kill, within the same step. No state of the program itself is handed over.
"""

import os
import random
import signal
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final, NoReturn

from tests.faults.injector import Injector, Killed

_STATE: Final = (int, float, str, list, dict, tuple, type(None), random.Random)
"""Types of attributes that are state; other attributes (clocks, queues, callables, clients) only wire the world."""


def live_until_killed(life: Callable[[], object], injector: Injector, outlive: Sequence[object]) -> NoReturn:
    """Fork, run `life` there until the injector's kill, and take over the state of the objects in `outlive`.

    Raises:
        Killed: the process was killed by SIGKILL, as it must be.
        AssertionError: the process ended in another way.
    """
    reader, writer = Pipe(duplex=False)
    process_id = os.fork()
    if process_id == 0:
        _live(life, injector, outlive, writer)
    writer.close()
    with reader:
        try:
            told = reader.recv()
        except EOFError:
            told = "it never came to its kill"
    _, status = os.waitpid(process_id, 0)
    assert not isinstance(told, str), f"the life that was to be killed was not: {told}"
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    for owner, state in zip(outlive, told, strict=True):
        vars(owner).update(state)
    injector.sigkills += 1
    raise Killed


def _live(life: Callable[[], object], injector: Injector, outlive: Sequence[object], writer: Connection) -> NoReturn:
    def die() -> None:
        writer.send([_state(owner) for owner in outlive])
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        injector.on_death = die
        life()
        writer.send("it ended by itself")
    except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
        writer.send(traceback.format_exc())
    finally:
        os._exit(1)  # Only the parent goes on as the test's process.


def _state(owner: object) -> dict[str, Any]:
    return {name: value for name, value in vars(owner).items() if isinstance(value, _STATE)}
