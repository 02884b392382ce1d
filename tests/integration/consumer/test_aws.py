"""The consumer's calls to AWS through botocore, against moto, where moto behaves as AWS does.

The Lambda has its own clients, which send what botocore sends (tests/unit/ingest/aws); botocore's validate their
parameters: so the requests are those of AWS's own model.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from consumer import clock
from consumer.delay import Deferral
from consumer.quarantine import Quarantine
from consumer.store import Table
from consumer.unpack import Delivery, Log
from consumer.verdict import DUPLICATE, conflict
from consumer.visibility import hide
from tests.messages import RECEIVED_MS, message
from tests.unit.consumer.fakes import item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def sqs() -> "SQSClient":
    """The queues' client."""
    return boto3.client("sqs", region_name=REGION)


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    """A client of an empty table."""
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
        TableName="logs",
        KeySchema=[
            {"AttributeName": "tenant_id", "KeyType": "HASH"},
            {"AttributeName": "log_id", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "tenant_id", "AttributeType": "S"},
            {"AttributeName": "log_id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def queue(sqs: "SQSClient") -> str:
    """Return the URL of a new queue whose messages stay hidden for a minute."""
    return sqs.create_queue(QueueName="logs", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]


def received(sqs: "SQSClient", queue_url: str) -> list[Any]:
    """Return the messages that the queue hands out now."""
    return list(
        sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages", [])
    )


def test_poison_arrives_as_it_was_with_its_attributes(sqs: "SQSClient") -> None:
    """A dead letter arrives with its body unchanged and with string attributes that any SQS client can read."""
    dlq_url = queue(sqs)
    dead = Quarantine(sqs, dlq_url, monotonic=time.monotonic)
    attributes = {"reason": "undecodable", "tenant_id": "a\x00b", "log_id": "", "original_message_id": "m-1"}
    assert dead.put('{"half\t', attributes, give_up_at_s=time.monotonic() + 60) == ""
    (got,) = received(sqs, dlq_url)
    assert got["Body"] == '{"half\t'
    assert {name: value["StringValue"] for name, value in got["MessageAttributes"].items()} == {
        "reason": "undecodable",
        "tenant_id": "a?b",
        "original_message_id": "m-1",
    }


def test_a_dead_letter_queue_that_is_gone_refuses(sqs: "SQSClient") -> None:
    """If the dead-letter queue is gone, botocore's error becomes a cause and not an exception."""
    dead = Quarantine(sqs, queue(sqs).replace("logs", "gone"), monotonic=time.monotonic)
    cause = dead.put("body", {"reason": "undecodable"}, give_up_at_s=time.monotonic() + 60)
    assert "NonExistentQueue" in cause


def delivered(got: dict[str, Any]) -> Log:
    """Return the log that a received message would be."""
    return Log(
        delivery=Delivery(
            message_id=got["MessageId"],
            receipt_handle=got["ReceiptHandle"],
            body=got["Body"],
            receive_count=int(got["Attributes"]["ApproximateReceiveCount"]),
            first_receive_ms=int(got["Attributes"]["ApproximateFirstReceiveTimestamp"]),
        ),
        message=message(),
        received_ms=RECEIVED_MS,
    )


def test_a_hidden_message_comes_back_when_its_time_is_over(sqs: "SQSClient") -> None:
    """A hidden message comes back after the deferral's time (short here), and not after the queue's."""
    queue_url = queue(sqs)
    for n in range(2):
        sqs.send_message(QueueUrl=queue_url, MessageBody=str(n))
    first, second = (delivered(got) for got in received(sqs, queue_url))
    hidden_at_s = time.monotonic()
    assert hide(sqs, queue_url, [Deferral(first, 1), Deferral(second, 42_000)]) == {}
    while not (back := received(sqs, queue_url)):
        assert time.monotonic() < hidden_at_s + 50  # The queue's own time-out is still to come.
        time.sleep(0.05)
    assert time.monotonic() > hidden_at_s + 0.9  # moto reads another clock.
    assert [got["MessageId"] for got in back] == [first.message_id]
    assert back[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_receipt_handle_that_sqs_does_not_know_is_named(sqs: "SQSClient") -> None:
    """An entry with an unknown receipt handle is reported, and the other messages of the call are hidden."""
    queue_url = queue(sqs)
    sqs.send_message(QueueUrl=queue_url, MessageBody="body")
    (got,) = received(sqs, queue_url)
    known = delivered(got)
    unknown = delivered(got | {"MessageId": "gone", "ReceiptHandle": "no-handle"})
    refused = hide(sqs, queue_url, [Deferral(unknown, 5), Deferral(known, 5)])
    assert list(refused) == ["gone"]


class Taken:
    """moto's table, except that an INSERT of a sent log id finds it taken as on AWS, which moto gets wrong."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.batch_get_item = client.batch_get_item

    def batch_execute_statement(self, *, Statements: list[Any]) -> dict[str, Any]:  # noqa: N803 - botocore's
        """Answer DuplicateItem for each statement, but take what goes beside."""
        taken = {"Error": {"Code": "DuplicateItem"}, "TableName": "logs"}
        return {"Responses": [{} if " " in entry["Parameters"][1]["S"] else taken for entry in Statements]}


def test_stored_texts_are_read_and_compared(dynamodb: "DynamoDBClient") -> None:
    """Stored texts of several tenants, some with characters to escape, are read by BatchGetItem and compared."""
    texts = {("acme", "a"): "\x00\u2028\U0001f600", ("globex", "a"): "x" * 100_000, ("acme", "b"): "first"}
    for (tenant_id, log_id), text in texts.items():
        dynamodb.put_item(
            TableName="logs",
            Item={"tenant_id": {"S": tenant_id}, "log_id": {"S": log_id}, "original_text": {"S": text}},
        )
    texts["acme", "b"] = "second"
    items = [item(i, text, tenant_id=t) for (t, i), text in texts.items()]
    table = Table(cast("Any", Taken(dynamodb)), "logs", time=clock.system().time, now_ms=lambda: RECEIVED_MS)
    answers = table.insert(items, give_up_at_s=time.monotonic() + 60)
    assert list(answers) == [(0, DUPLICATE), (1, DUPLICATE), (2, conflict("first"))]
