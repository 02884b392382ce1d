"""The lake Lambda's entry: run by a schedule, it brings the stream into the table bucket for as long as it has time.

A run ends before its time is over, and the next run goes on from there. Two runs at once are harmless, and so is a run
that is cut off.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Annotated, Any, Final, Protocol

import boto3
import msgspec
from pyiceberg.catalog import Catalog

from consumer import clock, redact, tombstones
from consumer import settings as consumer_settings
from consumer.lake import catalog, job
from consumer.lake.rows import KEY_BYTES
from consumer.lake.sync import Counters
from consumer.replay import read
from consumer.replay.job import Outside

RESERVED_S: Final = 120
"""Seconds of the invocation that are kept for the last commit: reading stops when no more are left."""

LATE_S: Final = 3600
"""A run that ends more seconds than this behind the stream fails, so that the alarm on errors reports it. What it read
is committed."""

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class LakeLateError(Exception):
    """The lake is too far behind the stream. Later runs go on: no log is lost as long as the stream holds it."""


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left of the invocation's time."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """What `infra/cloudformation/lake.yaml` sets."""

    stream_name: _Text
    table_name: _Text
    table_bucket_arn: _Text
    key_secret_arn: _Text
    consumer_function_name: _Text
    aws_region: _Text
    aws_endpoint_url: str | None = None


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Return the settings in the environment.

    Raises:
        ValueError: a variable is missing.
    """
    try:
        return msgspec.convert({name: value for name, value in environ.items() if value}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"Lambda environment: {error}. infra/cloudformation/lake.yaml sets it.") from error


def redactor_of(client: Any, function_name: str) -> redact.Redactor:
    """Return the redactor of the stack's consumer, as it is configured now.

    Raises:
        ValueError: its settings cannot be read. A guess could let through what the operator wants redacted.
    """
    variables = client.get_function_configuration(FunctionName=function_name).get("Environment", {}).get("Variables")
    if not variables:
        raise ValueError(f"The environment of {function_name} cannot be read, so its redaction is unknown.")
    chosen = consumer_settings.from_environ(variables)
    return redact.build(chosen.redaction_rules, chosen.redaction_patterns)


def key_of(client: Any, secret_arn: str) -> bytes:
    """Return the key of the lake's digests.

    Raises:
        ValueError: the secret is not a lake's key.
    """
    key: bytes = client.get_secret_value(SecretId=secret_arn)["SecretString"].encode()
    if len(key) != KEY_BYTES:
        raise ValueError(f"The secret {secret_arn} is no key of a lake: it has {len(key)} bytes, not {KEY_BYTES}.")
    return key


def sync(
    outside: Outside,
    table_catalog: Catalog,
    redactor: redact.Redactor,
    key: bytes,
    context: Context,
    *,
    write_line: Callable[[str], object],
    late_s: float = LATE_S,
) -> Counters:
    """Bring the stream into the lake up to its tip, or until `RESERVED_S` are left; log and return the counters.

    Raises:
        LakeLateError: the lake is more than `late_s` behind afterwards.
    """

    def is_over() -> bool:
        return context.get_remaining_time_in_millis() <= RESERVED_S * 1000

    counters = job.run(job.Options(), outside, table_catalog, redactor, key, stopped=is_over)
    said = {"message": "lake synced", "lag_ms": counters.lag_ms} | {
        name: getattr(counters, name)
        for name in (
            "logs",
            "rows",
            "commits",
            "repeated",
            "erased",
            "withheld",
            "broken",
            "begun_anew",
            "is_new_stream",
        )
    }
    said |= {
        "expired_shards": counters.expired_shards,
        "trimmed_shards": counters.trimmed_shards,
        "restarted_shards": counters.restarted_shards,
    }
    write_line(msgspec.json.encode(said).decode())
    if counters.lag_ms > late_s * 1000:
        raise LakeLateError(f"The lake is {counters.lag_ms / 1000:,.0f} s behind the stream {outside.stream_name}.")
    return counters


@cache
def _parts() -> tuple[Settings, Outside, bytes]:
    chosen = from_environ(os.environ)
    dynamodb = boto3.client("dynamodb")
    outside = Outside(
        stream_name=chosen.stream_name,
        kinesis=boto3.client("kinesis", config=read.client_config()),
        queue_url="",
        sqs=boto3.client("sqs"),
        stdout=BytesIO(),
        clock=clock.system(),
        erasures=lambda: tombstones.read(dynamodb, chosen.table_name),
    )
    return chosen, outside, key_of(boto3.client("secretsmanager"), chosen.key_secret_arn)


def handler(_event: object, context: Context) -> dict[str, int]:
    """Return how many logs were read and rows written; after a failure the last commit stays."""
    chosen, outside, key = _parts()
    counters = sync(
        outside,
        catalog.in_table_bucket(
            chosen.table_bucket_arn, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url
        ),
        redactor_of(boto3.client("lambda"), chosen.consumer_function_name),
        key,
        context,
        write_line=lambda line: print(line, flush=True),  # noqa: T201 - Lambda's log
    )
    return {"logs": counters.logs, "rows": counters.rows}
