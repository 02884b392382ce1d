"""On a virtual clock, each limit of a request fits the time of a request, at the usual duration of AWS's calls."""

import json
from typing import Any

import pytest

from ingest.api.parse import MAX_RECORDS
from ingest.aws.retry import one_by_one
from ingest.contract.message import MAX_TEXT_BYTES
from ingest.invocation import RESERVED_S
from ingest.sinks import queue
from tests.clock import Clock
from tests.lanes import lanes
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

TIMEOUT_S = 10.0  # The function's, in the template.
CALL_S = 0.02
SLOW_CALL_S = 0.13
SICK_CALL_S = 0.5

SMALL = [{"text": "x"}] * MAX_RECORDS
OF_MANY_TENANTS = [{"text": "x", "tenant_id": f"t-{number}"} for number in range(MAX_RECORDS)]
SLOWLY = SMALL[:5_000]  # The largest request whose calls may take `SLOW_CALL_S`.
LARGE = [{"text": "x" * MAX_TEXT_BYTES}] * 61


class Sender:
    """A client that sends to a Lambda whose calls to SQS take `call_s`."""

    def __init__(self, call_s: float, *, jitter: float = 1.0, calls_at_once: int = queue.CALLS_AT_ONCE) -> None:
        self.clock = Clock()
        self.jitter = jitter
        self.ingest = Ingest(
            timing=self.clock.time(lambda: self.jitter),
            each=lanes(self.clock, calls_at_once) if calls_at_once > 1 else one_by_one,
        )
        self.ingest.sqs.on_call = lambda: self._pass(call_s)

    def _pass(self, seconds: float) -> None:
        self.clock.now_s += seconds

    def send(self, body: Any, **headers: str | None) -> int:
        """Return the answer's status."""
        named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
        return int(self.ingest(event(json.dumps(body), headers=named))["statusCode"])


@pytest.mark.parametrize(
    ("body", "call_s", "within_s"),
    [
        pytest.param(SMALL, CALL_S, 5.1, id="records"),
        pytest.param(SLOWLY, SLOW_CALL_S, TIMEOUT_S - RESERVED_S, id="records slowly"),
        pytest.param(LARGE, CALL_S, 0.3, id="bytes"),
        pytest.param(LARGE, SLOW_CALL_S, 1.5, id="bytes slowly"),
    ],
)
def test_the_largest_request_is_answered_in_time(body: Any, call_s: float, within_s: float) -> None:
    """The largest request gets its 202 in time at 20 ms a call, and a quarter of its records at 130 ms."""
    sender = Sender(call_s)
    assert sender.send(body) == 202
    assert sender.clock.elapsed_s <= within_s
    assert len(sender.ingest.enqueued) == len(body)


def test_a_request_of_many_tenants_takes_no_longer() -> None:
    """A request of many tenants takes no longer, because messages of several tenants share a call."""
    sender = Sender(CALL_S)
    assert sender.send(OF_MANY_TENANTS, x_tenant_id=None) == 202
    assert sender.clock.elapsed_s <= 5.1


def test_one_call_after_the_other_is_too_slow() -> None:
    """With one call at a time, the largest request ends in a 500 with only a part in the queue."""
    sender = Sender(CALL_S, calls_at_once=1)
    assert sender.send(SMALL) == 500
    assert 4_250 <= len(sender.ingest.enqueued) <= 4_260


def test_a_batch_sent_again_and_again_reaches_its_tail() -> None:
    """At 0.5 s a call no try is taken whole, but repeated tries enqueue every log of the batch."""
    sender = Sender(SICK_CALL_S)
    for attempt in range(12):
        sender.jitter = attempt / 12
        assert sender.send(SLOWLY, idempotency_key="k") == 500
    assert len({message.log_id for message in sender.ingest.enqueued}) == len(SLOWLY)


def test_a_client_that_sends_again_what_failed_ends() -> None:
    """A client that repeats only the logs that the 500 names gets each of them into the queue once."""
    sender = Sender(SICK_CALL_S)
    batch, status = SLOWLY, 500
    while status == 500:
        response = sender.ingest(event(json.dumps(batch)))
        status = response["statusCode"]
        failed = json.loads(response["body"]).get("failed", [])
        batch = [{"text": "x", "log_id": one["log_id"]} for one in failed]
    assert status == 202
    assert len(sender.ingest.enqueued) == len(SLOWLY)
    assert len({message.log_id for message in sender.ingest.enqueued}) == len(SLOWLY)
