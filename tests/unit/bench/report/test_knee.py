"""The knee: the highest rate that holds."""

import pytest

from bench.report.knee import MOST_ANSWER_P99_MS, MOST_LAG_P90_MS, as_text, find, holds
from bench.result import Step


def step(rate: float, *, p99_ms: float = 20, lag_ms: float = 100, wrong: float = 0.01, unstored: float = 0.03) -> Step:
    """Return a step that holds unless told otherwise."""
    return Step(rate, 10, p99_ms, lag_ms, rate / 60, wrong, unstored)


SLOW = {"p99_ms": MOST_ANSWER_P99_MS + 1}
QUEUED = {"lag_ms": MOST_LAG_P90_MS + 1}


WRONG = {"wrong": 0.011}
LOST = {"unstored": 0.11}


@pytest.mark.parametrize("late", [SLOW, QUEUED, WRONG, LOST])
def test_the_knee_is_the_last_step_that_holds(late: dict[str, float]) -> None:
    """Late answers break a step, and so do wrong ones, however quick, and logs that are stored late or never."""
    steps = [step(600), step(1_200), step(1_800, **late)]
    assert find(steps) == steps[1]


def test_a_stall_that_is_made_up_for_is_no_knee() -> None:
    """A cold start at a low rate says nothing about the rates above it, which held."""
    steps = [step(600), step(1_200, **SLOW), step(1_800), step(2_400, **QUEUED)]
    assert find(steps) == steps[2]


def test_limits_belong_to_what_holds() -> None:
    """Exactly at a limit is within it."""
    assert holds(step(600, p99_ms=MOST_ANSWER_P99_MS, lag_ms=MOST_LAG_P90_MS))


def test_a_ramp_without_a_step_that_holds_has_no_knee() -> None:
    """It says so, with the rate that was too much already."""
    steps = [step(600, **SLOW), step(1_200, **QUEUED)]
    assert find(steps) is None
    assert as_text(steps) == "no step holds, not even 600 requests a minute"


def test_the_text_says_what_broke_or_that_nothing_did() -> None:
    """A buyer reads the knee and the step behind it; a ramp that ended too early says that it did."""
    assert "at 1,200 the answers' p99 is 1,001 ms" in as_text([step(600), step(1_200, **SLOW)])
    assert as_text([step(600)]).endswith("the ramp ended before its knee")
