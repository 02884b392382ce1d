"""Processes killed with SIGKILL at one step: the days whose traffic reaches every step, and what a kill breaks."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

from infra.dead_letter import Filter
from tests.faults.injector import Moment
from tests.faults.matrix import OUTAGE, a_day
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)
_SEED: Final = 3

Day = Callable[[Trial], None]


def a_short_day(trial: Trial) -> None:
    """Send one log of every kind and deliver them, so that every step is reached."""
    trial.send("json")
    trial.send("batch")
    trial.send_long()
    trial.send_refused_by_table()
    trial.send_poison()
    trial.send_text("t-t03", "same", f"{SECRET} first")
    trial.send_text("t-t03", "same", f"{SECRET} second")
    trial.stack.deliver()
    trial.drain()


def a_packed_day(trial: Trial) -> None:
    """Send batches whose logs share messages; some logs leave them: deferred, crashed, refused by the table."""
    trial.send("batch")
    trial.send_mixed()
    trial.stack.deliver()
    trial.drain()


def a_replay(trial: Trial) -> None:
    """Fill the stream without faults, also with data that is no log, then replay it to files and to the queue."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    trial.put_noise()
    a_day(trial)
    trial.put_noise()
    trial.injector.forget()
    trial.injector.kill_at = kill_at
    trial.check_replays()


def a_redrive(trial: Trial) -> None:
    """Fill the DLQ with healthy logs and poison; send back one tenant's, then all, and all by SQS's own task."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    _an_outage(trial)
    trial.injector.forget()
    trial.injector.kill_at = kill_at
    trial.redrive(Filter(tenant_id="t-t01"), Filter())
    _an_outage(trial)
    trial.move_dead_letters()


def _an_outage(trial: Trial) -> None:
    trial.injector.rules = [OUTAGE]
    a_day(trial)
    trial.injector.rules = []


DAYS: Final[dict[str, Day]] = {
    "ingest and consumer": a_short_day,
    "ingest and consumer, packed": a_packed_day,
    "replay": a_replay,
    "redrive": a_redrive,
}


def _trial(name: str, folder: Path) -> Trial:
    return Trial(_SEED, folder, logs_per_message=7 if name.endswith("packed") else 1)


class Kill(NamedTuple):
    """A kill before or after step number `step`, called `name`, in the life number `life`."""

    step: int
    name: str
    life: int
    moment: Moment


def kills(name: str) -> Iterator[Kill]:
    """Yield a kill before and after each step of the day's programs; the day's other steps are not killed."""
    with scratch() as folder:
        trial = _trial(name, folder)
        DAYS[name](trial)
    injector = trial.injector
    for number, step in enumerate(injector.steps):
        if step.partition(" ")[0] in name:
            life = bisect_right(injector.lives, number) - 1  # Each run of a day is the same up to the kill.
            yield from (Kill(number, step, life, moment) for moment in MOMENTS)


def broken_by(name: str, kill: Kill) -> list[str]:
    """Return what a kill at one step breaks; the programs are restarted, as by Lambda and the operator."""
    with scratch() as folder:
        trial = _trial(name, folder)
        injector = trial.injector
        injector.kill_at, injector.doomed_life = (kill.step, kill.moment), kill.life
        DAYS[name](trial)
        assert injector.steps[kill.step] == kill.name
        assert injector.sigkills == 1, f"{kill} killed {injector.sigkills} processes"
        judgement = trial.judgement()
        where = f"{kill.moment} step {kill.step} ({kill.name})"
        return [f"killed {where}: {c.name}: {e}" for c in judgement.checks if c.broken for e in c.examples]
