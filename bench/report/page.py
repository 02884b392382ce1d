"""A run's report: one self-contained HTML page, the judgement first, in the style of the console's pages."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from bench.report import knee
from bench.result import Result, Spread
from infra.console import templating

_MOST_TENANTS: Final = 20


class Table(NamedTuple):
    """A titled table of texts; the columns after the first `text_columns` are numbers. `note` is shown below it."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[str]]
    note: str = ""
    text_columns: int = 1


def page(result: Result, pictures: Mapping[str, str]) -> str:
    """Return the page; `pictures` are SVG elements by the names from `bench.report.charts.draw`."""
    numbers = result.numbers
    counts = ((name, f"{value:,g}") for name, value in result.judgement.counts.items())
    return (
        _engine()
        .get_template("report.html")
        .render(
            plan=result.plan,
            judgement=result.judgement,
            tiles=_tiles(result),
            # Drawn by matplotlib, which escapes the texts in them.
            pictures={name: Markup(svg) for name, svg in pictures.items()},  # noqa: S704 - as said
            knee=knee.as_text(numbers.steps) if numbers.steps else "",
            steps=_steps(result),
            tables=[
                _spreads(result),
                _tenants(result),
                _usage(result),
                Table("Counts", ("what", "how many"), counts),
                _origin(result),
            ],
        )
    )


@cache
def _engine() -> Environment:
    return templating.environment("bench.report", style=Markup(templating.style()))  # noqa: S704 - our own style sheet


def _tiles(result: Result) -> Mapping[str, str]:
    counts, numbers, plan = result.judgement.counts, result.numbers, result.plan
    answer = numbers.latency_ms.get("all")
    requests = counts.get("requests", 0) / (plan.duration_s + plan.warm_up_s / 2) * 60
    return {
        "requests a minute": f"{counts.get('requests_per_minute', requests):,.0f}",
        "logs accepted": f"{counts.get('accepted', 0):,.0f}",
        "logs stored": f"{counts.get('stored', 0):,.0f}",
        "stored a second": f"{numbers.stored_logs_per_s:,.1f}",
        "answer p50 / p99": f"{answer.p50:,.0f} / {answer.p99:,.0f} ms" if answer else "-",
        "lag p50 / p99": f"{numbers.lag_ms.p50 / 1000:,.2f} / {numbers.lag_ms.p99 / 1000:,.2f} s",
    }


def _steps(result: Result) -> tuple[Sequence[str], list[Sequence[str]]] | None:
    """Return head and rows of a ramp's steps, or None for a run that was no ramp."""
    steps = result.numbers.steps
    if not steps:
        return None
    head = ("requests a minute", "answer p50, ms", "answer p99, ms", "lag p90, ms", "logs stored a second", "holds")
    return head, [
        (
            *(f"{value:,.0f}" for value in (step.requests_per_minute, step.answer_p50_ms, step.answer_p99_ms)),
            f"{step.lag_p90_ms:,.0f}",
            f"{step.stored_logs_per_s:,.1f}",
            "yes" if knee.holds(step) else "no",
        )
        for step in steps
    ]


def _spreads(result: Result) -> Table:
    numbers = result.numbers
    spreads: dict[str, Spread] = {f"answer, {name}": spread for name, spread in numbers.latency_ms.items()}
    spreads["lag (sending to stored)"] = numbers.lag_ms
    spreads["lag beyond the simulated delay"] = numbers.lag_beyond_delay_ms
    if result.plan.shape == "noisy":
        spreads |= {f"lag of the quiet tenants, {half} half": spread for half, spread in numbers.quiet_lag_ms.items()}
    rows = (
        (
            name,
            f"{s.count:,}",
            *(f"{value:,.0f}" for value in (s.mean, s.p50, s.p90, s.p95, s.p99, s.p999, s.largest)),
        )
        for name, s in spreads.items()
    )
    return Table("Spread, ms", ("what", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"), rows)


def _tenants(result: Result) -> Table:
    tenants = result.numbers.tenants
    rows = (
        (t.tenant_id, f"{t.stored:,}", f"{t.lag_p50_ms:,.0f}", f"{t.lag_p95_ms:,.0f}") for t in tenants[:_MOST_TENANTS]
    )
    more = f"and {len(tenants) - _MOST_TENANTS} smaller ones" if len(tenants) > _MOST_TENANTS else ""
    return Table("Tenants", ("tenant", "logs stored", "lag p50, ms", "lag p95, ms"), rows, more)


def _usage(result: Result) -> Table:
    stored = max(result.numbers.lag_ms.count, 1)  # Without the warm-up, as the functions' time.
    rows = (
        (
            name,
            f"{u.invocations:,}",
            f"{u.billed_ms / 1000:,.1f}",
            f"{u.billed_gb_s:,.2f}",
            f"{u.billed_gb_s / stored * 1e6:,.0f}",
        )
        for name, u in result.usage.items()
    )
    head = ("function", "invocations", "billed, s", "GB-seconds", "GB-seconds a million logs")
    return Table("Lambda time", head, rows)


def _origin(result: Result) -> Table:
    plan = result.plan
    rows = {
        "started": result.started_at,
        "schedule": f"{plan.duration_s:g} s after {plan.warm_up_s:g} s of warm-up; seed {plan.seed}; mix {plan.mix}; "
        f"{plan.tenants} tenants; logs up to {plan.max_chars:,} characters; batches of {plan.batch_logs}",
        "stack parameters": ", ".join(f"{name}={value}" for name, value in result.parameters.items()) or "defaults",
        "drained after": f"{result.drain_s:.1f} s",
        "load average before, after": " / ".join(result.load_average),
        **result.machine,
    }
    return Table("How it was run", ("what", "value"), rows.items(), text_columns=2)
