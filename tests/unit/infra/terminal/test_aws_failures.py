"""What a person is told of a call of AWS that failed."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    UnauthorizedSSOTokenError,
)

from infra.terminal.aws_failures import told_of_aws

_URL = "http://127.0.0.1:1"


def _refusal(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Query")


@pytest.mark.parametrize(
    ("error", "what", "to_do"),
    [
        (NoCredentialsError(), "No AWS credentials are found.", "--profile P"),
        (
            PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "AWS_SECRET_ACCESS_KEY is missing.",
            "Set it.",
        ),
        (ProfileNotFound(profile="nope"), "There is no AWS profile 'nope'.", "--profile P"),
        (UnauthorizedSSOTokenError(), "has expired", "`aws sso login"),
        (CredentialRetrievalError(provider="p", error_msg="m"), "from p: m.", "`aws sso login"),
        (NoRegionError(), "No AWS region is named.", "--region R"),
        (InvalidRegionError(region_name="a b"), "'a b' cannot be an AWS region.", "--region R"),
        (EndpointConnectionError(endpoint_url=_URL), f"does not answer at {_URL}.", "--endpoint-url"),
        (ConnectTimeoutError(endpoint_url=_URL), f"does not answer at {_URL}.", "--region"),
        (SSLError(endpoint_url=_URL, error=ValueError("bad")), f"{_URL} bad.", "Check the network"),
        (_refusal("ExpiredToken"), "The AWS credentials have expired (ExpiredToken).", "AWS_SESSION_TOKEN"),
        (_refusal("InvalidClientTokenId"), "AWS does not accept the credentials", "--profile P"),
        (_refusal("AccessDenied", "You may not."), "AWS refuses Query: You may not. Give", "--profile P"),
        (_refusal("Strange", "No."), "operation: No. Check", "the region"),
    ],
)
def test_it_says_what_happened_and_what_to_do(error: BotoCoreError | ClientError, what: str, to_do: str) -> None:
    """The input is named, then the option or variable that changes it; AWS's own sentence ends with one full stop."""
    told = told_of_aws(error)
    assert what in told
    assert to_do in told
    assert ".." not in told
    assert told.endswith(".")
