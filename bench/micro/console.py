"""Measures how smoothly the console scrolls with 10,000 rows in Chromium: `python -m bench.micro.console [rows]`.

The real `rdp console` reads a table of `bench.micro.sorted_table`; the system's Chromium shows it without a window.
First the page is scrolled by the mouse wheel until all rows are loaded. Then Chromium scrolls by itself, a screen's
height in a quarter of a second, while the page notes when each frame begins (requestAnimationFrame). In turns with
this, two other pages are scrolled, which show what this machine can do: one with only the first 100 rows, and one with
as many rows as pass by, all of them in the page and without any script. Beside the frames stands the CPU time of the
page's main thread, which other programs change little.
"""

import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.micro import sorted_table
from bench.micro.query import RDP, environ, on, outputs
from bench.micro.sorted_table import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import CDPSession, Page

ROWS: Final = 10_000
ROUNDS: Final = 3
FIRST_ROWS: Final = 100
FRAME_MS: Final = 1000 / 60
MOST_TIMES: Final = 1.05
"""How many times as long the mean frame may take with all rows as with the first 100."""

_HEIGHT: Final = 800
_SPEED: Final = 4 * _HEIGHT
_DISTANCE: Final = 12 * _SPEED
"""Pixels: 12 seconds of scrolling. The short page is scrolled up and down."""

_STYLES: Final = Path(__file__).parents[2] / "infra" / "console" / "assets" / "console.css"

_RECORD: Final = """() => {
  window.frames_ms = [];
  let before = null;
  const step = (at) => {
    if (before !== null) window.frames_ms.push(at - before);
    before = at;
    window.recording = requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
_STOP: Final = "() => { cancelAnimationFrame(window.recording); return window.frames_ms; }"


@contextmanager
def _console(rows: int) -> "Iterator[str]":
    """Run the console over a table of so many rows; give its address."""
    with ExitStack() as stack:
        url = stack.enter_context(sorted_table.served(rows))
        file = outputs(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "outputs.json")
        command = [*RDP, "console", *on(file, url), "--port", "0", "--no-browser"]
        program = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - ours
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ()
            )
        )
        assert program.stdout is not None  # noqa: S101 - stdout=PIPE
        stack.callback(program.terminate)  # Before it is waited for, whatever happened.
        yield program.stdout.readline().split()[1]


_LOADED: Final = "Number(document.getElementById('rows').dataset.loaded)"  # Not all of them are in the page at once.


def _loaded(page: "Page") -> int:
    return int(page.evaluate(_LOADED))


def _load(page: "Page", rows: int) -> None:
    """Scroll down until so many rows are there."""
    while _loaded(page) < rows:
        page.mouse.wheel(0, 100_000)
        page.wait_for_function(f"n => {_LOADED} > n", arg=_loaded(page))


def _without_script(short: "Page") -> str:
    """Return a page of the short page's rows, repeated until they are higher than what is scrolled."""
    rows = short.evaluate("[...document.querySelectorAll('#rows > ol')].map((list) => list.outerHTML).join('')")
    height = short.evaluate("document.getElementById('rows').getBoundingClientRect().height")
    again = int(_DISTANCE // height) + 2
    return f"<!doctype html><style>{_STYLES.read_text()}</style><main><div id='rows'>{rows * again}</div></main>"


class Scrolled(NamedTuple):
    """How long each frame took, and the CPU time of the page's main thread in all of them."""

    frames_ms: list[float]
    main_ms: float


def _scrolled(page: "Page", *, is_long: bool) -> Scrolled:
    """Scroll the page from its top."""
    page.evaluate("scrollTo(0, 0)")
    room = page.evaluate("document.documentElement.scrollHeight") - _HEIGHT
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    before_ms = _main_ms(client)
    page.evaluate(_RECORD)
    distance = _DISTANCE if is_long else room
    gesture: dict[str, Any] = {
        "x": 400,
        "y": 400,
        "yDistance": -distance,
        "speed": _SPEED,
        "gestureSourceType": "mouse",
    }
    gesture |= {"repeatCount": 0 if is_long else max(_DISTANCE // (2 * room), 1), "repeatDelayMs": 0}
    client.send("Input.synthesizeScrollGesture", gesture)
    scrolled = Scrolled(page.evaluate(_STOP), _main_ms(client) - before_ms)
    client.detach()
    return scrolled


def _main_ms(client: "CDPSession") -> float:
    metrics = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000


def _told(name: str, scrolls: list[Scrolled]) -> str:
    frames = _frames(scrolls)
    main_ms = sum(scroll.main_ms for scroll in scrolls) / len(frames)
    late = sum(frame > 1.5 * FRAME_MS for frame in frames) / len(frames)
    cuts = statistics.quantiles(frames, n=100)
    return (
        f"{name:>13}: {1000 * len(frames) / sum(frames):.1f} frames a second ({len(frames):,} frames); "
        f"p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms; "
        f"{late:.1%} long (over {1.5 * FRAME_MS:.0f} ms); main thread {main_ms:.2f} ms a frame"
    )


def _frames(scrolls: list[Scrolled]) -> list[float]:
    return [frame for scroll in scrolls for frame in scroll.frames_ms]


def main() -> int:
    """Print the measurements; return 1 when the long page is slower than its bound."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        print("This needs Chromium and the extra dev (playwright).")
        return 1
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the extra dev alone

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with _console(rows + FIRST_ROWS) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": _HEIGHT})
        short, long = context.new_page(), context.new_page()
        short.goto(address)
        short.wait_for_url("**/flow")
        # No `more` on the short page: it would load the rest.
        short.route("**/logs/more*", lambda route: route.abort())
        for page in (short, long):
            page.goto(f"{address.partition('?')[0]}logs?tenant={TENANT}")
        _load(long, rows)
        plain = context.new_page()
        plain.set_content(_without_script(short))
        print(f"{_loaded(short):,} rows, {_loaded(long):,}, and as many as pass by without script, scrolled in turns:")
        pages = {"short": short, "long": long, "no script": plain}
        scrolls: dict[str, list[Scrolled]] = {name: [] for name in pages}
        for _ in range(ROUNDS):
            for name, page in pages.items():
                page.bring_to_front()
                scrolls[name].append(_scrolled(page, is_long=page is not short))
        browser.close()
    for name, taken in scrolls.items():
        print(_told(name, taken))
    one, many = (statistics.mean(_frames(scrolls[name])) for name in ("short", "long"))
    return int(many > MOST_TIMES * one)


if __name__ == "__main__":
    sys.exit(main())
