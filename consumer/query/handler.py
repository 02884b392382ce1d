"""The reader Lambda's entry: an API Gateway event in, a page of logs out. Deployed only with authentication."""

import os
import random
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final, Protocol

from consumer.query.invocation import Outside, respond
from consumer.query.settings import Settings, from_environ
from consumer.query.table import TableReader
from ingest.access import quota
from ingest.access.keys import Keys
from ingest.access.principal import READ, Credentials, principal_of
from ingest.api.events import HttpEvent, Response
from ingest.api.request import without_body
from ingest.aws import clients
from ingest.aws.retry import Time

_READ_TIMEOUT_S: Final = 2.0
_GIVE_UP_S: Final = 1.0
"""Seconds for which a throttled read is retried; with two time-outs it stays below `invocation.RESERVED_S`."""


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left of the invocation's time."""


def outside(
    settings: Settings,
    dynamodb: Any,
    time: Time,
    *,
    now_ms: Callable[[], int],
    write_line: Callable[[str], object],
) -> Outside:
    """Return everything outside that requests use, over a client (the signed one, boto3's or a fake) and a clock."""
    find_key = Keys(dynamodb, settings.access_table_name, monotonic=time.monotonic).find

    def reader_of(event: HttpEvent) -> str:
        headers = without_body(event).headers
        principal = principal_of(
            event,
            Credentials(headers, {}, {}),  # Headers only: a key in a URL would get into a browser's history.
            scope=READ,
            authentication=settings.authentication,
            jwt_tenant_claim=settings.jwt_tenant_claim,
            find_key=find_key,
        )
        return principal.tenant_id

    def take_quota(tenant_id: str, *, now_s: float) -> str | None:
        return quota.count(
            dynamodb,
            settings.access_table_name,
            f"read#{tenant_id}",
            [("requests", settings.tenant_reads_per_minute, 1)],
            now_s=now_s,
        )

    return Outside(
        reader_of=reader_of,
        take_quota=take_quota,
        reads=TableReader(
            dynamodb,
            settings.table_name,
            time=time,
            now_ms=now_ms,
            buckets=settings.log_id_buckets,
            give_up_s=_GIVE_UP_S,
        ),
        now_ms=now_ms,
        monotonic=time.monotonic,
        write_line=write_line,
    )


@cache
def parts() -> tuple[Settings, Outside]:
    """Return what every invocation shares: warm ones keep the connection."""
    settings = from_environ(os.environ)
    return settings, outside(
        settings,
        clients.dynamodb(os.environ, read_timeout_s=_READ_TIMEOUT_S),
        Time(time.monotonic, time.sleep, random.SystemRandom().random),  # SnapStart clones other generators' state.
        now_ms=lambda: time.time_ns() // 1_000_000,
        write_line=partial(print, flush=True),
    )


def handler(event: HttpEvent, context: Context) -> Response:
    """Return the API Gateway response (payload format 2.0) to one request."""
    settings, built = parts()
    return respond(
        event,
        remaining_s=context.get_remaining_time_in_millis() / 1000,
        lambda_request_id=context.aws_request_id,
        stack=settings.stack_name,
        outside=built,
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # Built while Lambda initialises; a test imports this module without AWS.
    parts()
