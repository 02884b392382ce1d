"""Compares the design with the baseline: both run on one engine, one after the other, under the same workload."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench import deployed
from bench.baseline import deploy
from bench.cost import cpu, usage
from bench.cost.measured import BASELINE, BATCHES, SINGLES
from bench.load.plan import Plan
from bench.micro import lambda_cpu
from bench.report import files, knee
from bench.result import Result
from bench.run import run, without_stream
from infra.local import lifecycle
from infra.local.state import State
from infra.stack import Stack, StackError

# Both systems use the engine's largest batch size.
_QUIET: Final = {"SecondsPerChar": "0", "CrashProbability": "0", "BatchSize": "10"}
# Crashed batches come back after 3 s, so that five receives fit into a run.
_CRASHING: Final = {"SecondsPerChar": "0", "VisibilityTimeoutSeconds": "3"}
_CRASHES: Final = ("0.05", "0.30")
_BATCH_CONSUMERS: Final = 16
"""The most consumers that run at once in the ramp of batches: with the engine's default of 5 the queue would grow."""
_BATCH_USERS: Final = 3
"""The most batches in flight: each additional one starts a process that competes with the engine for the CPU."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One system's numbers in one setting."""

    system: str
    setting: str
    requests_per_minute: float
    answer_p50_ms: float
    answer_p99_ms: float
    stored_logs_per_s: float
    gb_s_per_million_logs: float
    accepted: int
    stored: int
    healthy_logs_in_dlq: int
    broken_promises: str


class Knee(msgspec.Struct, frozen=True, kw_only=True):
    """The knee of one system's ramp: the highest rate that the system keeps up with."""

    system: str
    unit: str
    requests_per_minute: float
    answer_p99_ms: float
    lag_p90_ms: float
    stored_logs_per_s: float


class Comparison(msgspec.Struct, frozen=True):
    """Both systems side by side: at the same rate, and each at its knee."""

    rows: tuple[Row, ...]
    knees: tuple[Knee, ...] = msgspec.field(name="most")  # The name in the comparisons that are kept.


def compare(
    folder: Path,
    *,
    duration_s: float,
    rate: float,
    ramp_rate: float,
    batch_ramp_rate: float,
    tell: Callable[[str], None],
) -> Comparison:
    """Return both systems' numbers: at `rate` without delay and crashes, at 5 % and 30 % crashes, and at their knees.

    Short runs come first, which count the functions' AWS calls for the cost model. Rates are requests a minute. The
    ramp of single logs (both systems) ends at `ramp_rate`, the ramp of batches (the design) at `batch_ramp_rate`. At a
    fixed rate both systems run on one engine, one after the other; each ramp has a fresh engine. Every run leaves its
    report in `folder`.

    Raises:
        StackError: no step of a ramp holds, so that there is no knee to compare.
    """
    count_calls(folder, tell)
    plan = Plan(rate=rate, duration_s=duration_s, seconds_per_char=0, naive=True)
    rows = _on_one_engine(folder, "no delay, no crashes", _QUIET, _pair(plan, "singles"), tell)
    few = msgspec.structs.replace(plan, rate=600, duration_s=min(duration_s, 60))
    for crashes in _CRASHES:
        parameters = _CRASHING | {"CrashProbability": crashes}
        rows += _on_one_engine(
            folder, f"{float(crashes):.0%} crashes", parameters, _pair(few, f"crash-{crashes}"), tell
        )
    ramp = msgspec.structs.replace(plan, shape="ramp", rate=ramp_rate)
    batches = msgspec.structs.replace(
        ramp, name="ramp-design-batches", rate=batch_ramp_rate, mix="batch=100", users=_BATCH_USERS
    )
    ramps = {batches: "design", **_pair(ramp, "ramp-singles")}
    return Comparison(tuple(rows), tuple(_knee(folder, one, system, tell) for one, system in ramps.items()))


def count_calls(folder: Path, tell: Callable[[str], None]) -> None:
    """Leave in `folder` what the cost model reads: three runs in which the functions' AWS calls are counted, and CPU.

    Counts, line bytes and CPU time depend little on what else the machine does; no other number of these runs is used.
    """
    plan = Plan(rate=600, duration_s=20, warm_up_s=5, seconds_per_char=0, naive=True)
    batches = msgspec.structs.replace(plan, name=BATCHES, rate=60, mix="batch=100")
    naive = msgspec.structs.replace(plan, name=BASELINE, promises=without_stream())
    plans = {msgspec.structs.replace(plan, name=SINGLES): "design", batches: "design", naive: "baseline"}
    _on_one_engine(folder, "calls counted", _QUIET, plans, tell, counted=True)
    tell("the functions' CPU time")
    cpu.write(lambda_cpu.measure(), folder)


def _pair(plan: Plan, name: str) -> dict[Plan, str]:
    """Return the same plan for both systems, under a different name for each."""
    naive = msgspec.structs.replace(plan, name=f"baseline-{name}", promises=without_stream())
    return {msgspec.structs.replace(plan, name=f"design-{name}"): "design", naive: "baseline"}


def _on_one_engine(
    folder: Path,
    setting: str,
    parameters: Mapping[str, str],
    plans: Mapping[Plan, str],
    tell: Callable[[str], None],
    *,
    counted: bool = False,
) -> list[Row]:
    """Run all plans on one fresh engine; return a row for each."""
    with _engine(folder, setting, parameters) as (state, stacks):
        counter = usage.CallCounter(state.place) if counted else None
        return [
            _row(system, setting, _one(plan, stacks[system], folder, tell, counter)) for plan, system in plans.items()
        ]


def _knee(folder: Path, plan: Plan, system: str, tell: Callable[[str], None]) -> Knee:
    """Return the knee of a ramp on a fresh engine."""
    with _engine(folder, plan.name, _QUIET) as (_, stacks):
        if "batch" in plan.mix:
            deployed.limit_consumers(stacks[system], _BATCH_CONSUMERS)
        result = _one(plan, stacks[system], folder, tell, None)
    held = knee.find(result.numbers.steps)
    if held is None:
        raise StackError(f"{plan.name}: {knee.as_text(result.numbers.steps)}. Ramp to a lower rate.")
    return Knee(
        system=system,
        unit=_unit(plan),
        requests_per_minute=held.requests_per_minute,
        answer_p99_ms=held.answer_p99_ms,
        lag_p90_ms=held.lag_p90_ms,
        stored_logs_per_s=held.stored_logs_per_s,
    )


@contextlib.contextmanager
def _engine(folder: Path, setting: str, parameters: Mapping[str, str]) -> Iterator[tuple[State, Mapping[str, Stack]]]:
    """Give a fresh engine with both systems on it, and take it down when the block ends."""
    data_dir = folder / f"engine-{''.join(letter if letter.isalnum() else '-' for letter in setting)}"
    try:
        own = {"ConsumerTimeoutSeconds": "5", "VisibilityTimeoutSeconds": "30"} | dict(parameters)
        state = lifecycle.up(data_dir, port=0, parameters=own)
        yield state, {"design": state.stack, "baseline": deploy.deploy(state, parameters)}
    finally:
        lifecycle.down(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def _one(
    plan: Plan, stack: Stack, folder: Path, tell: Callable[[str], None], counter: usage.CallCounter | None
) -> Result:
    result = run(
        plan,
        stack,
        folder / plan.name,
        parameters=deployed.settings(stack),
        counter=counter,
        tell=lambda line: tell(f"{plan.name}: {line}"),
    )
    files.write(result, folder / plan.name)
    return result


def _row(system: str, setting: str, result: Result) -> Row:
    numbers, counts = result.numbers, result.judgement.counts
    answer = numbers.latency_ms["all"]
    stored = int(counts["stored"])
    in_dlq = next((check.broken for check in result.judgement.checks if check.name == "I7"), 0)
    gb_s = sum(used.billed_gb_s for used in result.usage.values())
    return Row(
        system=system,
        setting=f"{setting}, {_unit(result.plan)}",
        requests_per_minute=answer.count / result.plan.duration_s * 60,
        answer_p50_ms=answer.p50,
        answer_p99_ms=answer.p99,
        stored_logs_per_s=numbers.stored_logs_per_s,
        # Neither the functions' time nor these logs hold the warm-up.
        gb_s_per_million_logs=gb_s / max(numbers.lag_ms.count, 1) * 1e6,
        accepted=int(counts["accepted"]),
        stored=stored,
        healthy_logs_in_dlq=in_dlq,
        broken_promises=", ".join(result.judgement.failed),
    )


def _unit(plan: Plan) -> str:
    return f"batches of {plan.batch_logs}" if "batch" in plan.mix else "single logs"


def as_markdown(comparison: Comparison) -> str:
    """Return both tables for the README."""
    head = (
        "| system | setting | requests a minute | answer p50 / p99, ms | stored logs a second | GB-s a million logs |"
        " accepted | stored | healthy logs in the DLQ | broken |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n"
    )
    same_rate = "".join(
        f"| {row.system} | {row.setting} | {row.requests_per_minute:,.0f} | {row.answer_p50_ms:,.0f} / "
        f"{row.answer_p99_ms:,.0f} | {row.stored_logs_per_s:,.1f} | {row.gb_s_per_million_logs:,.0f} | "
        f"{row.accepted:,} | {row.stored:,} | {row.healthy_logs_in_dlq:,} | {row.broken_promises or '-'} |\n"
        for row in comparison.rows
    )
    naive = next(at.stored_logs_per_s for at in comparison.knees if at.system == "baseline")
    at_knee = "".join(
        f"| {at.system} | {at.unit} | {at.requests_per_minute:,.0f} | {at.answer_p99_ms:,.0f} | "
        f"{at.lag_p90_ms / 1000:,.2f} | {at.stored_logs_per_s:,.1f} | "
        f"{at.stored_logs_per_s / naive:,.1f}x |\n"
        for at in comparison.knees
    )
    return (
        f"{head}{same_rate}\n"
        "| at its knee | sends | requests a minute | answer p99, ms | lag p90, s | stored logs a second | of the "
        f"baseline's |\n|---|---|--:|--:|--:|--:|--:|\n{at_knee}"
    )
