"""When an invocation stops waiting, writing and calling AWS, so that it answers before Lambda ends it. Pure."""

from typing import Final, NamedTuple

WRITE_MARGIN_S: Final = 10.0
"""Seconds that the wait leaves for the writes: for their retries and a client's time-outs."""

REPORT_MARGIN_S: Final = 5.0
"""Seconds that the writes leave for the quarantine and the answer. No write starts later, and none lasts longer than
its connect and read time-outs (1 + 4 s). If the time ran out, Lambda would fail the whole batch with its healthy
logs."""

# A function with a short time-out still waits for half of it, and writes for three quarters.
_WRITE_MARGIN_SHARE: Final = 0.5
_REPORT_MARGIN_SHARE: Final = 0.25


class Deadlines(NamedTuple):
    """`wait_budget_s` counts from the start. No write and no other call starts later than these (monotonic clock)."""

    wait_budget_s: float
    last_write_s: float
    last_call_s: float


def deadlines(started_s: float, remaining_s: float) -> Deadlines:
    """Return the deadlines of an invocation that started at `started_s` with `remaining_s` left."""
    report_margin_s = min(REPORT_MARGIN_S, remaining_s * _REPORT_MARGIN_SHARE)
    return Deadlines(
        wait_budget_s=remaining_s - min(WRITE_MARGIN_S, remaining_s * _WRITE_MARGIN_SHARE),
        last_write_s=started_s + remaining_s - report_margin_s,
        last_call_s=started_s + remaining_s - report_margin_s / 2,
    )
