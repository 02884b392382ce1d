"""Installs real clients' packages into a cache, once for each lock file. Without a registry a test is skipped."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

_CACHE = Path(__file__).parents[2] / ".rdp" / "clients"
_LIMIT_S = 6000


def unavailable(reason: str) -> NoReturn:
    """Skip the test, except in CI, where the clients must be available."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def python(lock: Path) -> Path:
    """Return the interpreter of an environment with exactly a lock file's packages."""
    folder = _CACHE / _name(lock)
    with _alone(folder):
        if not folder.is_dir():
            half = _half(folder)
            _run([sys.executable, "-m", "venv", "--without-pip", str(half)], half)
            site = next(half.glob("lib/python*/site-packages"))
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            _run([*install, "--target", str(site), "-r", str(lock.resolve())], half)
            half.rename(folder)
    return folder / "bin" / "python"


def debian(names: Path) -> Path:
    """Return a folder with the listed Debian packages, unpacked; this needs no root and installs nothing.

    The test is skipped, also in CI, on any system but Debian 12 on x86-64, and when apt has no packages.
    """
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    release = Path("/etc/os-release")
    if not (apt and dpkg and release.is_file() and "=bookworm" in release.read_text()):
        pytest.skip("The machine is no Debian 12, of whose packages this client is.")
    folder = _CACHE / _name(names)
    with _alone(folder):
        if not folder.is_dir():
            half = _half(folder)
            half.mkdir(parents=True)
            packages = [line for line in names.read_text().splitlines() if not line.startswith("#")]
            _run([apt, "download", "--quiet", *packages], half, give_up=pytest.skip)
            for package in half.glob("*.deb"):
                _run([dpkg, "--extract", str(package), str(half)], half, give_up=pytest.skip)
                package.unlink()
            half.rename(folder)
    return folder


def node(sources: Path) -> Path:
    """Return a folder with the programs of `sources` and the packages of its lock file."""
    npm = shutil.which("npm")
    if not (shutil.which("node") and npm):
        unavailable("node and npm are not installed")
    folder = _CACHE / _name(sources / "package-lock.json")
    with _alone(folder):
        if not (folder / "node_modules").is_dir():
            half = _half(folder)
            half.mkdir(parents=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(sources / name, half)
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], half)
            half.rename(folder)
        for script in sources.glob("*.js"):
            put(script, folder)
    return folder


def put(script: Path, folder: Path) -> None:
    """Put a program into a folder where it may be running: whoever reads it finds the old or the new one, whole."""
    if not (folder / script.name).is_file() or (folder / script.name).read_bytes() != script.read_bytes():
        shutil.copy(script, folder / f"{script.name}.half")
        (folder / f"{script.name}.half").replace(folder / script.name)


def _name(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: tests run in several processes, and only the first one must install."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _half(folder: Path) -> Path:
    """Return a temporary folder to install into: an installation that was interrupted must not look complete.

    One that an interrupted run left is removed: in containers its process id comes again.
    """
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    return half


def _run(command: Sequence[str], half: Path, *, give_up: Callable[[str], NoReturn] = unavailable) -> None:
    ran = subprocess.run(  # noqa: S603 - our own lock files
        command, cwd=half if half.is_dir() else None, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    if ran.returncode:
        shutil.rmtree(half, ignore_errors=True)
        give_up(f"{' '.join(command[1:4])} failed: {ran.stderr[-500:]}")
