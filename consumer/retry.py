"""Retrying the parts of a batched call that AWS did not take: with full jitter, within a time.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (full jitter: a wait between nothing and a
limit that doubles).
"""

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

FIRST_LIMIT_S: Final = 0.05
MAX_LIMIT_S: Final = 2.0

OUT_OF_TIME: Final = "OutOfTime"
"""The code of what was never called."""


class Time(NamedTuple):
    """`monotonic` and `sleep` are in seconds; `jitter` returns a number in [0, 1)."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


def retrying(
    call: Callable[[list[int]], list[str | None]],
    count: int,
    *,
    passing: Collection[str],
    give_up_at_s: float,
    time: Time,
) -> list[str | None]:
    """Return the last error code of each of `count` parts, or None.

    `call` gets positions and returns a code for each; those whose code is `passing` are called again. No call starts
    after `give_up_at_s` on `monotonic`'s clock.
    """
    codes: list[str | None] = [OUT_OF_TIME] * count
    pending = list(range(count))
    attempt = 0
    wait_s = 0.0
    while pending and time.monotonic() + wait_s < give_up_at_s:
        if wait_s:
            time.sleep(wait_s)
        for position, code in zip(pending, call(pending), strict=True):
            codes[position] = code
        pending = [position for position in pending if codes[position] in passing]
        wait_s = time.jitter() * min(MAX_LIMIT_S, FIRST_LIMIT_S * 2**attempt)
        attempt += 1
    return codes
