"""The Lambda entry: imports without AWS, builds once, passes on what Lambda gives."""

import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from consumer import handler
from tests.unit.consumer.fakes import Upper, World, body, settings_of, sqs_event

ENVIRON = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "QUEUE_URL": "https://sqs/logs",
    "DLQ_URL": "https://sqs/dlq",
    "TABLE_NAME": "logs",
    "STREAM_NAME": "logs",
}


@pytest.fixture(autouse=True)
def _own_parts() -> Iterator[None]:
    """Let no test see another's clients."""
    handler._parts.cache_clear()
    yield
    handler._parts.cache_clear()


def context(remaining_ms: int = 50_000) -> Any:
    """Return Lambda's context."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: remaining_ms)


def test_passes_the_event_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of 3,000 ms is what it waits for, so 30 characters are waited for and 31 are deferred."""
    world = World()
    parts = (settings_of(seconds_per_char=0.05), Upper(), world.outside())
    monkeypatch.setattr(handler, "_parts", lambda: parts)
    monkeypatch.setattr(handler._parts, "cache_clear", lambda: None, raising=False)
    event = sqs_event(("m-1", body("a", "x" * 30)), ("m-2", body("b", "x" * 31)))
    assert handler.handler(event, context(3_000)) == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert '"request_id":"request-1"' in world.lines[-1]


def test_builds_its_clients_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment alone; a second invocation builds nothing."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    built: list[str] = []
    client = boto3.client

    def counting(service: Any, **kwargs: Any) -> Any:
        built.append(service)
        return client(service, **kwargs)

    monkeypatch.setattr(boto3, "client", counting)
    first = handler._parts()
    assert handler._parts() is first
    assert sorted(built) == ["dynamodb", "sqs"]


def test_a_wrong_environment_is_told_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Lambda the clients are built while it initialises: a bad deployment fails before it takes a message."""
    for name, value in (ENVIRON | {"TABLE_NAME": "", "AWS_LAMBDA_FUNCTION_NAME": "consumer"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="TABLE_NAME"):
        importlib.reload(handler)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    importlib.reload(handler)
