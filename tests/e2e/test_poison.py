"""A queue message that no retry can store."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.dead_letter import DeadLetter
    from tests.e2e.conftest import Eventually, LocalStack


def _dead_letters(local_stack: "LocalStack", **members: str) -> "list[DeadLetter]":
    """Return the dead letters that have all of these attributes."""
    return [letter for letter in local_stack.dead_letters if members.items() <= letter.attributes.items()]


def test_an_undecodable_message_goes_to_the_dlq_with_its_reason(
    local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """It is dead-lettered unchanged at once, not after five receives, and its neighbour is stored."""
    queue_url = local_stack.stack.queue_url
    sent = local_stack.place.sqs.send_message(QueueUrl=queue_url, MessageBody="{not a message", MessageGroupId="x")
    assert local_stack.post_text("poison", "healthy", "neighbour").status == 202

    (dead,) = eventually(lambda: _dead_letters(local_stack, original_message_id=sent["MessageId"]))
    assert (dead.body, dead.reason) == ("{not a message", "undecodable")
    assert eventually(lambda: local_stack.row("poison", "neighbour"))


def test_another_text_under_a_taken_log_id_stands_beside_it(
    local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """The first text keeps the log id; the second is an item of its own, and nothing is dead-lettered."""
    assert local_stack.post_text("conflict", "first", "taken").status == 202
    eventually(lambda: local_stack.row("conflict", "taken"))
    assert local_stack.post_text("conflict", "second", "taken").status == 202

    (second,) = eventually(lambda: [row for row in local_stack.rows("conflict") if "conflict_of" in row])
    assert (second["conflict_of"], second["original_text"]) == ({"S": "taken"}, {"S": "second"})
    first = local_stack.row("conflict", "taken")
    assert first is not None
    assert first["original_text"] == {"S": "first"}
    eventually(lambda: local_stack.is_drained)
    assert _dead_letters(local_stack, tenant_id="conflict") == []
