"""The handler with AWS replaced: its clients are fakes, its environment is the template's."""

import importlib
import json
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from ingest.contract.message import InternalMessage, decode
from ingest.sinks import queue, stream
from tests.unit.ingest.fakes import QUEUE_URL, FakeKinesis, FakeSqs


@dataclass
class Context:
    """Lambda's context, as far as the handler looks at it."""

    remaining_ms: int = 10_000
    aws_request_id: str = "lambda-1"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the invocation's time."""
        return self.remaining_ms


@dataclass
class Ingest:
    """The ingest Lambda: call it with an event; look at what reached the fakes."""

    module: Any
    sqs: FakeSqs
    kinesis: FakeKinesis
    context: Context = field(default_factory=Context)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response to the event."""
        response: dict[str, Any] = self.module.handler(event, self.context)
        return response

    @property
    def enqueued(self) -> list[InternalMessage]:
        """The messages of all entries that were sent to the queue, in order."""
        return [decode(body) for body in self.sqs.bodies]


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Return the handler, freshly loaded over fakes."""
    for name, value in {
        "QUEUE_URL": QUEUE_URL,
        "STREAM_NAME": "logs",
        "STREAM_BUDGET_MS": "50",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "fake",
        "AWS_SECRET_ACCESS_KEY": "fake",
    }.items():
        monkeypatch.setenv(name, value)
    sqs, kinesis = FakeSqs(), FakeKinesis()
    monkeypatch.setattr(queue, "client", lambda _environ: sqs)
    monkeypatch.setattr(stream, "client", lambda _environ: kinesis)
    monkeypatch.delitem(sys.modules, "ingest.handler", raising=False)
    return Ingest(importlib.import_module("ingest.handler"), sqs, kinesis)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that gives the lines written since it was last called, as JSON."""

    def written() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]

    return written
