"""A pool of connections for several threads."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ingest.aws.at_once import in_threads
from ingest.aws.connections import Connections
from ingest.aws.refusal import Refusal


class FakeConnection:
    """A connection that may be used by one thread at a time."""

    def __init__(self, together: threading.Barrier | None = None) -> None:
        self.busy = threading.Lock()
        self.together = together
        self.error: Exception | None = None

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer, or fail as told."""
        assert self.busy.acquire(blocking=False), "two threads on one connection"
        try:
            if self.error is not None:
                raise self.error
            if self.together is not None:
                self.together.wait()
            return {operation: dict(request)}
        finally:
            self.busy.release()


def pool(together: threading.Barrier | None = None) -> tuple[Connections, list[FakeConnection]]:
    """Return the pool, and the list of connections that it made."""
    made: list[FakeConnection] = []

    def new() -> FakeConnection:
        made.append(FakeConnection(together))
        return made[-1]

    return Connections(new), made  # type: ignore[arg-type] # fakes


def test_one_call_after_the_other_uses_one_connection() -> None:
    """Calls in turn share a connection, which is made at start so that a bad environment fails there."""
    connections, made = pool()
    assert len(made) == 1
    made[0].error = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        connections.call("Send", {})
    made[0].error = None
    assert [connections.call("Send", {"a": 1}) for _ in range(3)] == [{"Send": {"a": 1}}] * 3
    assert len(made) == 1


def test_calls_at_once_have_a_connection_each_and_keep_it() -> None:
    """Four calls at the same time, made twice, use four connections in all."""
    together = threading.Barrier(4, timeout=60)
    connections, made = pool(together)

    def attempt(positions: Sequence[int]) -> list[Refusal | None]:
        connections.call("Send", {})
        return [None] * len(positions)

    for _ in range(2):
        in_threads(4)(attempt, [[0], [1], [2], [3]])
    assert len(made) == 4
