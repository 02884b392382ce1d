"""An audit's verdict where logs may still be in flight."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.audit.run import run
from infra.stack import Stack
from ingest.contract.message import encode
from ingest.contract.packed import joined
from tests.faults.erase_world import EraseWorld
from tests.messages import message

_LOGS = [message(name) for name in ("one", "two", "three")]


class _Stream:
    """The model's stream, and what it says of itself."""

    def __init__(self, kinesis: Any) -> None:
        self._kinesis = kinesis

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": 168}}

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._kinesis, operation)


@pytest.mark.parametrize(("logs_per_message", "verdict"), [(1, "missing"), (2, "missing"), (3, "undecided")])
@pytest.mark.parametrize("place", ["queue", "dlq"])
def test_a_message_counts_for_as_many_logs_as_it_may_hold(
    tmp_path: Path, place: str, logs_per_message: int, verdict: str
) -> None:
    """Three logs are nowhere but on the stream, and one message, in the queue or hidden in the DLQ, may hold them."""
    world = EraseWorld(tmp_path)
    world.lake.put(_LOGS)
    queue = getattr(world.world, place)
    queue.send(joined([encode(log) for log in _LOGS]).decode())
    if place == "dlq":
        queue.receive(1, visibility_s=300)
    found = run(_stack(world, logs_per_message), now=datetime(2025, 11, 25, tzinfo=UTC), tenants=("acme",))
    assert found.unaccounted == 3
    assert found.verdict == verdict


def _stack(world: EraseWorld, logs_per_message: int) -> Stack:
    stack = world.stack()
    session = SimpleNamespace(client=lambda *_, **__: _Stream(world.lake.kinesis))
    place = SimpleNamespace(**{**vars(stack.place), "session": session})
    return Stack(cast("Any", place), "", {**stack.outputs, "LogsPerMessage": str(logs_per_message)})
