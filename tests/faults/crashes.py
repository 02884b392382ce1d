"""The process killed at one step: the days that reach every step, and what a kill breaks."""

from collections.abc import Callable, Iterator
from typing import Final, get_args

from infra.dead_letters import Filter
from tests.faults.injector import Moment
from tests.faults.matrix import OUTAGE, a_day
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)
_SEED: Final = 3

Day = Callable[[Trial], None]


def a_short_day(trial: Trial) -> None:
    """Send one of everything and deliver it, so that every step is reached."""
    trial.send("json")
    trial.send("batch")
    trial.send_long()
    trial.send_refused_by_table()
    trial.send_poison()
    trial.send_text("t-t03", "same", f"{SECRET} first")
    trial.send_text("t-t03", "same", f"{SECRET} second")
    trial.stack.deliver()
    trial.drain()


def a_replay(trial: Trial) -> None:
    """Fill the stream unharmed, then replay it to files and to the queue."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    a_day(trial)
    trial.injector.steps.clear()
    trial.injector.kill_at = kill_at
    trial.check_replays()


def a_redrive(trial: Trial) -> None:
    """Fill the DLQ with healthy logs and poison, then send one tenant's back, and then all."""
    kill_at, trial.injector.kill_at = trial.injector.kill_at, None
    trial.injector.rules = [OUTAGE]
    a_day(trial)
    trial.injector.rules = []
    trial.injector.steps.clear()
    trial.injector.kill_at = kill_at
    trial.redrive(Filter(tenant_id="t-t01"), Filter())


DAYS: Final[dict[str, Day]] = {"ingest and consumer": a_short_day, "replay": a_replay, "redrive": a_redrive}


def steps_of(day: Day) -> list[str]:
    """Return the steps that a day has when nobody is killed."""
    with scratch() as folder:
        trial = Trial(_SEED, folder)
        day(trial)
        return trial.injector.steps


def kills(name: str, moment: Moment) -> Iterator[tuple[int, Moment]]:
    """Yield a kill at every step of the day's programs; what the day does before them is left alone."""
    for number, step in enumerate(steps_of(DAYS[name])):
        if step.partition(" ")[0] in name:
            yield number, moment


def broken_by(day: Day, kill_at: tuple[int, Moment]) -> list[str]:
    """Return what a kill at one step breaks; the programs are started again as Lambda and the operator do."""
    with scratch() as folder:
        trial = Trial(_SEED, folder)
        trial.injector.kill_at = kill_at
        day(trial)
        verdict = trial.verdict()
        where = f"{kill_at[1]} step {kill_at[0]} ({trial.injector.steps[kill_at[0]]})"
        return [f"killed {where}: {c.name}: {e}" for c in verdict.checks if c.broken for e in c.examples]
