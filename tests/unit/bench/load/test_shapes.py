"""Shapes: as many arrivals as the mean rate asks for, evenly spaced, independent of any answer."""

import pytest

from bench.load.shapes import NOISY_FACTOR, RAMP_STEPS, SHAPES, Segment, ShapeName, arrivals, make_shape, scaled


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "ramp"])
def test_a_shape_keeps_its_mean_rate(name: ShapeName) -> None:
    """1,000 a minute for 20 minutes are 20,000 arrivals, in order, within the duration."""
    times = list(arrivals(make_shape(name, per_minute=1000, duration_s=1200).main))
    assert abs(len(times) - 20_000) <= 1
    assert times == sorted(times)
    assert times[0] == 0
    assert times[-1] < 1200


def test_steady_arrivals_are_evenly_spaced() -> None:
    """60 a minute is one each second."""
    assert list(arrivals(make_shape("steady", per_minute=60, duration_s=5).main)) == pytest.approx([0, 1, 2, 3, 4])


def test_a_burst_is_eleven_times_its_calm() -> None:
    """The tenth in the middle has more arrivals than all the rest."""
    times = list(arrivals(make_shape("burst", per_minute=600, duration_s=100).main))
    middle = sum(45 <= time < 55 for time in times)
    assert middle == 550
    assert len(times) == 1000


def test_a_ramp_ends_at_the_asked_rate() -> None:
    """The last of the steps has the whole rate."""
    times = list(arrivals(make_shape("ramp", per_minute=6000, duration_s=100).main))
    counts = [sum(step * 5 <= time < step * 5 + 5 for time in times) for step in range(RAMP_STEPS)]
    assert counts == pytest.approx([25 * step for step in range(1, RAMP_STEPS + 1)], abs=1)


def test_the_noisy_tenant_is_silent_in_the_first_half() -> None:
    """It then sends a multiple of what all the others send together."""
    shape = make_shape("noisy", per_minute=600, duration_s=20)
    times = list(arrivals(shape.noisy_logs))
    assert times[0] == pytest.approx(10)
    assert len(times) == pytest.approx(10 * 10 * NOISY_FACTOR, abs=1)


def test_no_arrival_is_lost_between_segments() -> None:
    """Fractions of an arrival carry over: 0.4 a second for 10 seconds in ten segments are 4."""
    assert len(list(arrivals([Segment(1, 0.4, 0.4)] * 10))) == 4
    assert len(list(arrivals(scaled([Segment(10, 1, 1)], 0.5)))) == 5
