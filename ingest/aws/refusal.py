"""Why AWS or the network did not take a call: botocore's exceptions read and raised.

botocore is imported only when there is an error: its import costs more than all of a cold start.
"""

from typing import Final, NamedTuple

import orjson

from ingest.aws.http1 import BadResponse

_SERVER_ERROR: Final = 500

RETRYABLE_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
    }
)
"""What a second try can change. All else (no such stream, access denied, a KMS key disabled) fails the same way again.

From the API references, read in November 2026: PutRecords and GetRecords; SendMessageBatch (RequestThrottled,
KmsThrottled); BatchStatementError, whose names lack the `Exception` that a whole call's error has; Common Errors."""


class Refusal(NamedTuple):
    """Why AWS or the network did not take a call; `retryable` when a second try can change it."""

    code: str
    retryable: bool


def refusal_of(error: Exception) -> Refusal | None:
    """Return what the error says of a call, or None when it is neither AWS's nor the network's: then raise it again."""
    from botocore.exceptions import (  # noqa: PLC0415 - see above
        BotoCoreError,
        ClientError,
        ConnectionError,  # noqa: A004 - botocore's
        HTTPClientError,
    )

    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "Unknown")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Refusal(code, code in RETRYABLE_CODES or status >= _SERVER_ERROR)
    if isinstance(error, BotoCoreError):
        return Refusal(type(error).__name__, isinstance(error, ConnectionError | HTTPClientError))
    return None


def client_error(operation: str, status: int, body: bytes) -> Exception:
    """Return the ClientError that botocore raises for an error answer."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see above

    try:
        error = orjson.loads(body)
        code = error["__type"].rpartition("#")[2]
        message = error.get("message") or error.get("Message") or ""
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        code, message = str(status), body[:200].decode(errors="replace")
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore sets more
        operation,
    )


def network_error(error: Exception, endpoint_url: str) -> Exception:
    """Return the exception that botocore raises for a connection's failure."""
    from botocore import exceptions  # noqa: PLC0415 - see above

    if isinstance(error, TimeoutError):
        return exceptions.ReadTimeoutError(endpoint_url=endpoint_url)
    if isinstance(error, BadResponse | ConnectionResetError | BrokenPipeError):
        return exceptions.ConnectionClosedError(endpoint_url=endpoint_url)
    return exceptions.EndpointConnectionError(endpoint_url=endpoint_url, error=error)
