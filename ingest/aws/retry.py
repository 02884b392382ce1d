"""Sending again, within a time, the parts of a request that AWS did not take, with full jitter in between.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ (full jitter: a wait between nothing
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
    """The limit of the first wait and of any, in seconds; it doubles from wait to wait."""

    first_s: float
    max_s: float


Attempt = Callable[[Sequence[int]], Sequence[Refusal | None]]
"""A call for a group of positions; `OUT_OF_TIME` for each when there was none left for it."""

Each = Callable[[Attempt, Sequence[Sequence[int]]], Iterable[Sequence[Refusal | None]]]
"""(attempt, groups) -> what the attempt returns for each group, in their order: how an attempt's calls are made."""


def one_by_one(attempt: Attempt, groups: Sequence[Sequence[int]]) -> Iterable[Sequence[Refusal | None]]:
    """Return what `attempt` returns for each group; each call is made when the one before has answered."""
    return map(attempt, groups)


OUT_OF_TIME: Final = Refusal("OutOfTime", retryable=True)
"""What was never called has this refusal."""


def in_one_call(positions: Sequence[int]) -> list[Sequence[int]]:
    """Return all positions as one group: the `split` of parts that fit into a call."""
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

    An attempt splits the positions that are left into groups and makes a call of each; `call` returns a refusal or None
    for each position. Those with a retryable refusal, and only they, are left for the next attempt. No call starts at
    or after `give_up_at_s` on `monotonic`'s clock. `on_refusal(position, refusal)` is told of every refusal of every
    attempt. With an `each` that makes several calls at once, `call` and `monotonic` are called by several threads.

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
            if refusal is OUT_OF_TIME:  # What AWS said last, if it was asked, stays.
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
