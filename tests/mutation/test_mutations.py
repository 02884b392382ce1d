"""The suites see the bugs they are for: each is planted in a copy of the tree, and the suite fails there."""

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
    """Begin what this run's tests ask for, two at a time: each waits for its own."""
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
    """The code that a mutation changes stands there exactly once: when it moved, the mutation has to move with it."""
    source = (_ROOT / mutation.path).read_text()
    for old, new in mutation.changes:
        assert source.count(old) == 1, f"{mutation.name}: {mutation.path} no longer holds once:\n{old}"
        assert old != new


def test_there_are_bugs_of_every_part() -> None:
    """Twenty at least, each with a name of its own."""
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= _LEAST


def test_the_tests_pass_on_an_unchanged_copy(done: dict[str, Future[Done]]) -> None:
    """A test that says no more than its name passes without the bug: what it lacks in the copy is not what it saw.

    One that names a promise, or a log that is nowhere, could not say so for want of a file; it passes in the suite.
    """
    exit_code, printed = done[_UNCHANGED].result()
    assert exit_code == 0, printed[-4000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_seen(mutation: Mutation, done: dict[str, Future[Done]]) -> None:
    """With the bug planted, its test fails, and says which promise it breaks, or by its name what is wrong."""
    exit_code, printed = done[mutation.name].result()
    assert exit_code == _FAILED, f"{mutation.name} was not seen:\n{printed[-4000:]}"
    assert re.search(mutation.says, printed), printed[-3000:]
