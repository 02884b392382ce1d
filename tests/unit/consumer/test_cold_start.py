"""The modules that the consumer's Lambdas load before their first event."""

import os
import subprocess
import sys

import pytest

_ENVIRON = {
    "AWS_LAMBDA_FUNCTION_NAME": "consumer",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/queue",
    "DLQ_URL": "https://sqs.us-east-1.amazonaws.com/0/dlq",
    "STREAM_NAME": "stream",
    "TABLE_NAME": "table",
    "ACCESS_TABLE_NAME": "access",
    "AUTHENTICATION": "api_key",
}
_HEAVY = {"boto3", "botocore", "email", "google.protobuf", "http.client", "urllib.request"}


@pytest.mark.parametrize("module", ["consumer.handler", "consumer.query.handler"])
def test_a_cold_start_loads_nothing_that_only_errors_need(module: str) -> None:
    """A cold start loads no module that only errors need, as each costs milliseconds."""
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], env=os.environ | _ENVIRON, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "ingest.aws.clients" in loaded
    assert _HEAVY.isdisjoint(loaded), sorted(_HEAVY & set(loaded))
