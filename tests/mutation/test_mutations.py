"""The suites see the bugs they are for: each is planted in a copy of the tree, and the suite fails there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.faults.scratch import scratch
from tests.mutation import of_consumer, of_erasure, of_ingest, of_lake, of_reading
from tests.mutation.mutation import Mutation

MUTATIONS: Final = (
    *of_ingest.MUTATIONS,
    *of_consumer.MUTATIONS,
    *of_reading.MUTATIONS,
    *of_lake.MUTATIONS,
    *of_erasure.MUTATIONS,
)
_LEAST: Final = 20

_ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = (
    "ingest",
    "consumer",
    "infra",
    "bench",
    "tests/clock.py",
    "tests/lanes.py",
    "tests/messages.py",
    "tests/faults",
    "tests/infra/configuration.py",
    "tests/golden/redaction",
    "tests/interleavings",
    "tests/property/consumer",
    "tests/unit/consumer",
    "tests/unit/ingest",
    "pyproject.toml",
)
_FAILED: Final = 1
"""pytest's exit code for failed tests; a test that cannot be found or imported gives another one."""

_AT_ONCE: Final = 2
_LONGEST_S: Final = 300

Done = subprocess.CompletedProcess[str]


def copy_tree(target: Path) -> None:
    """Copy what the suites need."""
    for name in _COPIED:
        source = _ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("results"))
        else:
            shutil.copy(source, target / name)


def run_tests(root: Path, tests: Sequence[str]) -> Done:
    """Run the tests in the copy at `root`, with one seed and few states."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "RDP_"))}
    return subprocess.run(  # noqa: S603 - this interpreter on our own tests
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", *tests],
        check=False,
        cwd=root,
        env=environ | {"RDP_FAULT_SEEDS": "1", "RDP_STATES": "200", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
    )


def with_the_bug(mutation: Mutation) -> Done:
    """Plant the bug in a copy and run its test there."""
    with scratch() as folder:
        copy_tree(folder)
        changed = folder / mutation.path
        source = changed.read_text()
        for old, new in mutation.changes:
            source = source.replace(old, new, 1)
        changed.write_text(source)
        return run_tests(folder, [mutation.test])


@pytest.fixture(scope="module")
def done(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Done]]]:
    """Begin what this run's tests ask for, two at a time: each waits for its own."""
    asked = {item.name for item in request.session.items}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {
            mutation.name: pool.submit(with_the_bug, mutation)
            for mutation in MUTATIONS
            if f"{test_a_planted_bug_is_seen.__name__}[{mutation.name}]" in asked
        }


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_still_applies(mutation: Mutation) -> None:
    """The code that a mutation changes stands there exactly once: when it moved, the mutation has to move with it."""
    source = (_ROOT / mutation.path).read_text()
    for old, new in mutation.changes:
        assert source.count(old) == 1, f"{mutation.name}: {mutation.path} no longer holds once:\n{old}"
        assert old != new


def test_there_are_bugs_of_every_part() -> None:
    """Twenty at least, each with a name of its own."""
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= _LEAST


def test_the_tests_pass_on_an_unchanged_copy() -> None:
    """A test that says no more than its name passes without the bug: what it lacks in the copy is not what it saw.

    One that names a promise, or a log that is nowhere, could not say so for want of a file; it passes in the suite.
    """
    tests = {mutation.test for mutation in MUTATIONS if mutation.says.startswith("test_")}
    assert tests
    with scratch() as folder:
        copy_tree(folder)
        unchanged = run_tests(folder, sorted(tests))
    assert unchanged.returncode == 0, unchanged.stdout[-3000:] + unchanged.stderr[-1000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_seen(mutation: Mutation, done: dict[str, Future[Done]]) -> None:
    """With the bug planted, its test fails, and says which promise it breaks, or by its name what is wrong."""
    seen = done[mutation.name].result()
    assert seen.returncode == _FAILED, f"{mutation.name} was not seen:\n{seen.stdout[-3000:]}{seen.stderr[-1000:]}"
    assert re.search(mutation.says, seen.stdout), seen.stdout[-3000:]
