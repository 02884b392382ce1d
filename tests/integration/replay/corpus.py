"""Logs of many tenants, written to a stream by ingest's own writer, and a stack around that stream."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consumer.erasures import NONE
from consumer.replay.job import Options, run
from consumer.replay.replay import Counters
from infra.cli.replay import outside, redactor_of
from infra.stack import Place, Stack
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog, InternalMessage, encode
from ingest.sinks.stream import put_user_records

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

STREAM = "logs"
START = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
REGION = "us-east-1"
KEYS = {"access_key_id": "testing", "secret_access_key": "testing"}


def log(number: int, *, tenants: int = 20, **members: Any) -> InternalMessage:
    """Return log `number`: tenants take turns, each log is 100 ms after the one before, and some texts have a phone."""
    received_at = (START + timedelta(milliseconds=100 * number)).isoformat(timespec="milliseconds")
    return InternalMessage(
        **{
            "tenant_id": f"tenant-{number % tenants:02}",
            "log_id": f"log-{number:06}",
            "source": "text_upload" if number % 3 else "json_upload",
            "text": f"request {number} took {number % 977} ms"
            + (" call 555-0199" if number % 10 == 0 else "")
            + " é\n",
            "received_at": received_at.replace("+00:00", "Z"),
            "schema_version": 1,
            "fields": {"n": number} if number % 3 == 0 else None,
            **members,
        }
    )


def put(
    client: "KinesisClient",
    logs: Sequence[InternalMessage],
    *,
    stream: str = STREAM,
    a_call: int = 100,
    sub_keys: int = 1,
) -> None:
    """Put the logs on the stream, so many in each call; fail if one is refused for long."""
    for call in _chunks(logs, a_call):
        records = [EncodedLog(message.tenant_id, encode(message)) for message in call]
        refused = put_user_records(
            client,
            stream,
            records,
            give_up_at_s=time.monotonic() + 300,
            time=Time(time.monotonic, time.sleep, random.random),
            sub_keys=sub_keys,
        )
        assert not refused


def stack_of(stream: str = STREAM, *, endpoint_url: str | None = None, **outputs: str) -> Stack:
    """Return a stack with that stream; it has other parts only if `outputs` names them."""
    place = Place(region=REGION, aws_endpoint_url=endpoint_url, **KEYS)
    return Stack(
        place=place, endpoint="http://127.0.0.1", outputs={"StreamName": stream, "QueueUrl": "none", **outputs}
    )


def replayed(stack: Stack, options: Options, stopped: Callable[[], bool] = lambda: False) -> Counters:
    """Replay the stack's stream as `rdp replay` does; return the counters."""
    redactor = redactor_of(stack) if options.redacts else None
    without_a_table = outside(stack)._replace(erasures=lambda: NONE)
    return run(options, without_a_table, redactor, stopped=stopped)


def table_made(client: "DynamoDBClient") -> str:
    """Make the table of logs; return its name."""
    client.create_table(
        TableName="logs",
        AttributeDefinitions=[
            {"AttributeName": "tenant_id", "AttributeType": "S"},
            {"AttributeName": "log_id", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "tenant_id", "KeyType": "HASH"},
            {"AttributeName": "log_id", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return "logs"


def _chunks(logs: Sequence[InternalMessage], size: int) -> Iterator[Sequence[InternalMessage]]:
    for start in range(0, len(logs), size):
        yield logs[start : start + size]
