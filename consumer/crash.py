"""Crash simulation. Each delivery makes its own draw: the next delivery of the same message draws again. Pure.

Deterministic within an invocation, so that bisect finds the crashing log however the batch is halved.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, Literal

from consumer.unpack import Delivery, Log

CrashPoint = Literal["before_work", "before_write", "after_write"]
CrashMode = Literal["raise", "exit"]

_DRAW_BITS: Final = 53  # A double's mantissa: with more, a draw could round up to 1 and escape probability 1.


class SimulatedCrash(Exception):  # noqa: N818 - the feature's name
    """A log of the unit drew a crash."""


def draw(seed: str, delivery: Delivery) -> float:
    """Return the delivery's draw in [0, 1): it crashes where the draw is below the probability."""
    key = f"{seed}\0{delivery.message_id}\0{delivery.receive_count}".encode()
    return (int.from_bytes(blake2b(key, digest_size=8).digest()) >> (64 - _DRAW_BITS)) / (1 << _DRAW_BITS)


class Crasher:
    """Crashes at one point of the work, with a probability, by raising or by ending the process."""

    def __init__(
        self, *, probability: float, point: CrashPoint, mode: CrashMode, seed: str, end_process: Callable[[int], object]
    ) -> None:
        self._probability = probability
        self._point = point
        self._mode = mode
        self._seed = seed
        self._end_process = end_process

    def at(self, point: CrashPoint, logs: Sequence[Log]) -> None:
        """Return if `point` is not the configured one, or if no log of the unit draws a crash.

        Raises:
            SimulatedCrash: a log drew a crash. In mode `exit` the process ends instead. If a child process ended in
                its place, this process goes on and raises.
        """
        if self._probability <= 0 or point != self._point:
            return  # Production, with probability 0, spends no time on draws.
        if not any(draw(self._seed, log.delivery) < self._probability for log in logs):
            return
        if self._mode == "exit":
            self._end_process(1)
        raise SimulatedCrash(point)
