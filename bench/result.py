"""What a run leaves in result.json: everything that its report, the comparison and the cost model read."""

from pathlib import Path
from typing import Final

import msgspec

from bench.judge.judgement import Judgement
from bench.load.plan import Plan

FILE: Final = "result.json"


class Spread(msgspec.Struct, frozen=True):
    """How many values there were, their mean, percentiles and maximum, in ms."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    largest: float


class Stretch(msgspec.Struct, frozen=True):
    """One stretch of the time axis, from `at_s` on (0 is the end of the warm-up): counts are a second's mean."""

    at_s: float
    requests_per_s: float
    accepted_per_s: float
    stored_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    waiting: int | None


class TenantNumbers(msgspec.Struct, frozen=True):
    """One tenant: its stored logs, and their lag in the two halves of the run."""

    tenant_id: str
    stored: int
    lag_p50_ms: float
    lag_p95_ms: float


class Step(msgspec.Struct, frozen=True):
    """One step of a ramp: what was offered, and what became of it."""

    requests_per_minute: float
    answer_p50_ms: float
    answer_p99_ms: float
    lag_p90_ms: float
    stored_logs_per_s: float


class Numbers(msgspec.Struct, frozen=True):
    """Everything measured. Latency counts from the intended send time, lag from the sending to `processed_at`."""

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
    """What one function did: `billed_gb_s` is billed time times memory, `log_bytes` what CloudWatch bills.

    `median_ms` is an invocation's billed time without what cold starts and a busy machine do to the mean.
    """

    invocations: int
    billed_ms: float
    billed_gb_s: float
    log_bytes: int = 0
    median_ms: float = 0.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A run's plan, where it was made, its judgement, numbers and usage."""

    plan: Plan
    started_at: str
    parameters: dict[str, str]
    machine: dict[str, str]
    load_average: tuple[str, str]
    judgement: Judgement = msgspec.field(name="verdict")  # By the name under which runs are kept.
    numbers: Numbers
    usage: dict[str, FunctionUsage]
    drain_s: float
    request_bytes: int
    accepted_requests: int
    calls: dict[str, int] = {}


class ResultError(ValueError):
    """A result that cannot be read; the text names the file."""


def write(result: Result, folder: Path) -> None:
    """Write the result into a run's folder."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


def read(folder: Path) -> Result:
    """Return the result that `write` left in a folder.

    Raises:
        ResultError: there is none, or it is not one of this bench.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ResultError(f"{path}: {error}") from error
