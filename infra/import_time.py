"""Measures how long a package takes to import, if it can run on this machine."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from typing import Final

from infra.package import Architecture, Function
from infra.stack import StackError

_RUNS: Final = 5

# -S and -I: nothing of this project's environment is importable.
_PROGRAM: Final = """
import sys, time
sys.path[:0] = [sys.argv[1]]
started = time.perf_counter()
__import__(sys.argv[2] + ".handler")
print(1000 * (time.perf_counter() - started))
"""
_ENVIRONMENT: Final = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "QUEUE_URL": "http://127.0.0.1:9/000000000000/queue",
    "DLQ_URL": "http://127.0.0.1:9/000000000000/dlq",
    "TABLE_NAME": "table",
    "STREAM_NAME": "stream",
}


def runs_here(architecture: Architecture, python_version: str) -> bool:
    """Say whether a package for this architecture and version runs in this interpreter."""
    machine = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}.get(platform.machine())
    return machine == architecture and python_version == f"{sys.version_info.major}.{sys.version_info.minor}"


def measure_ms(function: Function, package: bytes) -> float:
    """Return the median time in ms to import the handler in a new interpreter, with the bytecode already written.

    Raises:
        StackError: the package can't be imported.
    """
    with tempfile.TemporaryDirectory(prefix="rdp-import-") as folder:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            archive.extractall(folder)
        times = []
        for _ in range(_RUNS + 1):
            finished = subprocess.run(  # noqa: S603 - no shell, our own program
                [sys.executable, "-I", "-S", "-c", _PROGRAM, folder, function],
                env=_ENVIRONMENT | {"PATH": os.environ.get("PATH", "")},
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode:
                raise StackError(f"The {function} package can't be imported:\n{finished.stderr.strip()}")
            times.append(float(finished.stdout))
    return statistics.median(times[1:])  # The first run wrote the bytecode.
