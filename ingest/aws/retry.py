"""Retries: the parts of a request that AWS did not take are sent again, until a given time, with full jitter.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ (full jitter: a random wait between 0
and a limit that doubles).
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from ingest.aws.refusal import Refusal


class Time(NamedTuple):
    """`monotonic` and `sleep` are in seconds; `jitter` returns a number in [0, 1)."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


class Backoff(NamedTuple):
    """The limit of the first wait, which doubles from wait to wait, and the largest limit, in seconds."""

    first_s: float
    max_s: float


Attempt = Callable[[Sequence[int]], Sequence[Refusal | None]]
"""A call for a group of positions, which returns the refusal of each: `OUT_OF_TIME` if no time was left for a call."""

Each = Callable[[Attempt, Sequence[Sequence[int]]], Iterable[Sequence[Refusal | None]]]
"""How the calls of an attempt are made: from (attempt, groups) to what `attempt` returns for each group, in order."""


def one_by_one(attempt: Attempt, groups: Sequence[Sequence[int]]) -> Iterable[Sequence[Refusal | None]]:
    """Return what `attempt` returns for each group; each call is made when the one before has answered."""
    return map(attempt, groups)


OUT_OF_TIME: Final = Refusal("OutOfTime", retryable=True)
"""The refusal of a part for which no call was made."""


def in_one_call(positions: Sequence[int]) -> list[Sequence[int]]:
    """Return all positions as one group: the `split` for parts that all fit into one call."""
    return [positions]


def retrying(
    call: Callable[[Sequence[int]], Sequence[Refusal | None]],
    count: int,
    *,
    give_up_at_s: float,
    time: Time,
    backoff: Backoff,
    split: Callable[[Sequence[int]], Iterable[Sequence[int]]] = in_one_call,
    each: Each = one_by_one,
    on_refusal: Callable[[int, Refusal], None] | None = None,
) -> list[Refusal | None]:
    """Return the last refusal of each of `count` parts, None for one that was taken.

    An attempt splits the remaining positions into groups and makes a call for each group; `call` returns a refusal or
    None for each position. Only positions with a retryable refusal remain for the next attempt. No call starts at or
    after `give_up_at_s` on `monotonic`'s clock. `on_refusal(position, refusal)` is called for every refusal of every
    attempt. If `each` makes several calls at once, several threads call `call` and `monotonic`.

    Raises:
        Exception: what `call` raises.
    """

    def attempt(positions: Sequence[int]) -> Sequence[Refusal | None]:
        return call(positions) if time.monotonic() < give_up_at_s else [OUT_OF_TIME] * len(positions)

    refusals: list[Refusal | None] = [OUT_OF_TIME] * count
    pending: Sequence[int] = range(count)
    limit_s = backoff.first_s
    wait_s = 0.0
    while pending and time.monotonic() + wait_s < give_up_at_s:
        if wait_s:
            time.sleep(wait_s)
        again: list[int] = []
        groups = list(split(pending))
        answers = chain.from_iterable(each(attempt, groups))
        for position, refusal in zip(chain.from_iterable(groups), answers, strict=True):
            if refusal is OUT_OF_TIME:  # Keep AWS's last answer, if there is one.
                again.append(position)
                continue
            refusals[position] = refusal
            if refusal is None:
                continue
            if on_refusal is not None:
                on_refusal(position, refusal)
            if refusal.retryable:
                again.append(position)
        pending = again
        if pending:
            wait_s = time.jitter() * limit_s
            limit_s = min(backoff.max_s, limit_s * 2)
    return refusals
