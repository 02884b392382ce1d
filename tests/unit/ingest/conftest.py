"""Production's wiring over fakes: what a request meets, without AWS."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from ingest.api import dialects
from ingest.api.dialect import Dialect
from ingest.api.routes import Routes
from ingest.aws.retry import Each, Time, one_by_one
from ingest.contract.message import InternalMessage, decode
from ingest.handler import Clients, outside
from ingest.invocation import respond
from ingest.settings import Settings
from tests.clock import Clock
from tests.unit.ingest.fakes import QUEUE_URL, FakeDynamoDb, FakeKinesis, FakeSqs

SETTINGS = Settings(queue_url=QUEUE_URL, stream_name="logs", stream_budget_ms=50)


@dataclass
class Ingest:
    """The ingest Lambda: call it with an event; see what reached the fakes, and its log in `written`."""

    dialects: Iterable[Dialect] = dialects.ALL
    settings: Settings = SETTINGS
    sqs: Any = field(default_factory=FakeSqs)
    kinesis: Any = field(default_factory=FakeKinesis)
    dynamodb: Any = field(default_factory=FakeDynamoDb)
    written: list[str] = field(default_factory=list)
    remaining_ms: int = 10_000
    timing: Time = field(default_factory=lambda: Clock().time())  # A busy machine must not use up a request's time.
    each: Each = one_by_one
    _ids: "count[int]" = field(default_factory=count)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response to the event."""
        response = respond(
            event,  # type: ignore[arg-type] # a test may send anything
            remaining_s=self.remaining_ms / 1000,
            lambda_request_id="lambda-1",
            settings=self.settings,
            routes=Routes(self.dialects),
            outside=outside(
                self.settings,
                Clients(self.kinesis, self.sqs, self.dynamodb),
                self.timing,
                now_ms=lambda: time.time_ns() // 1_000_000,
                random_bits=lambda: next(self._ids) << 48,
                write_lines=self.written.extend,
                each=self.each,
            ),
        )
        return dict(response)

    def with_settings(self, **changed: Any) -> "Ingest":
        """Return the same Lambda, set otherwise."""
        self.settings = replace(self.settings, **changed)
        return self

    @property
    def enqueued(self) -> list[InternalMessage]:
        """The messages of all entries that were sent to the queue, in order."""
        return [decode(body) for body in self.sqs.bodies]


@pytest.fixture
def ingest() -> Ingest:
    """Return the Lambda over fakes."""
    return Ingest()


@pytest.fixture
def lines(ingest: Ingest) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that gives the lines written since it was last called, as JSON."""

    def written() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in ingest.written]
        ingest.written.clear()
        return found

    return written
