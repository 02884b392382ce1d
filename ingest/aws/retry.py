"""Attempts within a time budget, with jittered exponential backoff in between."""

import random
from collections.abc import Callable, Iterator

_jitter = random.SystemRandom()  # SnapStart clones the state of any other generator.


def attempts(
    give_up_at_s: float,
    *,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    first_backoff_s: float,
    max_backoff_s: float,
) -> Iterator[None]:
    """Yield once an attempt, sleeping in between, until the next would start after `give_up_at_s` of `monotonic`.

    The n-th wait is uniform between 0 and `first_backoff_s * 2**n` or `max_backoff_s`, whichever is less ("full
    jitter": https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
    """
    ceiling_s = first_backoff_s
    wait_s = 0.0
    while monotonic() + wait_s < give_up_at_s:
        if wait_s:
            sleep(wait_s)
        yield
        ceiling_s = min(max_backoff_s, ceiling_s * 2)
        wait_s = _jitter.uniform(0, ceiling_s)
