"""Why AWS or the network did not take a call, from and to botocore's exceptions.

botocore is imported only when there is an error: its import takes longer than a whole cold start without it.
"""

import re
import ssl
from typing import Any, Final, NamedTuple

import orjson

from ingest.aws.http1 import BadResponse, HttpResponse

_SERVER_ERROR: Final = 500

# SQS's name for an error in the query protocol, and whose fault it is (botocore.parsers, "query compatible").
_QUERY_ERROR: Final = re.compile(
    rb"^x-amzn-query-error:[ \t]*([^;\r\n]+);([^;\r\n]*)(?=\r|\Z)", re.IGNORECASE | re.MULTILINE
)

RETRYABLE_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMS.ThrottlingException",
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
"""Errors that a second try can change. All others (no such stream, access denied, a KMS key disabled) only fail again.

From the API references, read in November 2026: PutRecords and GetRecords; SendMessageBatch (RequestThrottled, and
KmsThrottled, which is KMS.ThrottlingException in the query protocol); BatchStatementError, the error of one statement,
whose names do not end with `Exception` as those of a whole call's error do; Common Errors."""


class Refusal(NamedTuple):
    """Why AWS or the network did not take a call; `retryable` when a second try can change it."""

    code: str
    retryable: bool


def refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal that an error is, or None if it is neither AWS's nor the network's: then raise it again."""
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


class NoConnectionInTimeError(TimeoutError):
    """The connection could not be opened in time. A later time-out is a plain TimeoutError."""


def client_error(operation: str, response: HttpResponse) -> Exception:
    """Return the ClientError that botocore raises for an error answer: its code, its message, whose fault it is."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see above

    said = _said(response)
    # As botocore.parsers reads them: "com.amazon.coral.service#Name", "Name:http://internal.amazon.com/coral/...".
    error = {"Message": said.get("message", said.get("Message", ""))}
    error["Code"] = str(said.get("__type", response.status)).partition(":")[0].rpartition("#")[2]
    if named := _QUERY_ERROR.search(response.head):
        error |= {
            "QueryErrorCode": error["Code"],
            "Code": named[1].decode("latin-1"),
            "Type": named[2].decode("latin-1"),
        }
    return ClientError(
        {"Error": error, "ResponseMetadata": {"HTTPStatusCode": response.status}},  # type: ignore[typeddict-item] # botocore sets more
        operation,
    )


def _said(response: HttpResponse) -> dict[str, Any]:
    body = response.body.strip()
    if response.status >= _SERVER_ERROR and (not body or body.startswith(b"<html>")):  # Something on the way to AWS.
        from http.client import responses  # noqa: PLC0415 - see above

        return {"message": responses.get(response.status, "")}
    try:
        said = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        said = None
    return said if isinstance(said, dict) else {"message": response.body.decode(errors="replace")}


def network_error(error: Exception, endpoint_url: str) -> Exception:
    """Return the exception that botocore raises for a connection's failure."""
    from botocore import exceptions  # noqa: PLC0415 - see above

    if isinstance(error, NoConnectionInTimeError):
        return exceptions.ConnectTimeoutError(endpoint_url=endpoint_url)
    if isinstance(error, TimeoutError):
        return exceptions.ReadTimeoutError(endpoint_url=endpoint_url)
    if isinstance(error, ssl.SSLError):
        return exceptions.SSLError(endpoint_url=endpoint_url, error=error)
    if isinstance(error, BadResponse | ConnectionResetError | BrokenPipeError):
        return exceptions.ConnectionClosedError(endpoint_url=endpoint_url)
    return exceptions.EndpointConnectionError(endpoint_url=endpoint_url, error=error)
