"""Runs tests in a copy of the tree, in a process with their imports done: starting Python would double their cost.

Nothing of the project may be imported here: a copy's tests must import the copy's modules. What pytest imported in the
parent stays there, because a fork server's children inherit nothing from the parent but what it sends them.
"""

import multiprocessing
import os
import shutil
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from _pytest.config import default_plugins

_ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = (
    "ingest",
    "consumer",
    "infra",
    "bench",
    "tests/clock.py",
    "tests/lanes.py",
    "tests/linear.py",
    "tests/messages.py",
    "tests/faults",
    "tests/infra/configuration.py",
    "tests/golden/redaction",
    "tests/interleavings",
    "tests/property/consumer",
    "tests/unit/consumer",
    "tests/unit/infra",
    "tests/unit/ingest",
    "pyproject.toml",
)
_OUTSIDE: Final = (
    "pytest",
    *(f"_pytest.{name}" for name in default_plugins),
    "tomllib",
    "_hypothesis_pytestplugin",
    "hypothesis.stateful",
    "boto3",
    "botocore.client",
    "msgspec",
    "greenlet",
    "pyiceberg.catalog.sql",
    "duckdb",
    "orjson",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyiceberg.io.pyarrow",
    "pyiceberg.table",
    "requests",
    "sqlite3",
    "aws_kinesis_agg.deaggregator",
    "click.testing",
    "rich.console",
)
_FLAGS: Final = (
    *("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:anyio", "-p", "no:locust"),
    "-Wignore::pytest.PytestAssertRewriteWarning",  # About modules that were imported before; they have no asserts.
)
_AT_ONCE: Final = 2
_LONGEST_S: Final = 300
_PRINTED: Final = "printed.txt"


Done = tuple[int, str]
"""pytest's exit code and output. Not a class of the project: a process with a copy's modules could not send it."""


def copy_tree(target: Path) -> None:
    """Copy the files that the suites need."""
    for name in _COPIED:
        source = _ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("results"))
        else:
            shutil.copy(source, target / name)


def runners() -> ProcessPoolExecutor:
    """Return the pool that runs `run_tests`: each call has its own process, and two run at the same time."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(list(_OUTSIDE))
    return ProcessPoolExecutor(_AT_ONCE, mp_context=forks, max_tasks_per_child=1)


def run_tests(root: Path, tests: tuple[str, ...]) -> Done:
    """Run the tests in the copy at `root`, with one seed and few states. The process cannot be used afterwards.

    A run that hangs is killed after minutes, and the pool reports it.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_LONGEST_S)
    os.chdir(root)
    sys.path[:] = [str(root), *(path for path in sys.path if path and Path(path) != _ROOT)]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    for name in [name for name in os.environ if name.startswith(("PYTEST", "RDP_"))]:
        del os.environ[name]
    os.environ |= {"RDP_FAULT_SEEDS": "1", "RDP_STATES": "200", "PYTHONPATH": str(root)}
    sys.dont_write_bytecode = True
    with Path(_PRINTED).open("w", encoding="utf-8") as file:
        for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
            os.dup2(file.fileno(), descriptor)
    exit_code = pytest.main([*_FLAGS, *tests])
    sys.stdout.flush()
    return int(exit_code), Path(root, _PRINTED).read_text(encoding="utf-8")
