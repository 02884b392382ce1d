"""The knee of a ramp: the highest rate at which answers and stored logs still come in time. Pure."""

from collections.abc import Sequence
from typing import Final

from bench.result import Step

MOST_ANSWER_P99_MS: Final = 1_000.0
"""A step holds if 99 % of its answers come within this time, counted from when the request was meant to be sent."""

MOST_LAG_P90_MS: Final = 5_000.0
"""A step also needs 90 % of its logs stored within this time, without the simulated delay. Above it, a queue grows. It
is not more than 90 %, because at 5 % simulated crashes one log in twenty rightly waits for its visibility timeout."""

_MOST_WRONG: Final = 0.01
_MOST_UNSTORED: Final = 0.1
"""The same shares, for what those times leave out: a wrong answer, however quick, and a log that never came."""


def holds(step: Step) -> bool:
    """Return whether the right answers and the stored logs came in time."""
    return (
        step.answer_p99_ms <= MOST_ANSWER_P99_MS
        and step.lag_p90_ms <= MOST_LAG_P90_MS
        and step.wrong <= _MOST_WRONG
        and step.unstored <= _MOST_UNSTORED
    )


def find(steps: Sequence[Step]) -> Step | None:
    """Return the highest step that holds, or None.

    A lower step may have failed: a stall such as a cold start is no knee if the run recovers from it at a higher rate.
    Above the real knee no step holds, because the load is open-loop and its backlog only grows.
    """
    return next((step for step in reversed(steps) if holds(step)), None)


def as_text(steps: Sequence[Step]) -> str:
    """Return a ramp's result in one line."""
    knee = find(steps)
    if knee is None:
        return f"no step holds, not even {steps[0].requests_per_minute:,.0f} requests a minute"
    held = f"{knee.requests_per_minute:,.0f} requests a minute hold, {knee.stored_logs_per_s:,.1f} logs stored a second"
    if knee == steps[-1]:
        return f"{held}; the ramp ended before its knee"
    broken = steps[list(steps).index(knee) + 1]
    return (
        f"{held}; at {broken.requests_per_minute:,.0f} the answers' p99 is {broken.answer_p99_ms:,.0f} ms "
        f"and the lag's p90 {broken.lag_p90_ms / 1000:,.2f} s; {broken.wrong:.0%} of the answers are wrong, "
        f"{broken.unstored:.0%} of the accepted logs not stored"
    )
