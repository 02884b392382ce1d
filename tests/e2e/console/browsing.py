"""What the console's tests do: run `rdp console`, come in by its token, and show a search. What they find there."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack

ROOT: Final = Path(__file__).parents[3]
RDP: Final = (sys.executable, "-c", "from infra.cli import main; main()")
WAIT_MS: Final = 60_000

ORDERS: Final = 130
"""Logs of the tenant acme, beside the one of a payment."""

HOSTILE: Final[Mapping[str, str]] = {
    "script": "hostile <script>document.title='owned'</script>",
    "markup": "hostile \"'><img src=x onerror=\"document.title='owned'\"><style>body{display:none}</style>",
    "codes": "hostile \x1b[2J\x1b]0;owned\x07",
    "bidi": "hostile \u202egnp.exe\u2066",
}
"""Texts of the tenant hostile."""


@contextmanager
def running(
    stack: "LocalStack", folder: Path, *more: str, browser: str | None = None, port: int = 0
) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Run a console, which may change things, started with `browser` or with none; give it and its address."""
    options = [*more, "--port", str(port), "--zone", "UTC", *([] if browser else ["--no-browser"])]
    options += ["--data-dir", str(stack.data_dir), "--reports", str(ROOT / "bench" / "results" / "kept")]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*RDP, "console", "--allow-changes", *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "BROWSER": browser or ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        yield process, process.stdout.readline().split()[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()


def enter(page: Page, address: str) -> None:
    """Come in by the printed address, whose token is then nowhere in the page's own."""
    page.goto(address)
    page.wait_for_url("**/flow")


def show_logs(page: Page, address: str, query: str) -> None:
    """Open a search by its address."""
    page.goto(f"http://{urlsplit(address).netloc}/logs?{query}")
