"""A run's report: one HTML page that needs nothing else, with its judgement first."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from bench.report import knee
from bench.result import Result, Spread

_CSS: Final = """
:root { color-scheme: light dark; --line: #8884; --ok: #15803d; --bad: #b91c1c; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.verdict { font-weight: 700; } .ok { color: var(--ok); } .bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; } .scroll { overflow-x: auto; } small, .quiet { opacity: .75; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1rem 0; }
.tiles b { display: block; font-size: 1.4rem; } figure { margin: 0; background: #fff; border-radius: 6px; }
svg { width: 100%; height: auto; display: block; } code { font-size: .9em; }
"""
_MOST_TENANTS: Final = 20


def page(result: Result, pictures: Mapping[str, str]) -> str:
    """Return the page; `pictures` are SVG elements under the names that `bench.report.charts.draw` gives."""
    judgement, numbers, plan = result.judgement, result.numbers, result.plan
    state = '<span class="ok">passed</span>' if judgement.passed else '<span class="bad">failed</span>'
    counts = judgement.counts
    answer = numbers.latency_ms.get("all")
    tiles = {
        "requests a minute": f"{counts.get('requests', 0) / (plan.duration_s + plan.warm_up_s / 2) * 60:,.0f}",
        "logs accepted": f"{counts.get('accepted', 0):,.0f}",
        "logs stored": f"{counts.get('stored', 0):,.0f}",
        "stored a second": f"{numbers.stored_logs_per_s:,.1f}",
        "answer p50 / p99": f"{answer.p50:,.0f} / {answer.p99:,.0f} ms" if answer else "-",
        "lag p50 / p99": f"{numbers.lag_ms.p50 / 1000:,.2f} / {numbers.lag_ms.p99 / 1000:,.2f} s",
    }
    if "requests_per_minute" in counts:
        tiles["requests a minute"] = f"{counts['requests_per_minute']:,.0f}"
    sections = [
        f"<h1>{escape(plan.name)}: {escape(plan.shape)} at {plan.rate:,.0f} requests a minute</h1>",
        f'<p class="verdict">Verdict: {state}</p>',
        '<div class="tiles">' + "".join(f"<div><b>{value}</b>{name}</div>" for name, value in tiles.items()) + "</div>",
        "<h2>Promises and demands</h2>",
        _checks(result),
        _picture("Answers over time", pictures["latency"]),
        _picture("Logs over time", pictures["flow"]),
        _picture("From sending to stored (share of logs up to a lag; the simulated delay included)", pictures["lag"]),
        *_ramp(result, pictures),
        "<h2>Spread, ms</h2>",
        _spreads(result),
        "<h2>Tenants</h2>",
        _tenants(result),
        "<h2>Lambda time</h2>",
        _usage(result),
        "<h2>Counts</h2>",
        _table(("what", "how many"), ((name, f"{value:,g}") for name, value in counts.items())),
        "<h2>How it was run</h2>",
        _origin(result),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(plan.name)}</title><style>{_CSS}</style></head><body>{''.join(sections)}</body></html>"
    )


def _checks(result: Result) -> str:
    rows = []
    for check in result.judgement.checks:
        state = f'<span class="bad">broken {check.broken:,}×</span>' if check.broken else '<span class="ok">ok</span>'  # noqa: RUF001 - a multiplication sign
        examples = "".join(f"<br><small>{escape(example)}</small>" for example in check.examples)
        rows.append(f"<tr><td><b>{check.name}</b></td><td>{state}</td><td>{escape(check.title)}{examples}</td></tr>")
    for name, why in result.judgement.unseen.items():
        rows.append(f'<tr class="quiet"><td><b>{name}</b></td><td>not seen</td><td>{escape(why)}</td></tr>')
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _picture(title: str, svg: str) -> str:
    return f"<h2>{escape(title)}</h2><figure>{svg}</figure>"


def _ramp(result: Result, pictures: Mapping[str, str]) -> list[str]:
    steps = result.numbers.steps
    if not steps:
        return []
    head = ("requests a minute", "answer p50, ms", "answer p99, ms", "lag p90, ms", "logs stored a second", "holds")
    rows = (
        (
            *(f"{value:,.0f}" for value in (step.requests_per_minute, step.answer_p50_ms, step.answer_p99_ms)),
            f"{step.lag_p90_ms:,.0f}",
            f"{step.stored_logs_per_s:,.1f}",
            "yes" if knee.holds(step) else "no",
        )
        for step in steps
    )
    return [_picture("Answers by rate", pictures["knee"]), f"<p>{escape(knee.as_text(steps))}</p>", _table(head, rows)]


def _spreads(result: Result) -> str:
    numbers = result.numbers
    spreads: dict[str, Spread] = {f"answer, {name}": spread for name, spread in numbers.latency_ms.items()}
    spreads["lag (sending to stored)"] = numbers.lag_ms
    spreads["lag beyond the simulated delay"] = numbers.lag_beyond_delay_ms
    if result.plan.shape == "noisy":
        spreads |= {f"lag of the quiet tenants, {half} half": spread for half, spread in numbers.quiet_lag_ms.items()}
    head = ("what", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "max")
    return _table(
        head,
        (
            (
                name,
                f"{s.count:,}",
                *(f"{value:,.0f}" for value in (s.mean, s.p50, s.p90, s.p95, s.p99, s.p999, s.largest)),
            )
            for name, s in spreads.items()
        ),
    )


def _tenants(result: Result) -> str:
    tenants = result.numbers.tenants
    rows = (
        (t.tenant_id, f"{t.stored:,}", f"{t.lag_p50_ms:,.0f}", f"{t.lag_p95_ms:,.0f}") for t in tenants[:_MOST_TENANTS]
    )
    more = (
        f"<p><small>and {len(tenants) - _MOST_TENANTS} smaller ones</small></p>" if len(tenants) > _MOST_TENANTS else ""
    )
    return _table(("tenant", "logs stored", "lag p50, ms", "lag p95, ms"), rows) + more


def _usage(result: Result) -> str:
    stored = max(result.judgement.counts.get("stored", 0), 1)
    return _table(
        ("function", "invocations", "billed, s", "GB-seconds", "GB-seconds a million logs"),
        (
            (
                name,
                f"{u.invocations:,}",
                f"{u.billed_ms / 1000:,.1f}",
                f"{u.billed_gb_s:,.2f}",
                f"{u.billed_gb_s / stored * 1e6:,.0f}",
            )
            for name, u in result.usage.items()
        ),
    )


def _origin(result: Result) -> str:
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
    return _table(("what", "value"), rows.items(), text_columns=2)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int = 1) -> str:
    def cell(tag: str, position: int, content: str) -> str:
        kind = "" if position < text_columns else ' class="n"'
        return f"<{tag}{kind}>{escape(content)}</{tag}>"

    def row(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(cell(tag, position, content) for position, content in enumerate(cells)) + "</tr>"

    return f'<div class="scroll"><table>{row("th", head)}{"".join(row("td", cells) for cells in rows)}</table></div>'
