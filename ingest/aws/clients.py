"""A client for each service, with the calls that the Lambdas make: boto3's methods, answers and exceptions.

For these methods each can replace boto3's client of its service. It raises ClientError and BotoCoreError where boto3
raises them.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from ingest.aws.connection import CONNECT_TIMEOUT_S, Service, connection
from ingest.aws.connections import Connections

SQS: Final = Service("sqs", "AmazonSQS", "application/x-amz-json-1.0", query_names=True)
KINESIS: Final = Service("kinesis", "Kinesis_20131202", "application/x-amz-json-1.1")
DYNAMODB: Final = Service("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")


class Calls(Protocol):
    """What makes the calls: a `Connection`, `Connections`, or a `SecondTry`."""

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the service's answer. Raises: what `Connection.call` raises."""


class Sqs(NamedTuple):
    """The queues. With `Connections`, several threads may use it at once."""

    connection: Calls

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Return SQS's answer: `MessageId`."""
        return self.connection.call("SendMessage", request)

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Return SQS's answer: `Successful` and `Failed`."""
        return self.connection.call("ChangeMessageVisibilityBatch", request)

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Return SQS's answer: `Successful` and `Failed`."""
        return self.connection.call("SendMessageBatch", {"QueueUrl": QueueUrl, "Entries": Entries})


class Kinesis(NamedTuple):
    """The stream."""

    connection: Calls

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Return Kinesis' answer: `FailedRecordCount` and `Records`."""
        records = [{**record, "Data": base64.b64encode(record["Data"]).decode()} for record in Records]
        return self.connection.call("PutRecords", {"StreamName": StreamName, "Records": records})


class DynamoDb(NamedTuple):
    """The tables: of keys and quotas, and of logs."""

    connection: Calls

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer: `Item`, if there is one."""
        return self.connection.call("GetItem", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer."""
        return self.connection.call("UpdateItem", request)

    def query(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer: a page of `Items`, and `LastEvaluatedKey` if there may be more."""
        return self.connection.call("Query", request)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer: `Responses` and `UnprocessedKeys`."""
        return self.connection.call("BatchGetItem", request)

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        """Return DynamoDB's answer: `Responses`, one for each statement, with its `Error` if it failed."""
        return self.connection.call("BatchExecuteStatement", request)


def sqs(environ: Mapping[str, str], *, read_timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> Sqs:
    """Return SQS's client for the region, endpoint and credentials of the Lambda's environment. Raises: KeyError."""
    new = partial(connection, SQS, environ, read_timeout_s=read_timeout_s, connect_timeout_s=connect_timeout_s)
    return Sqs(Connections(new))


def kinesis(environ: Mapping[str, str], *, read_timeout_s: float) -> Kinesis:
    """Return Kinesis' client for the Lambda's environment, as `sqs` returns SQS's. Raises: KeyError."""
    return Kinesis(connection(KINESIS, environ, read_timeout_s=read_timeout_s))


def dynamodb(
    environ: Mapping[str, str], *, read_timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S
) -> DynamoDb:
    """Return DynamoDB's client for the Lambda's environment, as `sqs` returns SQS's. Raises: KeyError."""
    return DynamoDb(connection(DYNAMODB, environ, read_timeout_s=read_timeout_s, connect_timeout_s=connect_timeout_s))
