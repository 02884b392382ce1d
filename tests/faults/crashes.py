"""Processes killed with SIGKILL at one step: the days whose traffic reaches every step, and what a kill breaks.

A day runs once. Before each of its lives, the process forks once for each kill in that life. The fork goes on with the
day, in which that life is killed, and is judged at the end of the day's part. So what comes before a life runs once for
all its kills, and the next parts, which do not depend on how this one went, are not run after each of them. The fork
that goes on survives; the life that is killed is a fork of it (`tests.faults.sigkill`).
"""

import os
import traceback
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple, NoReturn, get_args

from infra.dead_letter import Filter
from tests.faults.injector import Moment
from tests.faults.matrix import OUTAGE, a_day
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)
_SEED: Final = 3

Parts = tuple[Callable[[], object], ...]
"""The parts of a day whose lives are killed, in order. A day prepares its trial without kills, and returns them."""


def a_short_day(trial: Trial) -> Parts:
    """Send one log of every kind and deliver them, so that every step is reached."""

    def day() -> None:
        trial.send("json")
        trial.send("batch")
        trial.send_long()
        trial.send_refused_by_table()
        trial.send_poison()
        trial.send_text("t-t03", "same", f"{SECRET} first")
        trial.send_text("t-t03", "same", f"{SECRET} second")
        trial.stack.deliver()
        trial.drain()

    return (day,)


def a_packed_day(trial: Trial) -> Parts:
    """Send batches whose logs share messages; some logs leave them: deferred, crashed, refused by the table."""

    def day() -> None:
        trial.send("batch")
        trial.send_mixed()
        trial.stack.deliver()
        trial.drain()

    return (day,)


def replays(trial: Trial) -> Parts:
    """Fill the stream, also with data that is no log. Replay it to two files, then to the queue."""
    trial.put_noise()
    a_day(trial)
    trial.put_noise()
    unharmed = trial.replay("unharmed")
    return (
        partial(trial.check_replay, unharmed),
        partial(trial.check_replay, unharmed, gz=True),
        trial.check_rebuild,
    )


def redrives(trial: Trial) -> Parts:
    """Fill the DLQ with healthy logs and poison. Send back one tenant's, then all, and after more all by SQS's task."""
    an_outage(trial)

    def by_message() -> None:
        trial.redrive(Filter(tenant_id="t-t01"), Filter())

    def by_sqs() -> None:
        an_outage(trial)
        trial.move_dead_letters()

    return by_message, by_sqs


def an_outage(trial: Trial) -> None:
    """Deliver a day's logs while the table denies access."""
    trial.injector.rules = [OUTAGE]
    a_day(trial)
    trial.injector.rules = []


DAYS: Final[dict[str, Callable[[Trial], Parts]]] = {
    "ingest and consumer": a_short_day,
    "ingest and consumer, packed": a_packed_day,
    "replay": replays,
    "redrive": redrives,
}


class Kill(NamedTuple):
    """A kill before or after step number `step`, called `name`, in the life number `life`."""

    step: int
    name: str
    life: int
    moment: Moment


def _begun(name: str, folder: Path) -> tuple[Trial, Parts]:
    trial = Trial(_SEED, folder, logs_per_message=7 if name.endswith("packed") else 1)
    parts = DAYS[name](trial)
    trial.injector.forget()
    return trial, parts


def kills(name: str) -> Iterator[Kill]:
    """Yield a kill before and after each step of the day's programs; the day's other steps are not killed."""
    with scratch() as folder:
        trial, parts = _begun(name, folder)
        for part in parts:
            part()
    injector = trial.injector
    for number, step in enumerate(injector.steps):
        if step.partition(" ")[0] in name:
            life = bisect_right(injector.lives, number) - 1  # Each run of a day is the same up to the kill.
            yield from (Kill(number, step, life, moment) for moment in MOMENTS)


def broken_by_each(name: str, every: Iterable[Kill]) -> list[str]:
    """Return what each kill breaks; the programs are restarted, as by Lambda and the operator."""
    due: defaultdict[int, list[Kill]] = defaultdict(list)
    for kill in every:
        due[kill.life].append(kill)
    broken: list[str] = []
    mine: tuple[Kill, Connection] | None = None
    """In a fork: its kill, and whom it tells."""
    with scratch() as folder:
        trial, parts = _begun(name, folder)
        injector = trial.injector

        def begin(life: int) -> None:
            nonlocal mine
            for kill in due.pop(life, ()):
                kept = set(folder.rglob("*"))
                reader, writer = Pipe(duplex=False)
                process_id = os.fork()
                if process_id == 0:
                    mine = kill, writer
                    injector.kill_at, injector.doomed_life = (kill.step, kill.moment), life
                    injector.on_start = lambda _: None
                    return
                writer.close()
                broken.extend(_told(reader, process_id, kill))
                _delete_all_but(kept, folder)

        injector.on_start = begin
        for part in parts:
            try:
                part()
            except BaseException:
                if mine is None:
                    raise
                _end(mine[1], [f"{_named(mine[0])}: {traceback.format_exc()}"])
            if mine is not None:
                _end_judged(trial, *mine)
    assert not due, f"never begun: {dict(due)}"
    return broken


def _told(reader: Connection, process_id: int, kill: Kill) -> list[str]:
    with reader:
        try:
            told: list[str] = reader.recv()
        except EOFError:
            told = [f"{_named(kill)}: the process that went on with the day ended without a word"]
    os.waitpid(process_id, 0)
    return told


def _end_judged(trial: Trial, kill: Kill, writer: Connection) -> NoReturn:
    try:
        assert trial.injector.steps[kill.step] == kill.name
        assert trial.injector.sigkills == 1, f"{trial.injector.sigkills} processes were killed"
        checks = trial.judgement().checks
        told = [f"killed {_named(kill)}: {c.name}: {e}" for c in checks if c.broken for e in c.examples]
    except BaseException:  # noqa: BLE001 - told to the process that forked this one
        told = [f"{_named(kill)}: {traceback.format_exc()}"]
    _end(writer, told)


def _end(writer: Connection, told: list[str]) -> NoReturn:
    """End a fork without any `finally` of the test's process."""
    writer.send(told)
    os._exit(0)


def _named(kill: Kill) -> str:
    return f"{kill.moment} step {kill.step} ({kill.name})"


def _delete_all_but(kept: set[Path], folder: Path) -> None:
    """Delete what a fork left; a life begins without files of its own."""
    for path in sorted(set(folder.rglob("*")) - kept, reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
