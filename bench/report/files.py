"""Writes a run's files into its folder: verdict.json, verdict.txt, result.json, report.html and PNGs."""

from pathlib import Path

from bench import result as results
from bench.judge.judgement import as_json, as_text
from bench.report import charts, knee, page
from bench.result import Result


def write(result: Result, folder: Path) -> None:
    """Write everything about a run except its history."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "verdict.json").write_bytes(as_json(result.judgement) + b"\n")
    (folder / "verdict.txt").write_text(as_text(result.judgement) + "\n")
    results.write(result, folder)
    figures = charts.draw(result.numbers)
    for name, drawn in figures.items():
        charts.save_png(drawn, folder / f"{name}.png")
    pictures = {name: charts.as_svg(drawn) for name, drawn in figures.items()}
    (folder / "report.html").write_text(page.page(result, pictures))


def summary(result: Result) -> str:
    """Return the run's numbers in a few lines."""
    numbers, counts = result.numbers, result.judgement.counts
    answer, lag, beyond = numbers.latency_ms["all"], numbers.lag_ms, numbers.lag_beyond_delay_ms
    kept = f", {counts['requests_per_minute']:,.0f} a minute as asked and in time" if result.plan.least_rate else ""
    answers = {"p50": answer.p50, "p95": answer.p95, "p99": answer.p99, "max": answer.largest}
    logs = f"{counts['accepted']:,.0f} accepted, {counts['stored']:,.0f} stored"
    lines = [
        f"requests  {counts['requests']:,.0f}{kept}",
        "answers   " + ", ".join(f"{name} {value:,.0f} ms" for name, value in answers.items()),
        f"logs      {logs}, {numbers.stored_logs_per_s:,.1f} stored a second",
        f"lag       p50 {lag.p50 / 1000:,.2f} s, p95 {lag.p95 / 1000:,.2f} s",
        f"          beyond the delay p50 {beyond.p50 / 1000:,.2f} s, p95 {beyond.p95 / 1000:,.2f} s",
    ]
    if numbers.steps:
        lines.append(f"knee      {knee.as_text(numbers.steps)}")
    if result.plan.shape == "noisy" and {"first", "second"} <= numbers.quiet_lag_ms.keys():
        alone, beside = (numbers.quiet_lag_ms[half].p95 / 1000 for half in ("first", "second"))
        lines.append(f"quiet     p95 of the lag {alone:,.2f} s alone, {beside:,.2f} s beside the noisy tenant")
    return "\n".join(lines)
