"""Logs that share messages, on the engine with its real queue and the template's own role: each has its own end."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest.contract.message import InternalMessage, encode
from ingest.contract.packed import joined
from tests.e2e.test_consumer import lines, outcomes

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_LOGS = 60
_SHARING = 20


@pytest.fixture(scope="module")
def packing(start_stack: "StartStack") -> "LocalStack":
    """A stack whose messages hold twenty logs, of which one in five crashes.

    A delivery must end within the visibility timeout on a busy machine, and each crash costs one more.
    """
    return start_stack(
        {
            "LogsPerMessage": str(_SHARING),
            "CrashProbability": "0.2",
            "VisibilityTimeoutSeconds": "15",
            "MaxReceiveCount": "1000",
            "CrashSeed": "e2e",
        }
    )


def test_logs_that_crash_leave_their_message_and_are_all_stored_once(
    packing: "LocalStack", eventually: "Eventually"
) -> None:
    """Three requests, a message each: what crashes comes back alone, and nothing is dead-lettered."""
    for first in range(0, _LOGS, _SHARING):
        logs = [{"tenant_id": "packed", "log_id": f"{n}", "text": f"text {n}"} for n in range(first, first + _SHARING)]
        body = "\n".join(map(json.dumps, logs)).encode()
        assert packing.request("POST", "/ingest", body, {"Content-Type": "application/x-ndjson"}).status == 202
    eventually(lambda: packing.is_drained and len(packing.rows("packed")) == _LOGS)
    assert {row["log_id"]["S"]: row["original_text"]["S"] for row in packing.rows("packed")} == {
        f"{n}": f"text {n}" for n in range(_LOGS)
    }
    assert [letter for letter in packing.dead_letters if letter.tenant_id == "packed"] == []
    eventually(lambda: outcomes(packing)["stored"] == packing.counts.stored)  # The other test's logs are there, too.
    assert outcomes(packing)["retried"] > 0
    assert max(line.get("batch_size", 0) for line in lines(packing)) >= _SHARING


def test_poison_in_a_message_is_a_dead_letter_of_its_own(packing: "LocalStack", eventually: "Eventually") -> None:
    """With its reason and its own body; its neighbours are rows, and a redrive of it changes nothing."""
    healthy: list[bytes] = [
        encode(
            InternalMessage(
                tenant_id="neighbours",
                log_id=f"{n}",
                source="text_upload",
                text=f"healthy {n}",
                received_at="2025-11-24T16:00:00.000Z",
                schema_version=2,
            )
        )
        for n in range(3)
    ]
    poison = b'{"tenant_id":"neighbours","log_id":"p","schema_version":9}'
    body = joined([healthy[0], poison, *healthy[1:]]).decode()
    packing.place.sqs.send_message(QueueUrl=packing.stack.queue_url, MessageBody=body)

    def told() -> list[Any]:
        return [(one.reason, one.body.encode(), one.log_id) for one in packing.dead_letters]

    assert eventually(told) == [("unknown_schema_version", poison, "p")]
    eventually(lambda: packing.is_drained and len(packing.rows("neighbours")) == 3)
