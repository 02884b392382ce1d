"""The ingest Lambda's entry: an API Gateway event in, a response out. Settings and clients are built once."""

import os
import random
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ingest.access import keys, quota
from ingest.api import dialects
from ingest.api.events import HttpEvent, Response
from ingest.api.routes import Routes
from ingest.aws.at_once import in_threads
from ingest.aws.retry import Each, Time, one_by_one
from ingest.contract.log_ids import RANDOM_BITS, generator
from ingest.invocation import Outside, respond
from ingest.settings import Settings, from_environ
from ingest.sinks import queue, stream

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_sqs import SQSClient

    from ingest.aws.clients import Kinesis, Sqs


class Clients(NamedTuple):
    """The clients of one request's AWS calls: `ingest.aws.clients` in the Lambda, boto3's or fakes in tests."""

    kinesis: "KinesisClient | Kinesis"
    sqs: "SQSClient | Sqs"
    dynamodb: "AccessTable"


class AccessTable(keys.GetsItems, quota.UpdatesItems, Protocol):
    """DynamoDB, as keys and quotas use it."""


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds the invocation has left."""


def outside(
    settings: Settings,
    clients: Clients,
    time: Time,
    *,
    now_ms: Callable[[], int],
    random_bits: Callable[[], int],
    write_lines: Callable[[list[str]], object],
    each: Each = one_by_one,
) -> Outside:
    """Return the outside of requests, built from these clients and clocks.

    `random_bits` draws the `RANDOM_BITS` bits for one request's log ids. `each` makes one request's calls to SQS.
    """
    return Outside(
        put_on_stream=partial(
            stream.put_user_records,
            clients.kinesis,
            settings.stream_name,
            time=time,
            sub_keys=settings.stream_sub_keys,
        ),
        enqueue=partial(
            queue.send,
            clients.sqs,
            settings.queue_url,
            time=time,
            logs_per_message=settings.logs_per_message,
            each=each,
        ),
        find_key=keys.Keys(clients.dynamodb, settings.access_table_name, monotonic=time.monotonic).find,
        take_quota=partial(
            quota.take,
            clients.dynamodb,
            settings.access_table_name,
            quota.Quota(settings.tenant_logs_per_minute, settings.tenant_bytes_per_minute),
        ),
        now_ms=now_ms,
        monotonic=time.monotonic,
        log_ids=lambda received_ms: generator(received_ms, random_bits(), buckets=settings.log_id_buckets),
        write_lines=write_lines,
    )


@cache
def parts() -> tuple[Settings, Routes, Outside]:
    """Return what all invocations of this process share, so that warm ones reuse the connections."""
    settings = from_environ(os.environ)
    clients = Clients(stream.client(os.environ), queue.client(os.environ), quota.client(os.environ))
    built = outside(
        settings,
        clients,
        Time(time.monotonic, time.sleep, random.SystemRandom().random),  # SnapStart clones all other generators' state.
        now_ms=lambda: time.time_ns() // 1_000_000,
        random_bits=lambda: int.from_bytes(os.urandom(8)) >> 64 - RANDOM_BITS,
        write_lines=_write,
        each=in_threads(queue.CALLS_AT_ONCE, few=queue.FEW_CALLS),
    )
    return settings, Routes(dialects.AT_ONCE, dialects.LATER, dialects.load), built


def handler(event: HttpEvent, context: Context) -> Response:
    """Return the API Gateway response (payload format 2.0) to one request."""
    settings, routes, built = parts()
    return respond(
        event,
        remaining_s=context.get_remaining_time_in_millis() / 1000,
        lambda_request_id=context.aws_request_id,
        settings=settings,
        routes=routes,
        outside=built,
    )


def _write(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


# Lambda gives a full CPU in this init phase. Tests import the module without AWS.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    parts()
