"""The machine and the commit of a run."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def describe() -> dict[str, str]:
    """Return the machine's and the code's description, each value a short text."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "engine": f"MiniStack {version('ministack')}",
        "locust": version("locust"),
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "changed since": "yes" if _git("status", "--porcelain", "--untracked-files=no") else "no",
    }


def load_average() -> str:
    """Return the machine's load over one minute, which shows whether other programs ran."""
    return f"{os.getloadavg()[0]:.2f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    finished = subprocess.run(  # noqa: S603 - no shell, arguments of our own
        ["git", *arguments],  # noqa: S607 - the user's own git
        cwd=_ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return finished.stdout.strip() if finished.returncode == 0 else ""
