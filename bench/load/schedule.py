"""Which request is meant to leave when: a shape's arrivals dealt out to the kinds of requests. Pure."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from bench.load.shapes import Shape, arrivals, rise, scaled
from bench.load.workload import KINDS, Profile, Request, RequestKind, Workload


class Due(NamedTuple):
    """A request and its intended send time, in seconds from the start."""

    at_s: float
    request: Request


def parse_mix(mix: str) -> dict[RequestKind, float]:
    """Return each kind's share from words such as `json=60,text=40`; shares are scaled to a sum of 1.

    Raises:
        ValueError: an unknown kind, or no positive share.
    """
    shares: dict[RequestKind, float] = {}
    for word in mix.split(","):
        name, _, share = word.strip().partition("=")
        kind = next((kind for kind in KINDS if kind == name), None)
        if kind is None or kind == "noisy":
            raise ValueError(f"unknown kind of request {name!r} in the mix: use json, text, batch")
        if float(share) > 0:
            shares[kind] = float(share)
    if not shares:
        raise ValueError("the mix has no positive share")
    return {kind: share / sum(shares.values()) for kind, share in shares.items()}


def schedules(
    shape: Shape, mix: Mapping[RequestKind, float], profile: Profile, *, warm_up_s: float = 0
) -> dict[RequestKind, Iterator[Due]]:
    """Return a lazy schedule for each kind that has arrivals; the shape begins after `warm_up_s` of rising to it."""
    before = rise(shape, warm_up_s)
    dealt: dict[RequestKind, Iterator[Due]] = {}
    for kind, share in mix.items():
        # Two schedules in a row, so that the measured one has all its arrivals whatever fraction the rise ends on.
        times = chain(arrivals(scaled(before, share)), _later(arrivals(scaled(shape.main, share)), warm_up_s))
        dealt[kind] = _dues(times, Workload(profile, kind))
    if shape.noisy_logs:
        batches = _later(arrivals(scaled(shape.noisy_logs, 1 / profile.batch_logs)), warm_up_s)
        dealt["noisy"] = _dues(batches, Workload(profile, "noisy"))
    return dealt


def _later(times: Iterator[float], by_s: float) -> Iterator[float]:
    return (at_s + by_s for at_s in times)


def _dues(times: Iterator[float], workload: Workload) -> Iterator[Due]:
    for at_s in times:
        yield Due(at_s, workload.next())
