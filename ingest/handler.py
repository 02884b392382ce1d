"""Lambda entry of `POST /ingest` and `GET /health`: builds the clients once, translates event and response."""

import os
import random
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from ingest import report
from ingest.access.principal import tenant_of
from ingest.access.quota import OverQuota, Quota, take
from ingest.api.dialects import respond
from ingest.api.parse import parse
from ingest.api.request import from_event
from ingest.aws import client as aws
from ingest.aws.retry import Time
from ingest.contract.errors import Rejected
from ingest.settings import from_environ
from ingest.sinks import queue, stream
from ingest.sinks.publish import NOTHING, publish

# What must remain of the invocation's time when the last call to SQS starts: one client timeout, and the answer.
_RESERVED_S: Final = 1.5

# At module load: Lambda gives start-up a full CPU, and warm invocations keep the connections.
_settings = from_environ(os.environ)
_time = Time(time.monotonic, time.sleep, random.SystemRandom().random)  # SnapStart clones any other generator's state.
_put_on_stream = partial(
    stream.put_user_records,
    stream.client(os.environ),
    _settings.stream_name,
    time=_time,
    sub_keys=_settings.stream_sub_keys,
)
_enqueue = partial(
    queue.send,
    queue.client(os.environ),
    _settings.queue_url,
    time=_time,
)

_public = _settings.authentication == "none"
_take_quota = partial(
    take,
    aws.client(aws.DYNAMODB, os.environ, read_timeout_s=0.5),
    _settings.access_table_name,
    Quota(_settings.tenant_logs_per_minute, _settings.tenant_bytes_per_minute),
)


def handler(event: dict[str, Any], context: Any) -> respond.Response:
    """Return the API Gateway response (payload format 2.0) to one request."""
    if event["requestContext"]["http"]["path"].endswith("/health"):
        return respond.healthy()
    started_s = time.monotonic()
    now = datetime.now(UTC)
    request_id = event["requestContext"]["requestId"]
    properties: dict[str, object] = {"request_id": request_id, "lambda_request_id": context.aws_request_id}
    timestamp_ms = int(now.timestamp() * 1000)
    try:
        principal = None if _public else tenant_of(event, jwt_claim=_settings.jwt_tenant_claim)
        received_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request = from_event(event)
        parsed = parse(request, received_at=received_at, new_log_id=_new_log_id, principal=principal)
        if principal is not None and parsed.messages:
            failure = _take_quota(
                tenant_id=principal, logs=len(parsed.messages), body_bytes=len(request.body), now_s=now.timestamp()
            )
            if failure is not None:
                properties["quota_failure"] = failure
    except Rejected as error:
        _write(
            report.rejected_lines(error, stack=_settings.stack_name, timestamp_ms=timestamp_ms, properties=properties)
        )
        return respond.rejected(error, request_id)
    except OverQuota as error:
        _write(
            [
                report.over_quota_line(
                    error.tenant_id, stack=_settings.stack_name, timestamp_ms=timestamp_ms, properties=properties
                )
            ]
        )
        return respond.over_quota(error.retry_after_s, request_id)
    published = NOTHING
    if parsed.messages:
        refusals: list[tuple[str, str, int]] = []  # (service, error code, logs)
        queue_give_up_at_s = started_s + context.get_remaining_time_in_millis() / 1000 - _RESERVED_S
        published = publish(
            parsed.messages,
            put_on_stream=lambda logs: _put_on_stream(
                logs,
                give_up_at_s=started_s + _settings.stream_budget_ms / 1000,
                on_refusal=lambda code, count: refusals.append(("kinesis", code, count)),
            ),
            enqueue=lambda logs: _enqueue(
                logs,
                give_up_at_s=queue_give_up_at_s,
                on_refusal=lambda code, count: refusals.append(("sqs", code, count)),
            ),
        )
        if refusals:
            properties["refusals"] = report.refusal_counts(refusals)
    lines = report.accepted_lines(
        parsed,
        published,
        stack=_settings.stack_name,
        timestamp_ms=timestamp_ms,
        latency_ms=(time.monotonic() - started_s) * 1000,
        properties=properties,
    )
    _write(lines)
    return respond.answer(parsed, published.not_enqueued, request_id)


def _new_log_id() -> str:
    # 128 random bits: a third of uuid4's cost. Random keys let DynamoDB split a hot partition, time-ordered ones don't.
    return os.urandom(16).hex()


def _write(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
