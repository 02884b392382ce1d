"""The DLQ looked at: everything once, and everything given back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from consumer.replay.dead_letters import UNMARKED_REASON, DeadLetter, depth, peek
from ingest.contract.message import encode
from tests.unit.consumer.replay.fakes import message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class FakeDlq:
    """Messages that are hidden when received, and visible again when given back or shown twice on purpose."""

    def __init__(self, bodies: Sequence[str], attributes: dict[str, str] | None = None) -> None:
        self.visible: list[dict[str, Any]] = [
            {
                "MessageId": f"m{number}",
                "ReceiptHandle": f"h{number}",
                "Body": body,
                "MessageAttributes": {
                    name: {"StringValue": value, "DataType": "String"} for name, value in (attributes or {}).items()
                },
            }
            for number, body in enumerate(bodies)
        ]
        self.hidden: dict[str, dict[str, Any]] = {}
        self.again: list[dict[str, Any]] = []

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Hide and return the next messages."""
        count = request["MaxNumberOfMessages"]
        batch, self.visible = self.visible[:count], self.visible[count:]
        self.hidden.update({one["ReceiptHandle"]: one for one in batch})
        repeated, self.again = self.again, []
        return {"Messages": batch + repeated} if batch or repeated else {}

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Show the messages again."""
        for entry in request["Entries"]:
            assert entry["VisibilityTimeout"] == 0
            if entry["ReceiptHandle"] in self.hidden:
                self.visible.append(self.hidden.pop(entry["ReceiptHandle"]))
        return {"Successful": [], "Failed": []}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        """Return the counts."""
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(len(self.visible)),
                "ApproximateNumberOfMessagesDelayed": "0",
                "ApproximateNumberOfMessagesNotVisible": str(len(self.hidden)),
            }
        }


def client(fake: FakeDlq) -> "SQSClient":
    """Return the fake as the type that the code names."""
    return cast("SQSClient", fake)


def test_every_message_is_seen_once_and_given_back() -> None:
    """More than one receive's worth; afterwards all are as visible as before."""
    fake = FakeDlq([encode(message(f"{n}")).decode() for n in range(25)])
    assert [letter.log_id for letter in peek(client(fake), "dlq", expected=25)] == [f"{n}" for n in range(25)]
    assert len(fake.visible) == 25
    assert fake.hidden == {}


def test_a_message_that_is_shown_again_is_not_seen_twice() -> None:
    """Standard queues deliver at least once."""
    fake = FakeDlq([encode(message("1")).decode()])
    fake.again = fake.visible[:]
    assert len(list(peek(client(fake), "dlq", expected=1))) == 1


def test_a_look_that_is_broken_off_gives_back_what_it_had() -> None:
    """Nothing stays hidden."""
    fake = FakeDlq([encode(message(f"{n}")).decode() for n in range(25)])
    letters = peek(client(fake), "dlq", expected=25)
    next(letters)
    assert len(fake.hidden) == 10
    letters.close()
    assert fake.hidden == {}


def test_the_reason_is_the_attributes_or_sqss_own() -> None:
    """The log's own ids count more than the attributes; a body that is no log has only these."""
    attributes = {"reason": "log_id_conflict", "tenant_id": "acme", "log_id": "1"}
    log = message("1", text="x")
    (marked,) = peek(client(FakeDlq([encode(log).decode()], attributes)), "dlq", expected=1)
    assert marked == DeadLetter("acme", "1", "log_id_conflict", log.received_at, "x")
    (unmarked,) = peek(client(FakeDlq([encode(log).decode()])), "dlq", expected=1)
    assert unmarked.reason == UNMARKED_REASON == "max_receives_exceeded"
    (junk,) = peek(client(FakeDlq(["junk"], {"reason": "undecodable", "tenant_id": "acme"})), "dlq", expected=1)
    assert junk == DeadLetter("acme", "", "undecodable", "", None)


def test_depth_counts_waiting_delayed_and_in_flight() -> None:
    """All that SQS admits to."""
    fake = FakeDlq(["x"] * 12)
    next(peek(client(fake), "dlq", expected=12))
    assert depth(client(fake), "dlq") == 12


def test_a_queue_that_claims_more_is_asked_again() -> None:
    """Two messages of which a receive shows only one at a time, with nothing between them."""
    fake = FakeDlq([encode(message("1")).decode()])
    late = FakeDlq([encode(message("2")).decode()]).visible
    receives = []

    def receive(**request: Any) -> dict[str, Any]:
        receives.append(request)
        if len(receives) == 3:
            fake.visible += [{**late[0], "MessageId": "late", "ReceiptHandle": "late"}]
        return FakeDlq.receive_message(fake, **request)

    fake.receive_message = receive  # type: ignore[method-assign]
    assert [letter.log_id for letter in peek(client(fake), "dlq", expected=2)] == ["1", "2"]
    assert [request["WaitTimeSeconds"] for request in receives] == [1] * 4
