"""The suites see the bugs they are for: each is planted in a copy of the tree, and the suite fails there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.faults.scratch import scratch
from tests.mutation.mutations import MUTATIONS, Mutation

_ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = (
    "ingest",
    "consumer",
    "infra",
    "bench",
    "tests/clock.py",
    "tests/messages.py",
    "tests/faults",
    "pyproject.toml",
)
_FAILED: Final = 1
"""pytest's exit code for failed tests; a test that cannot be found or imported gives another one."""


def copy_tree(target: Path) -> None:
    """Copy what the suites need."""
    for name in _COPIED:
        source = _ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
        else:
            shutil.copy(source, target / name)


def run_tests(root: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run the tests in the copy at `root`, with one seed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "RDP_"))}
    return subprocess.run(  # noqa: S603 - this interpreter on our own tests
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", *tests],
        check=False,
        cwd=root,
        env=environ | {"RDP_FAULT_SEEDS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_still_applies(mutation: Mutation) -> None:
    """The code that a mutation changes stands there exactly once: when it moved, the mutation has to move with it."""
    source = (_ROOT / mutation.path).read_text()
    for old, new in mutation.changes:
        assert source.count(old) == 1, f"{mutation.name}: {mutation.path} no longer holds once:\n{old}"
        assert new not in source


def test_the_tests_pass_on_an_unchanged_copy() -> None:
    """What must fail with a mutation passes without one: the copy is whole. The crashes pass in the suite itself."""
    with scratch() as folder:
        copy_tree(folder)
        done = run_tests(folder, sorted({mutation.test for mutation in MUTATIONS if "test_faults" in mutation.test}))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_seen(mutation: Mutation) -> None:
    """With the bug planted, its suite fails, and by the promise that the bug breaks."""
    with scratch() as folder:
        copy_tree(folder)
        changed = folder / mutation.path
        source = changed.read_text()
        for old, new in mutation.changes:
            source = source.replace(old, new, 1)
        changed.write_text(source)
        done = run_tests(folder, [mutation.test])
    assert done.returncode == _FAILED, f"{mutation.name} was not seen:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    assert re.search(rf"{mutation.promise}\d*: ", done.stdout), done.stdout[-3000:]
