"""The console over a stack that is deployed anew while it runs."""

import dataclasses
from collections.abc import Callable
from typing import Final

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from infra.console.anew import Anew
from infra.stack import Place, Stack, StackError
from tests.unit.ingest.fakes import Clock

_OUTPUTS: Final = {"IngestFunctionName": "rdp-ingest", "ReaderFunctionName": "rdp-reader"}

Found = tuple[Stack, str | None]


def _stack(port: int = 4566, outputs: dict[str, str] = _OUTPUTS) -> Stack:
    return Stack(Place(region="us-east-1", aws_endpoint_url=f"http://127.0.0.1:{port}"), "http://api", outputs)


class _World:
    """What is deployed, or why it is not found; and a console over it, which answers with what it was made of."""

    def __init__(self, found: Found) -> None:
        self.found: Found | StackError = found
        self.looks = 0
        self.made: list[Found] = []
        self.clock = Clock()
        self.browser = TestClient(Anew(self._find, self._make, monotonic=self.clock.monotonic))

    def _find(self) -> Found:
        self.looks += 1
        if isinstance(self.found, StackError):
            raise self.found
        return self.found

    def _make(self, found: Found) -> ASGIApp:
        self.made.append(found)
        return PlainTextResponse(repr(found))


@pytest.mark.parametrize(
    "change",
    [
        lambda stack: (dataclasses.replace(stack, outputs={"IngestFunctionName": "rdp-ingest"}), None),
        lambda stack: (dataclasses.replace(stack, outputs=_OUTPUTS | {"AccessTableName": "access"}), None),
        lambda stack: (stack, "lake"),
        lambda _: (_stack(4567), None),
        lambda stack: (dataclasses.replace(stack, endpoint="http://other"), None),
    ],
    ids=["reader-removed", "output-added", "lake-added", "other-port", "other-endpoint"],
)
def test_it_is_of_the_stack_as_it_is_now(change: Callable[[Stack], Found]) -> None:
    """Whatever was deployed anew: the page is of it without a restart."""
    world = _World((_stack(), None))
    world.found = change(_stack())
    world.clock.sleep(6)
    assert world.browser.get("/flow/now").text == repr(world.found)


def test_the_same_stack_is_not_made_anew() -> None:
    """It has no other pages and followers; it is looked up every 5 s at most, and never for a sign of life."""
    world = _World((_stack(), None))
    world.clock.sleep(6)
    world.browser.get("/alive")
    assert world.looks == 1
    world.found = (_stack(), None)
    for _ in range(3):
        world.browser.get("/flow/now")
    assert (world.looks, len(world.made)) == (2, 1)


def test_a_stack_that_is_not_found_leaves_the_pages() -> None:
    """They say themselves what is wrong; once it is found, they are of it."""
    world = _World((_stack(), None))
    world.found = StackError("No engine runs.")
    world.clock.sleep(6)
    assert world.browser.get("/flow").text == repr(world.made[0])
    world.found = (_stack(4567), None)
    world.clock.sleep(6)
    assert world.browser.get("/flow").text == repr(world.found)
