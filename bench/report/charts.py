"""A run's figures, drawn by matplotlib: SVG for the report, PNG for the README."""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bench.cost.model import SERVICES, Measured, Prices, Setting, per_million
from bench.report.knee import find
from bench.result import Numbers, Step, Stretch

_BLUE, _ORANGE, _RED, _GREY = "#2563eb", "#ea580c", "#b91c1c", "#64748b"
_STYLE: Final[Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e2e8f0",
    "axes.edgecolor": "#94a3b8",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "rdp",
}


def draw(numbers: Numbers) -> dict[str, Figure]:
    """Return the figures of a run by name: `latency`, `flow` and `lag`; for a ramp also `knee`."""
    figures = {
        "latency": _figure(lambda axes: _latency(axes, numbers.timeline)),
        "flow": _figure(lambda axes: _flow(axes, numbers.timeline)),
        "lag": _figure(lambda axes: _lag(axes, numbers.lag_shares)),
    }
    return figures | ({"knee": _figure(lambda axes: _knee(axes, numbers.steps))} if numbers.steps else {})


def cost(setting: Setting, design: Measured, baseline: Measured, prices: Prices) -> Figure:
    """Return the figure of dollars per million logs, by service and logs a request, with the baseline's as a line."""
    sizes = [1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 1000]
    at_size = [per_million(msgspec.structs.replace(setting, logs_per_request=size), design, prices) for size in sizes]
    naive = sum(per_million(msgspec.structs.replace(setting, logs_per_request=1), baseline, prices).values())

    def paint(axes: Axes) -> None:
        axes.stackplot(sizes, [[usd[service] for usd in at_size] for service in SERVICES], labels=SERVICES, alpha=0.85)
        axes.axhline(naive, color=_RED, linestyle="--", label="baseline, 1 a request")
        axes.set(xlabel="logs a request", ylabel="US dollars per million logs", xscale="log", xlim=(1, sizes[-1]))
        _plain_decades(axes.xaxis)
        _legend(axes, 4)

    return _figure(paint)


def as_svg(drawn: Figure) -> str:
    """Return the figure as an <svg> element that an HTML page can hold."""
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        drawn.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    # Without its fixed size in points, the picture scales with the page.
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg[svg.index("<svg") :])
    )


def save_png(drawn: Figure, path: Path) -> None:
    """Write the figure as a PNG."""
    with mpl.rc_context(_STYLE):
        drawn.savefig(path, format="png", dpi=150)


def _figure(paint: Callable[[Axes], None]) -> Figure:
    with mpl.rc_context(_STYLE):
        drawn = Figure(figsize=(8, 3), layout="constrained")
        paint(drawn.subplots())
    return drawn


def _latency(axes: Axes, timeline: Sequence[Stretch]) -> None:
    measured = [moment for moment in timeline if moment.p50_ms is not None]
    at_s = [moment.at_s for moment in measured]
    axes.plot(at_s, [moment.p99_ms or 0 for moment in measured], color=_RED, label="p99", linewidth=1)
    axes.plot(at_s, [moment.p95_ms or 0 for moment in measured], color=_ORANGE, label="p95", linewidth=1)
    axes.plot(at_s, [moment.p50_ms or 0 for moment in measured], color=_BLUE, label="p50", linewidth=1.4)
    axes.set(xlabel="seconds", ylabel="answer after, ms", yscale="log")
    _plain_decades(axes.yaxis)
    _legend(axes, 3)


def _flow(axes: Axes, timeline: Sequence[Stretch]) -> None:
    at_s = [moment.at_s for moment in timeline]
    axes.plot(at_s, [moment.accepted_per_s for moment in timeline], color=_BLUE, label="accepted a second")
    axes.plot(at_s, [moment.stored_per_s for moment in timeline], color=_ORANGE, label="stored a second")
    axes.set(xlabel="seconds", ylabel="logs a second", ylim=(0, None))
    queue = axes.twinx()
    waiting = [(moment.at_s, moment.waiting) for moment in timeline if moment.waiting is not None]
    queue.fill_between([at for at, _ in waiting], [count for _, count in waiting], color=_GREY, alpha=0.18, linewidth=0)
    queue.set(ylabel="queued and in flight (grey)", ylim=(0, None))
    queue.grid(visible=False)
    _legend(axes, 2)


def _lag(axes: Axes, shares: Sequence[tuple[float, float]]) -> None:
    axes.plot([lag_ms / 1000 for lag_ms, _ in shares], [100 * share for _, share in shares], color=_BLUE)
    axes.set(xlabel="from sending to stored, seconds", ylabel="% of logs", xscale="log", ylim=(0, 101))
    _plain_decades(axes.xaxis)


def _knee(axes: Axes, steps: Sequence[Step]) -> None:
    offered = [step.requests_per_minute for step in steps]
    axes.plot(offered, [step.answer_p99_ms for step in steps], color=_RED, marker="o", markersize=3, label="p99")
    axes.plot(offered, [step.answer_p50_ms for step in steps], color=_BLUE, marker="o", markersize=3, label="p50")
    knee = find(steps)
    if knee is not None:
        axes.axvline(knee.requests_per_minute, color=_GREY, linestyle="--", label="knee")
    axes.set(xlabel="requests a minute", ylabel="answer after, ms", yscale="log")
    _plain_decades(axes.yaxis)
    _legend(axes, 3)


def _plain_decades(axis: Axis) -> None:
    """Label a logarithmic axis 1, 2, 5, 10, 20 and so on."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:g}")


def _legend(axes: Axes, columns: int) -> None:
    """Put the legend above the plot, where it covers nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns)
