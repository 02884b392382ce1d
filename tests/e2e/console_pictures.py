"""Makes README's pictures of the console, from a seeded stack: `python -m tests.e2e.console_pictures`."""

import io
import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from infra.local import lifecycle
from infra.local.state import State

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "infra" / "console" / "pictures"
_COLOURS = 64
_WAIT_MS = 120_000
_TEXTS = (
    "GET /api/v1/orders/8812 200 in 31 ms, user 4711",
    "payment 5512 declined, customer called from 555-0199",
    "cache miss for basket 77, read from the table",
    "timeout after 3000 ms, payment provider does not answer",
    "order 8813 shipped, label printed",
)
_LEVELS = ("info", "warn", "debug", "error", "info")


def _seed(stack: State) -> None:
    """Send some minutes' worth of logs of three tenants, and messages that are no logs."""
    chance = random.Random(19)
    for tenant in ("acme", "globex", "initech"):
        for size in (40, 25, 15):
            logs = [
                {"tenant_id": tenant, "text": _TEXTS[n], "level": _LEVELS[n], "request": {"path": "/orders", "n": n}}
                for n in itertools.islice(iter(lambda: chance.randrange(len(_TEXTS)), None), size)
            ]
            request = urllib.request.Request(  # noqa: S310 - our own engine
                f"{stack.endpoint}/ingest", json.dumps(logs).encode(), {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request).close()  # noqa: S310 - as above
            time.sleep(2)  # Spreads the logs over the histogram.
    sqs = stack.stack.place.sqs
    for body in ('{"text": "cut sho', "<not a log>"):
        sqs.send_message(QueueUrl=stack.stack.queue_url, MessageBody=body)


def _take(page: Page, name: str, path: str, *, scheme: str, wait_for: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"http://{urlsplit(page.url).netloc}{path}")
    expect(page.locator(wait_for).first).to_be_visible(timeout=_WAIT_MS)
    if page.locator("details summary").count():
        page.locator("details summary").nth(1 if page.locator("details").count() > 1 else 0).click()
        expect(page.locator(".htmx-request")).to_have_count(0)
        page.mouse.move(0, 0)
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    image.quantize(_COLOURS).save(_FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    """Write the pictures of each view."""
    _FOLDER.mkdir(exist_ok=True)
    data_dir = Path(tempfile.mkdtemp(prefix="rdp-pictures-"))
    stack = lifecycle.up(data_dir, port=0, parameters={"SecondsPerChar": "0", "CrashProbability": "0.05"}, reset=True)
    command = [sys.executable, "-c", "from infra.cli import main; main()", "console", "--data-dir", str(data_dir)]
    try:
        _seed(stack)
        with (
            subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--port", "0", "--no-browser", "--zone", "UTC", "--allow-changes"],
                stdout=subprocess.PIPE,
                text=True,
                cwd=_ROOT,
            ) as console,
            sync_playwright() as playwright,
        ):
            assert console.stdout is not None
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1100, "height": 720})
            page.goto(console.stdout.readline().split()[1])
            page.wait_for_url("**/flow")
            _take(page, "flow", "/flow", scheme="light", wait_for=".charts")
            _take(page, "logs", "/logs?tenant=acme&since=1m", scheme="dark", wait_for="svg[data-brush]")
            life = page.get_by_role("link", name="Its life").get_attribute("href") or ""
            _take(page, "life", life, scheme="light", wait_for="tbody tr")
            _take(page, "dead-letters", "/dead-letters", scheme="light", wait_for="tbody tr")
            _take(page, "bench", "/bench?run=soak&run=steady-1000", scheme="light", wait_for="iframe >> nth=1")
            chromium.close()
            console.terminate()
    finally:
        lifecycle.down(data_dir)
        shutil.rmtree(data_dir)


if __name__ == "__main__":
    main()
