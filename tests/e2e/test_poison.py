"""A queue message that no retry can store."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack


def _dead_letter(local_stack: "LocalStack", original_message_id: str) -> Any:
    """Return the DLQ message made of the given one, or None; what was received stays visible."""
    received = local_stack.place.sqs.receive_message(
        QueueUrl=local_stack.stack.dlq_url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        VisibilityTimeout=0,
    ).get("Messages", [])
    for message in received:
        attribute = message.get("MessageAttributes", {}).get("original_message_id")
        if attribute is not None and attribute["StringValue"] == original_message_id:
            return message
    return None


def test_an_undecodable_message_goes_to_the_dlq_with_its_reason(
    local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """It is dead-lettered unchanged at once, not after five receives, and its neighbour is stored."""
    queue_url = local_stack.stack.queue_url
    sent = local_stack.place.sqs.send_message(QueueUrl=queue_url, MessageBody="{not a message", MessageGroupId="x")
    assert local_stack.post_text("poison", "healthy", "neighbour").status == 202

    dead = eventually(lambda: _dead_letter(local_stack, sent["MessageId"]))
    assert dead["Body"] == "{not a message"
    assert dead["MessageAttributes"]["reason"]["StringValue"] == "undecodable"
    assert eventually(lambda: local_stack.row("poison", "neighbour"))


def _reason(message: Any) -> str | None:
    """Return the reason; what other tests left to be dead-lettered by SQS itself has none."""
    reason = message.get("MessageAttributes", {}).get("reason", {}).get("StringValue")
    return None if reason is None else str(reason)


def test_another_text_under_a_taken_log_id_goes_to_the_dlq(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """The first text keeps the row; the second is kept in the DLQ as log_id_conflict."""
    assert local_stack.post_text("conflict", "first", "taken").status == 202
    eventually(lambda: local_stack.row("conflict", "taken"))
    assert local_stack.post_text("conflict", "second", "taken").status == 202

    def conflict() -> Any:
        received = local_stack.place.sqs.receive_message(
            QueueUrl=local_stack.stack.dlq_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=0,
        ).get("Messages", [])
        return next((m for m in received if _reason(m) == "log_id_conflict"), None)

    dead = eventually(conflict)
    assert '"second"' in dead["Body"]
    assert local_stack.row("conflict", "taken") is not None
    assert local_stack.rows("conflict")[0]["original_text"] == {"S": "first"}
