"""Applies to every test: the functions' log lines must hold no tenant's text and no key; hypothesis has no deadline."""

from collections.abc import Generator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.witness import Witness, install, watched_streams

_WITNESS: Final = Witness()
_PATCH: Final = pytest.MonkeyPatch()

# No deadline for a case: on a shared machine it would measure other programs. This file is loaded in every run.
settings.register_profile("rdp", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rdp")


def pytest_configure() -> None:
    """Install the witness before the test modules import the functions that it watches."""
    install(_WITNESS, _PATCH)


def pytest_unconfigure() -> None:
    """Remove the witness."""
    _PATCH.undo()


def pytest_runtest_setup() -> None:
    """Make the witness forget the test before; what a fixture does from here on belongs to the test."""
    _WITNESS.forget()


@pytest.hookimpl(wrapper=True, trylast=True)  # Inside pytest's capture, because its streams are watched.
def pytest_runtest_call() -> Generator[None, object, object]:
    """Fail the test when a log line of the functions holds a text that passed through their code.

    `tests.leaks.leaks` says which texts are looked for, and in which forms. This is not a fixture, because a fixture
    would run before `capsys` replaces standard output, and would add a third to the time of a simple test.
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
