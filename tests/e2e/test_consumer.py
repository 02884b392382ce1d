"""The consumer on the engine, with its real queue: delays, crashes and poison, and no healthy log lost."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consumer.verdict import OUTCOMES
from ingest.contract.message import InternalMessage, encode

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

TENANT = "consumer"
_DEADLY = 100  # At 10 %, as many as make it sure that one dies (0.9 to the 100th: one run in 38,000).


def send(local_stack: "LocalStack", bodies: Sequence[str]) -> None:
    """Put bodies on the queue as ingest does, ten a call."""
    for start in range(0, len(bodies), 10):
        answer = local_stack.place.sqs.send_message_batch(
            QueueUrl=local_stack.stack.queue_url,
            Entries=[
                {"Id": str(number), "MessageBody": body, "MessageGroupId": TENANT}
                for number, body in enumerate(bodies[start : start + 10])
            ],
        )
        assert not answer.get("Failed")


def body(log_id: str, text: str) -> str:
    """Return a queue message's body."""
    message = InternalMessage(
        tenant_id=TENANT,
        log_id=log_id,
        source="text_upload",
        text=text,
        received_at="2025-11-24T16:00:00.000Z",
        schema_version=1,
    )
    return encode(message).decode()


def lines(local_stack: "LocalStack") -> list[dict[str, Any]]:
    """Return the JSON lines that the consumer function has printed."""
    pages = local_stack.place.logs.get_paginator("filter_log_events").paginate(
        logGroupName=local_stack.stack.outputs["ConsumerLogGroupName"]
    )
    printed = "\n".join(event["message"] for page in pages for event in page["events"])
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def outcomes(local_stack: "LocalStack") -> Counter[str]:
    """Return the sums of the outcome metrics that are not zero."""
    totals: Counter[str] = Counter()
    for line in lines(local_stack):
        if "_aws" in line:
            totals.update({name: line.get(name, 0) for name in OUTCOMES})
    return +totals


def test_poison_among_four_healthy_logs_costs_them_nothing(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """Four are stored, the poison is in the DLQ with its reason, and no healthy log was ever reported as failed."""
    send(local_stack, [body("a", "one"), body("b", "two"), "{poison", body("c", "three"), body("d", "four")])
    eventually(lambda: len(local_stack.rows(TENANT)) == 4)

    (found,) = eventually(lambda: [letter for letter in local_stack.dead_letters if letter.body == "{poison"])
    assert found.reason == "undecodable"
    poison_id = found.attributes["original_message_id"]

    def failures() -> list[Any]:
        told = [line for line in lines(local_stack) if line.get("event") == "log_not_stored"]
        return [line for line in told if line["message_id"] == poison_id or line.get("tenant_id") == TENANT]

    assert [line["outcome"] for line in eventually(failures)] == ["quarantined"]


def test_a_log_longer_than_the_function_may_run_is_deferred_and_then_stored(
    start_stack: "StartStack", eventually: "Eventually"
) -> None:
    """6,000 characters at 0.003 s in a function of 9 s; a short neighbour does not wait for it."""
    local_stack = start_stack({"SecondsPerChar": "0.003", "ConsumerTimeoutSeconds": "9"})
    assert local_stack.post_text(TENANT, "x" * 6_000, "long").status == 202
    assert local_stack.post_text(TENANT, "x" * 60, "short").status == 202
    eventually(lambda: local_stack.row(TENANT, "short"))
    item = eventually(lambda: local_stack.row(TENANT, "long"))
    took_s = datetime.fromisoformat(item["processed_at"]["S"]) - datetime.fromisoformat(item["received_at"]["S"])
    assert 18 <= took_s.total_seconds() < 300  # Earlier than the visibility timeout would have brought it back.
    eventually(lambda: outcomes(local_stack) == {"stored": 2, "deferred": 1})


def test_crashing_always_dead_letters_everything_after_five_receives(
    start_stack: "StartStack", eventually: "Eventually"
) -> None:
    """Exactly five: each message is reported as failed five times, and then never again."""
    local_stack = start_stack({"CrashProbability": "1", "VisibilityTimeoutSeconds": "2"})
    send(local_stack, [body(str(number), "x") for number in range(10)])
    eventually(lambda: local_stack.is_drained and local_stack.counts.dlq == 10)

    def failures() -> Counter[str]:
        return Counter(line["log_id"] for line in lines(local_stack) if line.get("event") == "log_not_stored")

    eventually(lambda: failures() == {str(number): 5 for number in range(10)})
    assert local_stack.counts.stored == 0


def test_logs_that_crash_at_random_are_all_stored_once(start_stack: "StartStack", eventually: "Eventually") -> None:
    """300 logs at 30 %; with receives enough that none runs out of luck, or of time on a busy machine."""
    local_stack = start_stack(
        {"CrashProbability": "0.3", "VisibilityTimeoutSeconds": "2", "MaxReceiveCount": "1000", "CrashSeed": "e2e"}
    )
    send(local_stack, [body(str(number), f"text {number}") for number in range(300)])
    eventually(lambda: local_stack.is_drained and local_stack.counts.stored == 300)
    assert {item["log_id"]["S"]: item["original_text"]["S"] for item in local_stack.rows(TENANT)} == {
        str(number): f"text {number}" for number in range(300)
    }
    assert local_stack.counts.dlq == 0
    eventually(lambda: outcomes(local_stack)["stored"] == 300)
    assert outcomes(local_stack)["retried"] > 0


def test_a_process_that_dies_in_mid_batch_loses_and_doubles_nothing(
    start_stack: "StartStack", eventually: "Eventually"
) -> None:
    """The process ends after the write, before the answer: the batch comes back and is found stored."""
    local_stack = start_stack(
        {
            "CrashProbability": "0.1",
            "CrashPoint": "after_write",
            "CrashMode": "exit",
            "VisibilityTimeoutSeconds": "2",
            "MaxReceiveCount": "1000",
        }
    )
    send(local_stack, [body(str(number), f"text {number}") for number in range(_DEADLY)])
    eventually(lambda: local_stack.is_drained and local_stack.counts.stored == _DEADLY)
    assert {item["original_text"]["S"] for item in local_stack.rows(TENANT)} == {f"text {n}" for n in range(_DEADLY)}
    assert local_stack.counts.dlq == 0
    eventually(lambda: outcomes(local_stack)["duplicate"] > 0)
