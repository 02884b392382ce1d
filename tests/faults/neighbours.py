"""Mixes healthy logs with lethal ones, which end the consumer's process; counts the healthy logs dead-lettered by that.

`python -m tests.faults.neighbours` prints the numbers with and without `consumer.apart` and `consumer.in_time`.
"""

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from consumer import handler, settings
from consumer.apart import Ended
from consumer.crash import CrashMode
from consumer.invocation import consume
from consumer.outside import WorksOnEach
from consumer.redact import Redactor
from ingest.contract.message import encode
from ingest.contract.packed import joined
from tests.clock import Clock
from tests.faults.apart import Hangs, apart, in_time
from tests.faults.injector import Killed
from tests.faults.stack import CONSUMER_TIMEOUT_S
from tests.faults.world import DLQ_URL, QUEUE_URL, STREAM_NAME, TABLE_NAME, World
from tests.interleavings.whereabouts import places_of
from tests.messages import message

WAYS: Final = ("exits", "hangs", "takes all memory")
RECEIVES: Final = 5
_MIXED: Final = 50
"""A batch is drawn at random from this many visible messages."""


class Fates(NamedTuple):
    """How the logs ended."""

    stored: int
    healthy_dead: int
    lethal_dead: int
    lethal_stored: int
    ended: int
    """Invocations that ended without an answer; each costs every log of its batch one receive."""


class Lethal(Redactor):
    """A redactor that a text of `WAYS` ends in the way it names."""

    def __init__(self) -> None:
        super().__init__([], [re.compile("|".join(WAYS))], "lethal-1", phones=False)

    def text(self, text: str) -> str:
        """Return the text, unless it is lethal."""
        if text == "hangs":
            raise Hangs
        if text in WAYS:
            raise Killed
        return text


def trusting(work: Callable[[Any], Any], items: Sequence[Any], /, *, budget_s: float) -> list[Any | Ended]:
    """Return each item's result, computed in this process, as if no log could end it."""
    del budget_s
    return [work(item) for item in items]


def fates(
    healthy: int,
    *,
    lethal_share: float,
    crash_probability: float,
    crash_mode: CrashMode = "raise",
    seed: int = 1,
    trust: bool = False,
    logs_per_message: int = 1,
) -> Fates:
    """Return how `healthy` healthy logs end when `lethal_share` of all logs are lethal."""
    clock = Clock()
    random = Random(seed)
    world = World(clock, max_receives=RECEIVES)
    world.queue.order = lambda visible: random.sample(visible, min(len(visible), _MIXED))
    lethal = round(healthy * lethal_share / (1 - lethal_share))
    logs = [message(f"healthy-{n}", text=f"text {n}") for n in range(healthy)]
    logs += [message(f"lethal-{n}", text=WAYS[n % len(WAYS)]) for n in range(lethal)]
    random.shuffle(logs)
    for first in range(0, len(logs), logs_per_message):
        world.queue.send(joined([encode(log) for log in logs[first : first + logs_per_message]]).decode())
    works: tuple[WorksOnEach, WorksOnEach] = (
        (trusting, trusting) if trust else (partial(apart, clock=clock), partial(in_time, clock=clock))
    )
    ended: list[BaseException] = []
    chosen = _settings(crash_probability, crash_mode, seed)

    def function(event: dict[str, Any]) -> object:
        try:
            return _life(world, clock, works, chosen, event)
        except Killed as killed:
            ended.append(killed)
            raise

    while (next_s := world.queue.next_visible_s) is not None:
        clock.now_s = max(clock.now_s, next_s)
        world.deliver(function)
    dead = [log_id for letter in world.dlq.messages.values() for _, log_id, _ in places_of(letter.body)]
    stored = [log_id for _, log_id in world.dynamodb.items]
    return Fates(
        stored=len(stored),
        healthy_dead=sum(log_id.startswith("healthy") for log_id in dead),
        lethal_dead=sum(log_id.startswith("lethal") for log_id in dead),
        lethal_stored=sum(log_id.startswith("lethal") for log_id in stored),
        ended=len(ended),
    )


def _settings(crash_probability: float, crash_mode: CrashMode, seed: int) -> settings.Settings:
    return settings.Settings(
        queue_url=QUEUE_URL,
        dlq_url=DLQ_URL,
        table_name=TABLE_NAME,
        stream_name=STREAM_NAME,
        crash_probability=crash_probability,
        crash_mode=crash_mode,
        crash_seed=str(seed),
    )


def _life(
    world: World,
    clock: Clock,
    works: tuple[WorksOnEach, WorksOnEach],
    chosen: settings.Settings,
    event: dict[str, Any],
) -> object:
    """Return the consumer's answer, if its process survives."""
    ends_at_s = clock.now_s + CONSUMER_TIMEOUT_S
    clients: Any = SimpleNamespace(sqs=world.sqs, dynamodb=world.dynamodb, kinesis=world.kinesis)
    outside = handler.outside(
        chosen,
        clients,
        clock.programs(),
        write_line=lambda _: None,
        end_process=_end_process,
        works_apart=works[0],
        works_in_time=works[1],
    )
    try:
        return consume(
            event,
            remaining_s=CONSUMER_TIMEOUT_S,
            request_id="r",
            settings=chosen,
            redactor=Lethal(),
            outside=outside,
        )
    except Hangs:
        clock.now_s = ends_at_s
        raise Killed from None
    finally:
        assert clock.now_s <= ends_at_s, "an answer after the function's time is none"


def _end_process(_: int) -> None:
    raise Killed


def expected_dead(healthy: int, crash_probability: float, receives: int) -> float:
    """Return how many of `healthy` logs are expected to die by chance alone, by a crash at each of their receives."""
    return float(healthy * crash_probability**receives)


def _main(healthy: int) -> None:
    for lethal_share, probability, mode in ((0.1, 0.05, "raise"), (0.0, 0.1, "exit"), (0.0, 0.3, "exit")):
        for trust in (True, False):
            found = fates(
                healthy,
                lethal_share=lethal_share,
                crash_probability=probability,
                crash_mode="exit" if mode == "exit" else "raise",
                trust=trust,
            )
            print(  # noqa: T201 - the numbers
                f"{healthy} healthy, {lethal_share:.0%} lethal, crashes {probability:.0%} {mode},"
                f" {'trusting' if trust else 'apart'}: {found};"
                f" chance alone {expected_dead(healthy, probability, RECEIVES):.3f},"
                f" with one receive lost {expected_dead(healthy, probability, RECEIVES - 1):.3f}"
            )


if __name__ == "__main__":
    _main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
