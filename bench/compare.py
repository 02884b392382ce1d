"""The design and the baseline on one engine, one after the other, under the same workload: the ratios."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench import deployed, results, usage
from bench.baseline import deploy
from bench.measured import BASELINE, BATCHES, SINGLES
from bench.run import Plan, Result, run, without_stream
from infra.local import lifecycle
from infra.stack import Stack

# The engine's largest batch, for both.
_QUIET: Final = {"SecondsPerChar": "0", "CrashProbability": "0", "BatchSize": "10"}
# Crashed batches come back after 3 s, so that five receives fit into a run.
_CRASHING: Final = {"SecondsPerChar": "0", "VisibilityTimeoutSeconds": "3"}
_CRASHES: Final = ("0.05", "0.30")


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


def compare(
    folder: Path, *, duration_s: float, single_rate: float, batch_rate: float, tell: Callable[[str], None]
) -> list[Row]:
    """Return the rows: throughput with neither delay nor crashes, then healthy logs lost at 5 % and 30 % crashes.

    Before that, short runs that count the functions' AWS calls: the cost model's inputs.
    `single_rate` and `batch_rate` are requests a minute. Each setting has a fresh engine, on which both systems run one
    after the other; every run leaves its report in `folder`.
    """
    _count_calls(folder, tell)
    plan = Plan(name="", rate=single_rate, duration_s=duration_s, seconds_per_char=0, naive=True, drain_timeout_s=120)
    batches = msgspec.structs.replace(plan, name="design-batches", rate=batch_rate, mix="batch=100")
    pair = _pair(plan, "singles")
    rows = _on_one_engine(folder, "no delay, no crashes", _QUIET, {**pair, batches: "design"}, tell)
    few = msgspec.structs.replace(plan, rate=600, duration_s=min(duration_s, 60))
    for crashes in _CRASHES:
        parameters = _CRASHING | {"CrashProbability": crashes}
        rows += _on_one_engine(
            folder, f"{float(crashes):.0%} crashes", parameters, _pair(few, f"crash-{crashes}"), tell
        )
    return rows


def _count_calls(folder: Path, tell: Callable[[str], None]) -> None:
    plan = Plan(name="", rate=600, duration_s=20, warm_up_s=5, seconds_per_char=0, naive=True)
    batches = msgspec.structs.replace(plan, name=BATCHES, rate=60, mix="batch=100")
    naive = msgspec.structs.replace(plan, name=BASELINE, promises=without_stream())
    plans = {msgspec.structs.replace(plan, name=SINGLES): "design", batches: "design", naive: "baseline"}
    _on_one_engine(folder, "calls counted", _QUIET, plans, tell, counted=True)


def _pair(plan: Plan, name: str) -> dict[Plan, str]:
    """Return the same plan for both systems, under names of their own."""
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
    data_dir = folder / f"engine-{''.join(letter if letter.isalnum() else '-' for letter in setting)}"
    try:
        own = {"ConsumerTimeoutSeconds": "5", "VisibilityTimeoutSeconds": "30"} | dict(parameters)
        state = lifecycle.up(data_dir, port=0, parameters=own)
        stacks: dict[str, Stack] = {"design": state.stack, "baseline": deploy.deploy(state, parameters)}
        counter = usage.CallCounter(state.place) if counted else None
        return [
            _row(system, setting, _one(plan, stacks[system], folder, tell, counter)) for plan, system in plans.items()
        ]
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
    results.write(result, folder / plan.name)
    return result


def _row(system: str, setting: str, result: Result) -> Row:
    numbers, counts = result.numbers, result.verdict.counts
    answer = numbers.latency_ms["all"]
    stored = int(counts["stored"])
    in_dlq = next((check.broken for check in result.verdict.checks if check.name == "I7"), 0)
    gb_s = sum(used.billed_gb_s for used in result.usage.values())
    unit = f"batches of {result.plan.batch_logs}" if "batch" in result.plan.mix else "single logs"
    return Row(
        system=system,
        setting=f"{setting}, {unit}",
        requests_per_minute=answer.count / result.plan.duration_s * 60,
        answer_p50_ms=answer.p50,
        answer_p99_ms=answer.p99,
        stored_logs_per_s=numbers.stored_logs_per_s,
        gb_s_per_million_logs=gb_s / max(stored, 1) * 1e6,
        accepted=int(counts["accepted"]),
        stored=stored,
        healthy_logs_in_dlq=in_dlq,
        broken_promises=", ".join(result.verdict.failed),
    )


def as_markdown(rows: list[Row]) -> str:
    """Return the rows as a table for the README."""
    head = (
        "| system | setting | requests a minute | answer p50 / p99, ms | stored logs a second | GB-s a million logs |"
        " accepted | stored | healthy logs in the DLQ | broken |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n"
    )
    return head + "".join(
        f"| {row.system} | {row.setting} | {row.requests_per_minute:,.0f} | {row.answer_p50_ms:,.0f} / "
        f"{row.answer_p99_ms:,.0f} | {row.stored_logs_per_s:,.1f} | {row.gb_s_per_million_logs:,.0f} | "
        f"{row.accepted:,} | {row.stored:,} | {row.healthy_logs_in_dlq:,} | {row.broken_promises or '-'} |\n"
        for row in rows
    )
