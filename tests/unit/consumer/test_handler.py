"""The Lambda's entry imports without AWS, builds its clients once, and passes on the event and the time."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from consumer import health
from consumer.handler import program
from tests.unit.consumer.fakes import World, body, settings_of, sqs_event

ENVIRON = {
    "AWS_LAMBDA_FUNCTION_NAME": "consumer",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "QUEUE_URL": "https://sqs/logs",
    "DLQ_URL": "https://sqs/dlq",
    "TABLE_NAME": "logs",
    "STREAM_NAME": "logs",
}


def context(remaining_ms: int = 50_000) -> Any:
    """Return Lambda's context."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: remaining_ms)


def in_lambda(code: str, **environ: str) -> str:
    """Return what a new interpreter, with a Lambda's environment, writes to standard error."""
    known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], env=known | ENVIRON | environ, check=False, capture_output=True, text=True
    ).stderr


def test_passes_the_event_and_the_time_left() -> None:
    """With 3,000 ms left, a log of 30 characters is waited for and one of 31 is deferred."""
    world = World()
    handle = program(settings_of(seconds_per_char=0.05), world.outside())
    event = sqs_event(("m-1", body("a", "x" * 30)), ("m-2", body("b", "x" * 31)))
    assert handle(event, context(3_000)) == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert '"request_id":"request-1"' in world.lines[-1]


def test_redacts_as_the_settings_say() -> None:
    """Logs are redacted by the environment's rules and patterns, not by the defaults."""
    world = World()
    handle = program(settings_of(redaction_rules=("email",), redaction_patterns=("sesame",)), world.outside())
    handle(sqs_event(("m-1", body("a", "sesame a@b.example 555-0199"))), context())
    (item,) = world.dynamodb.items.values()
    assert item["modified_data"] == {"S": "[REDACTED] [REDACTED] 555-0199"}


def test_builds_its_clients_once_while_lambda_initialises() -> None:
    """Clients are built at the import from the environment alone, and an invocation builds none."""
    said = in_lambda(
        "import types\n"
        "from consumer import handler\n"
        "from ingest.aws import clients\n"
        "clients.connection = None\n"
        "context = types.SimpleNamespace(aws_request_id='r', get_remaining_time_in_millis=lambda: 1)\n"
        "handler.handler({}, context)\n"
    )
    assert said.splitlines()[-1].startswith("ValueError: not an SQS event")


def test_a_wrong_environment_is_told_at_start() -> None:
    """A wrong environment fails when Lambda starts, before it takes a message."""
    said = in_lambda("import consumer.handler", TABLE_NAME="")
    assert said.splitlines()[-1].startswith("ValueError: Lambda environment")
    assert "TABLE_NAME" in said


def test_a_sign_of_life_touches_nothing() -> None:
    """A probe is answered without a call to AWS, and any other event that is no batch fails as a whole."""
    world = World()
    handle = program(settings_of(), world.outside())
    assert handle(dict(health.REQUEST), context()) == {"batchItemFailures": []}
    assert world.lines == []
    others: list[dict[str, object]] = [{}, {"health": None}, {**health.REQUEST, "Records": []}]
    for other in others:
        with pytest.raises(ValueError, match="not an SQS event"):
            handle(other, context())
