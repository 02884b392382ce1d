"""For every test: no line of the functions' logs holds a tenant's text or a key; no deadline measures the machine."""

from collections.abc import Generator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.witness import Witness, install, watched_streams

_WITNESS: Final = Witness()
_PATCH: Final = pytest.MonkeyPatch()

# No deadline a case: on a shared machine it measures the neighbours. Here, so that it holds wherever a run begins.
settings.register_profile("rdp", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rdp")


def pytest_configure() -> None:
    """Install the witness before the test modules import by name what it watches."""
    install(_WITNESS, _PATCH)


def pytest_unconfigure() -> None:
    """Take it out again."""
    _PATCH.undo()


def pytest_runtest_setup() -> None:
    """Begin anew: what a fixture does belongs to the test."""
    _WITNESS.forget()


@pytest.hookimpl(wrapper=True, trylast=True)  # Inside pytest's own capture, whose streams are to be watched.
def pytest_runtest_call() -> Generator[None, object, object]:
    """Fail the test when a text that passed through the functions' code stands in a line that they wrote.

    `tests.leaks.leaks` says which texts are looked for, and in which forms. Not a fixture: that would come before
    `capsys`, which puts a standard output of its own in place, and cost a simple test a third of its time.
    """
    with watched_streams(_WITNESS):
        result = yield
    if found := _WITNESS.leaks():
        pytest.fail("A log line holds a tenant's text:\n" + "\n".join(found))
    return result


@pytest.fixture
def witness() -> Witness:
    """Return the witness, for the tests of the witness."""
    return _WITNESS
