"""The suites find the bugs that they are for: each bug is planted in a copy of the tree, and its test fails there."""

import re
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.faults.scratch import scratch
from tests.mutation import of_consumer, of_erasure, of_ingest, of_lake, of_reading
from tests.mutation.copies import Done, copy_tree, run_tests, runners
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
_FAILED: Final = 1
"""pytest's exit code for failed tests; a test that cannot be found or imported gives another one."""

_UNCHANGED: Final = "unchanged"


def plant(mutation: Mutation, folder: Path) -> None:
    """Put the bug into the copy in the folder."""
    changed = folder / mutation.path
    source = changed.read_text()
    for old, new in mutation.changes:
        source = source.replace(old, new, 1)
    changed.write_text(source)


@pytest.fixture(scope="module")
def done(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Done]]]:
    """Start the tests of this run, two at a time; each test waits for its own result."""
    asked = {item.name for item in request.session.items}
    with ExitStack() as folders, runners() as pool:
        begun: dict[str, Future[Done]] = {}
        for mutation in MUTATIONS:
            if f"{test_a_planted_bug_is_seen.__name__}[{mutation.name}]" in asked:
                folder = folders.enter_context(scratch())
                copy_tree(folder)
                plant(mutation, folder)
                begun[mutation.name] = pool.submit(run_tests, folder, (mutation.test,))
        if test_the_tests_pass_on_an_unchanged_copy.__name__ in asked:
            folder = folders.enter_context(scratch())
            copy_tree(folder)
            tests = {mutation.test for mutation in MUTATIONS if mutation.says.startswith("test_")}
            assert tests
            begun[_UNCHANGED] = pool.submit(run_tests, folder, tuple(sorted(tests)))
        yield begun


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_still_applies(mutation: Mutation) -> None:
    """The code that a mutation changes occurs exactly once; if it was moved, the mutation must follow."""
    source = (_ROOT / mutation.path).read_text()
    for old, new in mutation.changes:
        assert source.count(old) == 1, f"{mutation.name}: {mutation.path} no longer holds once:\n{old}"
        assert old != new


def test_there_are_bugs_of_every_part() -> None:
    """There are at least twenty planted bugs, each with its own name."""
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= _LEAST


def test_the_tests_pass_on_an_unchanged_copy(done: dict[str, Future[Done]]) -> None:
    """A test that is expected to fail only by its name passes in a copy without the bug.

    Other tests print a promise or a lost log, which a file missing in the copy cannot cause; they pass in the suite.
    """
    exit_code, printed = done[_UNCHANGED].result()
    assert exit_code == 0, printed[-4000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_seen(mutation: Mutation, done: dict[str, Future[Done]]) -> None:
    """With the bug planted, its test fails and names the broken promise or, by its own name, the fault."""
    exit_code, printed = done[mutation.name].result()
    assert exit_code == _FAILED, f"{mutation.name} was not seen:\n{printed[-4000:]}"
    assert re.search(mutation.says, printed), printed[-3000:]
