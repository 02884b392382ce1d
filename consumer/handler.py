"""The consumer Lambda's entry: an SQS event in, a partial batch response out. Clients are built once."""

import gc
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from consumer import clock, health, pending, quarantine, redact, settings, store
from consumer.apart import apart
from consumer.in_time import in_time
from consumer.invocation import consume
from consumer.outside import FindsErased, Outside, WorksOnEach
from consumer.report import PartialBatchResponse
from consumer.send_back import send_back
from consumer.tombstones import TenantTombstones
from consumer.visibility import hide
from ingest.aws.retry import Time
from ingest.sinks import stream

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_sqs import SQSClient

    from ingest.aws.clients import DynamoDb, Kinesis, Sqs


class Context(Protocol):
    """The part of Lambda's context object that the consumer uses."""

    @property
    def aws_request_id(self) -> str:
        """The invocation's id."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left of the function's time."""


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - Lambda's log


class Clients(NamedTuple):
    """The clients of the AWS services: ours in the Lambda, boto3's or a fake's in a test."""

    sqs: "SQSClient | Sqs"
    dynamodb: "DynamoDBClient | DynamoDb"
    kinesis: "KinesisClient | Kinesis"


def clients(environ: Mapping[str, str], time: Time) -> Clients:
    """Return the Lambda's clients."""
    return Clients(sqs=quarantine.client(environ, time), dynamodb=store.client(environ), kinesis=stream.client(environ))


def outside(
    chosen: settings.Settings,
    clients: Clients,
    clock: clock.Clock,
    *,
    write_line: Callable[[str], object] = _print,
    end_process: Callable[[int], object] = os._exit,
    works_apart: WorksOnEach | None = None,
    works_in_time: WorksOnEach | None = None,
    erased: FindsErased | None = None,
) -> Outside:
    """Return everything outside that invocations use, built from clients and clock."""
    return Outside(
        table=store.Table(clients.dynamodb, chosen.table_name, time=clock.time, now_ms=clock.now_ms),
        quarantine=quarantine.Quarantine(clients.sqs, chosen.dlq_url, monotonic=clock.monotonic),
        erased=erased or TenantTombstones(clients.dynamodb, chosen.table_name, clock).find,
        put_on_stream=partial(
            pending.put_on_stream,
            clients.kinesis,
            chosen.stream_name,
            time=clock.time,
            sub_keys=chosen.stream_sub_keys,
        ),
        hide=partial(hide, clients.sqs, chosen.queue_url),
        send_back=partial(send_back, clients.sqs, chosen.queue_url, time=clock.time),
        now_ms=clock.now_ms,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        write_line=write_line,
        end_process=end_process,
        apart=works_apart or partial(apart, monotonic=clock.monotonic),
        in_time=works_in_time or partial(in_time, monotonic=clock.monotonic),
    )


def program(chosen: settings.Settings, outside: Outside) -> Callable[[object, Context], PartialBatchResponse]:
    """Return the Lambda's handler, which works through `outside`.

    Raises:
        ValueError: the settings for the redaction are not valid.
    """
    redactor = redact.build(chosen.redaction_rules, chosen.redaction_patterns)

    def handle(event: object, context: Context) -> PartialBatchResponse:
        if event == health.REQUEST:
            return {"batchItemFailures": []}
        return consume(
            event,
            remaining_s=context.get_remaining_time_in_millis() / 1000,
            request_id=context.aws_request_id,
            settings=chosen,
            redactor=redactor,
            outside=outside,
        )

    return handle


@cache
def _program() -> Callable[[object, Context], PartialBatchResponse]:
    chosen = settings.from_environ(os.environ)
    system = clock.system()
    built = program(chosen, outside(chosen, clients(os.environ, system.time), system))
    gc.freeze()  # All this lives as long as the process: else each full collection would look through it again.
    return built


def handler(event: object, context: Context) -> PartialBatchResponse:
    """Return `{"batchItemFailures": [...]}` with the messages to keep; raise rather than leave one unaccounted for."""
    return _program()(event, context)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # Built while Lambda initialises; a test imports this module without AWS.
    _program()
