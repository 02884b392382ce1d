"""What a person is told of a call of AWS that failed."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, NoCredentialsError, NoRegionError

from infra.terminal.failures import told_of_aws


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoCredentialsError(), "--profile P"),
        (NoRegionError(), "--region R"),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), 'endpoint URL: "http://127.0.0.1:1". Check '),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "Query"), "operation: No. Check "),
    ],
)
def test_it_says_what_happened_and_what_to_do(error: BotoCoreError | ClientError, told: str) -> None:
    """What was not configured is named with its option; whatever else is AWS's own sentence, ended once."""
    assert told in told_of_aws(error)
