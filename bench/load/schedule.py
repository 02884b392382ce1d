"""When each request is meant to be sent: a shape's arrivals, divided among the kinds of requests. Pure."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from bench.load.mix import RequestKind, parse_mix
from bench.load.plan import Plan
from bench.load.shapes import arrivals, make_shape, rise, scaled
from bench.load.workload import PlannedRequest, Workload


class Due(NamedTuple):
    """A request and its intended send time, in seconds from the start."""

    at_s: float
    request: PlannedRequest


def schedules(plan: Plan) -> dict[RequestKind, Iterator[Due]]:
    """Return a lazy schedule for each kind that has arrivals; the shape begins after a warm-up at a rising rate."""
    shape = make_shape(plan.shape, per_minute=plan.rate, duration_s=plan.duration_s)
    before = rise(shape, plan.warm_up_s)
    dealt: dict[RequestKind, Iterator[Due]] = {}
    for kind, share in parse_mix(plan.mix).items():
        # Two schedules in a row: the measured one has all its arrivals, even if the warm-up ends between two arrivals.
        times = chain(arrivals(scaled(before, share)), _later(arrivals(scaled(shape.main, share)), plan.warm_up_s))
        dealt[kind] = _dues(times, Workload(plan, kind))
    if shape.noisy_logs:
        batches = _later(arrivals(scaled(shape.noisy_logs, 1 / plan.batch_logs)), plan.warm_up_s)
        dealt["noisy"] = _dues(batches, Workload(plan, "noisy"))
    return dealt


def _later(times: Iterator[float], by_s: float) -> Iterator[float]:
    return (at_s + by_s for at_s in times)


def _dues(times: Iterator[float], workload: Workload) -> Iterator[Due]:
    for at_s in times:
        yield Due(at_s, workload.next())
