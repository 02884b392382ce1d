"""What a person is told of a call of AWS that failed: what happened, to which input, and what to do. Pure."""

from typing import Any, Final

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
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

_OTHERS: Final = "Or name a profile that has valid ones: --profile P, or the variable AWS_PROFILE."
_KEYS: Final = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
"""The services' codes for the same three things:
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (November 2026)."""


def told_of_aws(error: BotoCoreError | ClientError) -> str:  # noqa: PLR0911 - one return an error
    """Return what happened at a call of AWS, and what to do."""
    named: dict[str, Any] = getattr(error, "kwargs", {})
    match error:
        case ClientError():
            return _refused(error)
        case NoCredentialsError():
            return (
                f"No AWS credentials are found. Name a profile that has some: --profile P, or the variable "
                f"AWS_PROFILE. Or set {_KEYS}."
            )
        case PartialCredentialsError():
            return f"The AWS credentials are incomplete: {named['cred_var']} is missing. Set it. {_OTHERS}"
        case ProfileNotFound():
            return (
                f"There is no AWS profile {named['profile']!r}. `aws configure list-profiles` lists them. Name one: "
                f"--profile P, or the variable AWS_PROFILE."
            )
        case SSOError() | TokenRetrievalError() | CredentialRetrievalError():
            return (
                f"AWS credentials could not be fetched: {_sentence(error)} If you have to log in again: "
                f"`aws sso login --profile P`."
            )
        case NoRegionError():
            return "No AWS region is named. Name one: --region R, or the variable AWS_REGION."
        case InvalidRegionError():
            return (
                f"{named['region_name']!r} cannot be an AWS region. Name one such as eu-central-1: --region R, or the "
                f"variable AWS_REGION."
            )
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            return (
                f"AWS does not answer at {named['endpoint_url']}. Check the network, and the region's name (--region). "
                f"If that is not AWS but an engine: check that it runs, and --endpoint-url."
            )
        case _:
            return f"A call of AWS failed: {_sentence(error)} Check the network, the region and the credentials."


def _refused(error: ClientError) -> str:
    code = error.response["Error"].get("Code", "")
    if code in _EXPIRED:
        return (
            f"The AWS credentials have expired ({code}). Log in again (`aws sso login --profile P`), or set new ones: "
            f"{_KEYS} and AWS_SESSION_TOKEN."
        )
    if code in _UNKNOWN:
        return f"AWS does not accept the credentials ({code}). Check {_KEYS} and AWS_SESSION_TOKEN. {_OTHERS}"
    if code in _DENIED:
        return (
            f"AWS refuses {error.operation_name}: {_sentence(error.response['Error'].get('Message', code))} Give the "
            f"user or role this right, or name a profile that has it: --profile P."
        )
    return f"AWS refuses a call: {_sentence(error)} Check the stack's name, the region and the credentials."


def _sentence(error: object) -> str:
    """Return the error's own sentence, with one full stop."""
    return f"{str(error).strip().rstrip('.')}."
