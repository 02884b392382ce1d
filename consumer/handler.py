"""The consumer Lambda's entry: an SQS event in, a partial batch response out. Clients are built once."""

import os
import random
import time
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final

import boto3
from msgspec.structs import replace

from consumer import quarantine, redact, settings, store
from consumer.invocation import Outside, consume
from consumer.report import PartialBatchResponse
from consumer.visibility import hide
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog, InternalMessage, encode
from ingest.sinks import stream

STREAM_BUDGET_S: Final = 2.0
"""What a stream that stays away may take of a batch's time from its other logs."""


@cache
def _parts() -> tuple[settings.Settings, redact.Redactor, Outside]:
    """Return what every invocation shares. Region, credentials and endpoint are botocore's to find."""
    chosen = settings.from_environ(os.environ)
    sqs = boto3.client("sqs", config=quarantine.client_config())
    kinesis = stream.client(os.environ)

    def put_on_stream(messages: Sequence[InternalMessage], give_up_at_s: float) -> frozenset[int]:
        return stream.put_user_records(
            kinesis,
            chosen.stream_name,
            [EncodedLog(m.tenant_id, encode(replace(m, stream_pending=False))) for m in messages],
            give_up_at_s=min(give_up_at_s, time.monotonic() + STREAM_BUDGET_S),
            time=Time(time.monotonic, time.sleep, random.SystemRandom().random),
            sub_keys=chosen.stream_sub_keys,
        )

    outside = Outside(
        table=store.Table(
            boto3.client("dynamodb", config=store.client_config()),
            chosen.table_name,
            monotonic=time.monotonic,
            sleep=time.sleep,
            jitter=random.SystemRandom().random,  # SnapStart clones the state of any other generator.
        ),
        quarantine=quarantine.Quarantine(sqs, chosen.dlq_url, monotonic=time.monotonic),
        put_on_stream=put_on_stream,
        hide=partial(hide, sqs, chosen.queue_url),
        now_ms=lambda: time.time_ns() // 1_000_000,
        monotonic=time.monotonic,
        sleep=time.sleep,
        write_line=partial(print, flush=True),
        end_process=os._exit,
    )
    return chosen, redact.build(chosen.redaction_rules, chosen.redaction_patterns), outside


def handler(event: dict[str, Any], context: Any) -> PartialBatchResponse:
    """Return `{"batchItemFailures": [...]}` with the messages to keep; raise rather than leave one unaccounted for."""
    chosen, redactor, outside = _parts()
    return consume(
        event,
        remaining_s=context.get_remaining_time_in_millis() / 1000,
        request_id=context.aws_request_id,
        settings=chosen,
        redactor=redactor,
        outside=outside,
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # In Lambda, while it initialises; a test imports this without AWS.
    _parts()
