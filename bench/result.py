"""A run's result.json: everything that the report, the comparison and the cost model read."""

from pathlib import Path
from typing import Final

import msgspec

from bench.judge.judgement import Judgement
from bench.load.plan import Plan

FILE: Final = "result.json"


class Spread(msgspec.Struct, frozen=True):
    """Number of values, and their mean, percentiles and maximum in ms."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    largest: float


class Stretch(msgspec.Struct, frozen=True):
    """One stretch of the time axis, from `at_s` on (0 is the end of the warm-up); counts are means a second."""

    at_s: float
    requests_per_s: float
    accepted_per_s: float
    stored_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    waiting: int | None


class TenantNumbers(msgspec.Struct, frozen=True):
    """One tenant: the number of its stored logs, and the median and 95th percentile of their lag."""

    tenant_id: str
    stored: int
    lag_p50_ms: float
    lag_p95_ms: float


class Step(msgspec.Struct, frozen=True):
    """One step of a ramp: the requests answered, their latency, and the lag and rate of the stored logs.

    `wrong` is the share of the requests that did not get the answer that they ask for, `unstored` the share of the
    accepted logs that were not stored (a duplicate counts as such).
    """

    requests_per_minute: float
    answer_p50_ms: float
    answer_p99_ms: float
    lag_p90_ms: float
    stored_logs_per_s: float
    wrong: float = 0.0
    unstored: float = 0.0


class Numbers(msgspec.Struct, frozen=True):
    """All measurements. Latency counts from the intended send time; lag is from the sending to `processed_at`."""

    latency_ms: dict[str, Spread]
    lag_ms: Spread
    lag_beyond_delay_ms: Spread
    quiet_lag_ms: dict[str, Spread]
    stored_logs_per_s: float
    accepted_logs_per_s: float
    timeline: tuple[Stretch, ...]
    tenants: tuple[TenantNumbers, ...]
    lag_shares: tuple[tuple[float, float], ...]
    steps: tuple[Step, ...] = ()


class FunctionUsage(msgspec.Struct, frozen=True):
    """One function's usage: `billed_gb_s` is billed time times memory, `log_bytes` the bytes that CloudWatch bills.

    `median_ms` is the median billed time of an invocation: cold starts and a busy machine distort the mean.
    """

    invocations: int
    billed_ms: float
    billed_gb_s: float
    log_bytes: int = 0
    median_ms: float = 0.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A run's plan, machine, judgement, numbers and usage."""

    plan: Plan
    started_at: str
    parameters: dict[str, str]
    machine: dict[str, str]
    load_average: tuple[str, str]
    judgement: Judgement = msgspec.field(name="verdict")  # The name in the results that are kept.
    numbers: Numbers
    usage: dict[str, FunctionUsage]
    drain_s: float
    request_bytes: int
    accepted_requests: int
    calls: dict[str, int] = {}


class ResultError(ValueError):
    """A result that cannot be read; the message names the file."""


def write(result: Result, folder: Path) -> None:
    """Write the result into a run's folder."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


def read(folder: Path) -> Result:
    """Return the result that `write` left in a folder.

    Raises:
        ResultError: there is no result, or it is not one of this bench.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ResultError(f"{path}: {error}") from error
