"""Real clients' packages, installed once for each lock file into a cache. Without a registry a test is skipped."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

_CACHE = Path(__file__).parents[2] / ".rdp" / "clients"
_LIMIT_S = 6000


def unavailable(reason: str) -> NoReturn:
    """Skip, except where CI runs: there the clients must be there."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def python(lock: Path) -> Path:
    """Return the interpreter of an environment with a lock file's packages, and none beside them."""
    folder = _CACHE / _name(lock)
    if not folder.is_dir():
        half = _half(folder)
        _run([sys.executable, "-m", "venv", "--without-pip", str(half)], half)
        site = next(half.glob("lib/python*/site-packages"))
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        _run([*install, "--target", str(site), "-r", str(lock.resolve())], half)
        half.rename(folder)
    return folder / "bin" / "python"


def node(sources: Path) -> Path:
    """Return a folder with the programs of `sources` and the packages of its lock file."""
    npm = shutil.which("npm")
    if not (shutil.which("node") and npm):
        unavailable("node and npm are not installed")
    folder = _CACHE / _name(sources / "package-lock.json")
    if not (folder / "node_modules").is_dir():
        half = _half(folder)
        half.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(sources / name, half)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], half)
        half.rename(folder)
    for script in sources.glob("*.js"):
        shutil.copy(script, folder)
    return folder


def _name(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def _half(folder: Path) -> Path:
    """Return where to install: a folder that was cut short is none."""
    return folder.with_name(f"{folder.name}.{os.getpid()}")


def _run(command: Sequence[str], half: Path) -> None:
    ran = subprocess.run(  # noqa: S603 - our own lock files
        command, cwd=half if half.is_dir() else None, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    if ran.returncode:
        shutil.rmtree(half, ignore_errors=True)
        unavailable(f"{' '.join(command[1:4])} failed: {ran.stderr[-500:]}")
