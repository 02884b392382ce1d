"""Parallel calls on a virtual clock: each lane has its own time, and an attempt takes as long as its longest lane."""

import heapq
from collections.abc import Sequence

from ingest.aws.refusal import Refusal
from ingest.aws.retry import Attempt, Each
from tests.clock import Clock


def lanes(clock: Clock, count: int) -> Each:
    """Return the `each` of `retrying` that makes `count` calls at a time, as threads would."""

    def each(attempt: Attempt, groups: Sequence[Sequence[int]]) -> list[Sequence[Refusal | None]]:
        free_s = [clock.now_s] * count
        answers = []
        for group in groups:
            clock.now_s = heapq.heappop(free_s)
            answers.append(attempt(group))
            heapq.heappush(free_s, clock.now_s)
        clock.now_s = max(free_s)
        return answers

    return each
