"""Load shapes as intended send times. Pure and open-loop; the same arguments always give the same times.

Arrivals are evenly spaced at the shape's rate, however slow the answers are. Latency counted from these times includes
what a closed loop hides: requests that a slow server kept from being sent (coordinated omission).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, get_args

ShapeName = Literal["steady", "burst", "ramp", "noisy", "soak"]
SHAPES: Final = get_args(ShapeName)

RAMP_STEPS: Final = 20
NOISY_FACTOR: Final = 20
"""In the second half of the run, the noisy tenant sends this many times as many logs as all others together."""

_WAVE_S: Final = 600.0


class Segment(NamedTuple):
    """A stretch of time in which the rate (requests a second) changes linearly from one value to another."""

    duration_s: float
    from_per_s: float
    to_per_s: float


class Shape(NamedTuple):
    """The segments of all tenants' requests, and those of the noisy tenant's batches, in logs a second."""

    main: tuple[Segment, ...]
    noisy_logs: tuple[Segment, ...] = ()


def make_shape(name: ShapeName, *, per_minute: float, duration_s: float) -> Shape:
    """Return the shape with a mean rate of `per_minute` over `duration_s` (for `ramp`, the rate of the last step).

    - steady: constant.
    - burst: half the rate, but eleven times as much during the middle tenth of the time.
    - ramp: twenty equal steps up to the rate, to find the knee.
    - noisy: constant; in the second half one more tenant sends `NOISY_FACTOR` times as many logs.
    - soak: waves of ten minutes between half and one and a half times the rate.
    """
    return _MAKERS[name](per_minute / 60, duration_s)


def _steady(rate: float, duration_s: float) -> Shape:
    return Shape((Segment(duration_s, rate, rate),))


def _burst(rate: float, duration_s: float) -> Shape:
    calm = Segment(duration_s * 0.45, rate / 2, rate / 2)
    return Shape((calm, Segment(duration_s * 0.1, rate * 5.5, rate * 5.5), calm))


def _ramp(rate: float, duration_s: float) -> Shape:
    steps = (rate * step / RAMP_STEPS for step in range(1, RAMP_STEPS + 1))
    return Shape(tuple(Segment(duration_s / RAMP_STEPS, step, step) for step in steps))


def _noisy(rate: float, duration_s: float) -> Shape:
    half_s, flood = duration_s / 2, rate * NOISY_FACTOR
    return Shape(_steady(rate, duration_s).main, (Segment(half_s, 0, 0), Segment(half_s, flood, flood)))


def _soak(rate: float, duration_s: float) -> Shape:
    waves = max(1, round(duration_s / _WAVE_S))
    half_s = duration_s / waves / 2
    return Shape((Segment(half_s, rate / 2, rate * 1.5), Segment(half_s, rate * 1.5, rate / 2)) * waves)


_MAKERS: Final[dict[ShapeName, Callable[[float, float], Shape]]] = {
    "steady": _steady,
    "burst": _burst,
    "ramp": _ramp,
    "noisy": _noisy,
    "soak": _soak,
}


def rise(shape: Shape, warm_up_s: float) -> tuple[Segment, ...]:
    """Return the warm-up: the rate rises from 0 to the shape's first rate, so that functions start one by one."""
    return (Segment(warm_up_s, 0, shape.main[0].from_per_s),) if warm_up_s else ()


def scaled(segments: Sequence[Segment], share: float) -> tuple[Segment, ...]:
    """Return the segments with their rates multiplied."""
    return tuple(Segment(s.duration_s, s.from_per_s * share, s.to_per_s * share) for s in segments)


def arrivals(segments: Sequence[Segment]) -> Iterator[float]:
    """Yield the intended send times in seconds from the start: one whenever the rate's integral passes an integer."""
    start_s, due = 0.0, 0.0  # `due`: the place of the next arrival, counted in arrivals from the segment's start.
    for segment in segments:
        total = (segment.from_per_s + segment.to_per_s) / 2 * segment.duration_s
        while due < total - 1e-9:
            yield start_s + _time_of(due, segment)
            due += 1
        due -= total
        start_s += segment.duration_s


def _time_of(count: float, segment: Segment) -> float:
    """Return the seconds into the segment at which `count` arrivals have come: where the rate's integral is `count`."""
    slope = (segment.to_per_s - segment.from_per_s) / segment.duration_s
    if slope == 0:
        return count / segment.from_per_s
    return (math.sqrt(segment.from_per_s**2 + 2 * slope * count) - segment.from_per_s) / slope
