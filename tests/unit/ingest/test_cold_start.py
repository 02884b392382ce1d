"""The modules that the ingest Lambda loads before its first request."""

import os
import subprocess
import sys

from ingest.api import dialects

_ENVIRON = {
    "AWS_LAMBDA_FUNCTION_NAME": "ingest",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/queue",
    "STREAM_NAME": "stream",
}
_HEAVY = {"boto3", "botocore", "email", "google.protobuf", "http.client", "urllib.request"}


def test_a_cold_start_loads_nothing_that_only_errors_need() -> None:
    """A cold start loads no module that only errors need, as each costs milliseconds."""
    code = "import sys, ingest.handler; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], env=os.environ | _ENVIRON, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"ingest.invocation", "ingest.api.dialects.plain"} <= set(loaded)
    assert not [name for name in loaded if name.startswith("ingest.api.dialects.") and name[20:] in dialects.LATER]
    assert _HEAVY.isdisjoint(loaded), sorted(_HEAVY & set(loaded))
