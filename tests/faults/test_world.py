"""The model of AWS, on which all other suites rely, behaves as the project's facts describe AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clock import Clock
from tests.faults.model_sqs import arn_of
from tests.faults.world import DLQ_URL, QUEUE_URL, STREAM_NAME, TABLE_NAME, World, failed_identifiers


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World(Clock())


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ("done", set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batch_item_failures": [{"itemIdentifier": "a"}]}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifer": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "unknown"}]}, {"a", "b"}),
    ],
)
def test_an_answer_keeps_what_lambda_would_keep(answer: object, failed: set[str]) -> None:
    """Without an answer, or with an empty one, all messages are deleted; an unknown identifier keeps them all."""
    assert failed_identifiers(answer, {"a", "b"}) == failed


def test_a_function_that_raises_keeps_the_batch_until_its_fifth_receive(world: World) -> None:
    """If the function raises, messages come back, and after five receives they are in the DLQ unchanged."""
    message_id = world.queue.send("body", {}, "acme")
    receives = []

    def failing(event: dict[str, Any]) -> object:
        receives.append(int(event["Records"][0]["attributes"]["ApproximateReceiveCount"]))
        raise RuntimeError

    for _ in range(6):
        world.deliver(failing)
        assert not world.queue.visible
        world.clock.sleep(300)
    assert receives == [1, 2, 3, 4, 5]
    assert not world.queue.messages
    assert [(m.message_id, m.body, m.receive_count) for m in world.dlq.messages.values()] == [(message_id, "body", 0)]


def test_only_the_last_receipt_counts(world: World) -> None:
    """An old receipt deletes nothing, and a message can be hidden until twelve hours after its receipt."""
    world.queue.send("body")
    (first,) = world.queue.receive(1)
    world.clock.sleep(300)
    (second,) = world.queue.receive(1)
    world.queue.delete(first.receipt)
    assert world.queue.messages
    assert world.queue.hide(second.receipt, 43_201) == "InvalidParameterValue"
    assert world.queue.hide(second.receipt, 43_200) == ""
    world.queue.delete(second.receipt)
    assert not world.queue.messages


def test_sqs_refuses_what_is_no_xml_character(world: World) -> None:
    """An entry with U+FFFF is refused, and a batch above 1 MiB is refused whole."""
    entries = [{"Id": "0", "MessageBody": "\uffff"}, {"Id": "1", "MessageBody": "fine"}]
    answer = world.sqs.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    assert [entry["Code"] for entry in answer["Failed"]] == ["InvalidMessageContents"]
    half = "x" * 600_000
    with pytest.raises(ClientError, match="BatchRequestTooLong"):
        world.sqs.send_message_batch(
            QueueUrl=DLQ_URL, Entries=[{"Id": "0", "MessageBody": half}, {"Id": "1", "MessageBody": half}]
        )


def test_a_move_task_goes_on_by_itself_and_alone(world: World) -> None:
    """A move task moves visible messages over time as new ones, and a second task meanwhile is refused."""
    arns = {"SourceArn": arn_of(DLQ_URL), "DestinationArn": arn_of(QUEUE_URL)}
    old_id = world.dlq.send("one", {"reason": {"DataType": "String", "StringValue": "x"}}, "acme")
    world.dlq.send("two")
    world.dlq.send("hidden")
    hidden = world.dlq.receive(3)[2]
    for message in world.dlq.messages.values():
        message.visible_at_s = 0 if message.body != "hidden" else message.visible_at_s
    world.sqs.start_message_move_task(**arns)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        world.sqs.start_message_move_task(**arns)

    def task() -> tuple[str, int]:
        (newest,) = world.sqs.list_message_move_tasks(SourceArn=arns["SourceArn"])["Results"]
        return newest["Status"], newest["ApproximateNumberOfMessagesMoved"]

    assert task() == ("RUNNING", 0)
    world.clock.sleep(0.5)
    assert task() == ("RUNNING", 1)
    world.clock.sleep(5)
    assert task() == ("COMPLETED", 2)
    assert [message.message_id for message in world.dlq.messages.values()] == [hidden.message_id]
    moved = list(world.queue.messages.values())
    assert [(message.body, message.group_id, set(message.attributes)) for message in moved] == [
        ("one", "acme", {"reason"}),
        ("two", "", set()),
    ]
    assert old_id not in world.queue.messages
    world.sqs.start_message_move_task(**arns)


def insert(log_id: str, text: str) -> dict[str, Any]:
    """Return an INSERT."""
    return {
        "Statement": f"INSERT INTO \"{TABLE_NAME}\" VALUE {{'tenant_id':?,'log_id':?,'original_text':?}}",
        "Parameters": [{"S": "acme"}, {"S": log_id}, {"S": text}],
    }


def test_an_insert_never_overwrites(world: World) -> None:
    """An existing key gives DuplicateItem while its neighbours are stored, and a call with a key twice is refused."""
    world.dynamodb.batch_execute_statement(Statements=[insert("a", "first")])
    answer = world.dynamodb.batch_execute_statement(Statements=[insert("a", "second"), insert("b", "other")])
    assert [response.get("Error", {}).get("Code") for response in answer["Responses"]] == ["DuplicateItem", None]
    assert world.dynamodb.items["acme", "a"]["original_text"] == {"S": "first"}
    with pytest.raises(ClientError, match="ValidationException"):
        world.dynamodb.batch_execute_statement(Statements=[insert("c", "x"), insert("c", "x")])
    assert ("acme", "c") not in world.dynamodb.items


def test_a_split_shard_ends_and_its_children_take_over(world: World) -> None:
    """A split shard returns its records and then no iterator, and its children get the new records."""
    kinesis = world.kinesis
    record = {"PartitionKey": "acme", "Data": b"one"}
    parent = kinesis.put_records(StreamName=STREAM_NAME, Records=[record])["Records"][0]["ShardId"]
    kinesis.split(parent)
    child = kinesis.put_records(StreamName=STREAM_NAME, Records=[record])["Records"][0]["ShardId"]
    assert kinesis.shards[child].parents == (parent,)
    iterator = kinesis.get_shard_iterator(StreamName=STREAM_NAME, ShardId=parent, ShardIteratorType="TRIM_HORIZON")
    empty = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    assert not empty["Records"]
    page = kinesis.get_records(ShardIterator=empty["NextShardIterator"])
    assert [r["Data"] for r in page["Records"]] == [b"one"]
    assert "NextShardIterator" not in page
    world.clock.sleep(301)
    with pytest.raises(ClientError, match="ExpiredIteratorException"):
        kinesis.get_records(ShardIterator=empty["NextShardIterator"])
