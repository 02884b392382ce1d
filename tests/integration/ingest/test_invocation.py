"""Production's wiring against moto's SQS and Kinesis."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from msgspec.structs import replace

from ingest.contract.message import InternalMessage, decode
from tests.reference_kpl import deaggregate_records
from tests.unit.ingest.conftest import SETTINGS, Ingest
from tests.unit.ingest.fakes import event

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-central-1"


@dataclass(frozen=True)
class Deployed:
    """Ingest with its queue and stream."""

    ingest: Ingest
    sqs: "SQSClient"
    kinesis: "KinesisClient"
    queue_url: str

    def __call__(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the response to the event."""
        return self.ingest(given)

    def queued(self) -> list[InternalMessage]:
        """Receive what stands in the queue."""
        found = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
        ).get("Messages", [])
        for received in found:
            assert received["Attributes"]["MessageGroupId"] == decode(received["Body"]).tenant_id
        return [decode(received["Body"]) for received in found]

    def records(self) -> list[dict[str, Any]]:
        """Return the Kinesis records on the stream."""
        (shard,) = self.kinesis.list_shards(StreamName="logs")["Shards"]
        iterator = self.kinesis.get_shard_iterator(
            StreamName="logs", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [dict(record) for record in self.kinesis.get_records(ShardIterator=iterator)["Records"]]

    def streamed(self) -> list[tuple[str, InternalMessage]]:
        """Return the partition key and the message of each user record, as read by the consumers' library."""
        as_lambda_gets_them = [
            {
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{record['SequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "eventSource": "aws:kinesis",
                "eventSourceARN": "arn:aws:kinesis:eu-central-1:000000000000:stream/logs",
                "awsRegion": REGION,
                "invokeIdentityArn": "arn:aws:iam::000000000000:role/reader",
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
                    "data": base64.b64encode(record["Data"]).decode(),
                    "partitionKey": record["PartitionKey"],
                    "sequenceNumber": record["SequenceNumber"],
                },
            }
            for record in self.records()
        ]
        return [
            (found["kinesis"]["partitionKey"], decode(base64.b64decode(found["kinesis"]["data"])))
            for found in deaggregate_records(as_lambda_gets_them)
        ]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Return ingest over moto."""
    for name, value in {"AWS_ACCESS_KEY_ID": "fake", "AWS_SECRET_ACCESS_KEY": "fake", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        sqs, kinesis = boto3.client("sqs", REGION), boto3.client("kinesis", REGION)
        queue_url = sqs.create_queue(QueueName="logs")["QueueUrl"]
        kinesis.create_stream(StreamName="logs", ShardCount=1)
        # Ingest's own client signs by itself (tests/unit/ingest/aws/test_connection.py); moto replaces botocore's HTTP.
        ingest = Ingest(settings=replace(SETTINGS, queue_url=queue_url), sqs=sqs, kinesis=kinesis)
        yield Deployed(ingest, sqs, kinesis, queue_url)


def test_one_log_stands_in_the_queue_and_on_the_stream(deployed: Deployed) -> None:
    """A POST gets a 202; the SQS message and the aggregated Kinesis record decode to the same message."""
    response = deployed(event('{"tenant_id":"acme","text":"caf\u00e9 \ufffe\\u0000","level":"info"}'))
    assert response["statusCode"] == 202
    (message,) = deployed.queued()
    answer = json.loads(response["body"])
    assert (message.tenant_id, message.log_id, message.text) == ("acme", answer["log_id"], "caf\u00e9 \ufffe\x00")
    assert message.fields == {"level": "info"}
    assert message.stream_pending is False
    assert len(deployed.records()) == 1
    assert deployed.streamed() == [("acme", message)]


def test_batch_of_two_tenants_is_one_kinesis_record_a_tenant(deployed: Deployed) -> None:
    """A batch of two tenants becomes one record each, so that each log has its own tenant's partition key (I4)."""
    body = "\n".join(json.dumps({"tenant_id": f"t{i % 2}", "text": f"log {i}"}) for i in range(6))
    response = deployed(event(body, "application/x-ndjson", headers={"x-tenant-id": ""}))
    assert response["statusCode"] == 202
    queued = sorted(deployed.queued(), key=lambda message: message.text)
    assert [message.text for message in queued] == [f"log {i}" for i in range(6)]
    assert sorted(record["PartitionKey"] for record in deployed.records()) == ["t0", "t1"]
    streamed = deployed.streamed()
    assert all(partition_key == message.tenant_id for partition_key, message in streamed)
    assert sorted((message for _, message in streamed), key=lambda message: message.text) == queued


def test_stream_that_is_not_there_costs_no_202(deployed: Deployed) -> None:
    """If the stream is missing, the answer is a 202 and the queue's message has the mark."""
    deployed.kinesis.delete_stream(StreamName="logs")
    assert deployed(event('"hello"'))["statusCode"] == 202
    (message,) = deployed.queued()
    assert message.stream_pending is True


def test_queue_that_is_not_there_is_a_500(deployed: Deployed) -> None:
    """If the queue is missing, the answer is a 500, so that the client keeps its log."""
    deployed.sqs.delete_queue(QueueUrl=deployed.queue_url)
    response = deployed(event('"hello"'))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (500, "5")


def test_refused_request_leaves_nothing(deployed: Deployed) -> None:
    """A refused request leaves no queue message and no stream record (I2)."""
    assert deployed(event('{"text":"hello","tenant_id":"other"}'))["statusCode"] == 400
    assert (deployed.queued(), deployed.records()) == ([], [])
