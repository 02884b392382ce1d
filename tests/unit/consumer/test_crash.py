"""Crash simulation: which log crashes, at which point, and how."""

import pytest

from consumer.crash import Crasher, CrashMode, CrashPoint, SimulatedCrash, draw
from tests.unit.consumer.fakes import delivery, log


def crasher(
    probability: float, point: CrashPoint = "before_work", mode: CrashMode = "raise", ended: list[int] | None = None
) -> Crasher:
    """Return a crasher with the seed "s" that notes each end of the process."""
    return Crasher(
        probability=probability,
        point=point,
        mode=mode,
        seed="s",
        end_process=(ended if ended is not None else []).append,
    )


def test_a_draw_is_the_same_within_a_delivery_and_new_in_the_next() -> None:
    """A log's draw is the same within a delivery, as bisect needs it, and another in the next delivery."""
    assert draw("s", delivery(receive_count=1)) == draw("s", delivery(receive_count=1))
    draws = {draw("s", delivery(receive_count=count)) for count in range(1, 6)}
    assert len(draws) == 5


def test_the_seed_changes_the_draws() -> None:
    """Two seeds give different draws."""
    assert draw("s", delivery()) != draw("t", delivery())


def test_five_per_cent_crash_at_five_per_cent() -> None:
    """Of 20,000 deliveries about 5 % crash, within four standard deviations (0.6 %)."""
    crashed = sum(draw("s", delivery(f"m-{n}")) < 0.05 for n in range(20_000))
    assert crashed / 20_000 == pytest.approx(0.05, abs=0.0062)


def test_probability_zero_never_crashes() -> None:
    """At probability 0 nothing crashes."""
    for n in range(1_000):
        crasher(0).at("before_work", [log(f"m-{n}")])


def test_a_draw_at_the_probability_does_not_crash() -> None:
    """A log crashes only if its draw is below the probability, so that 0 spares even a draw of 0."""
    crasher(draw("s", delivery())).at("before_work", [log("m-1")])


def test_probability_one_always_crashes() -> None:
    """At probability 1 everything crashes, because no draw is rounded up to 1."""
    for n in range(1_000):
        with pytest.raises(SimulatedCrash):
            crasher(1).at("before_work", [log(f"m-{n}")])


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_crashes_at_its_point_only(point: CrashPoint) -> None:
    """A crash happens only at the point that was set."""
    for other in {"before_work", "before_write", "after_write"} - {point}:
        crasher(1, point).at(other, [log()])  # type: ignore[arg-type] # a set of the literal's values
    with pytest.raises(SimulatedCrash):
        crasher(1, point).at(point, [log()])


def test_one_crashing_log_crashes_its_unit() -> None:
    """A unit crashes if one of its logs does."""
    logs = [log(f"m-{n}") for n in range(100)]
    crashing = [entry for entry in logs if draw("s", entry.delivery) < 0.05]
    healthy = [entry for entry in logs if entry not in crashing]
    assert crashing
    crasher(0.05).at("before_work", healthy)
    with pytest.raises(SimulatedCrash):
        crasher(0.05).at("before_work", [*healthy, crashing[0]])


def test_mode_exit_ends_the_process_with_an_error() -> None:
    """In mode exit the process ends with an error, after which Lambda deletes no message."""
    ended: list[int] = []
    with pytest.raises(SimulatedCrash):
        crasher(1, mode="exit", ended=ended).at("before_work", [log()])
    assert ended == [1]
