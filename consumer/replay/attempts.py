"""Calls to the stream that fail: which are worth another try, after how long a wait, and when a person has to look."""

import random
from collections.abc import Callable
from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's

_FIRST_BACKOFF_S: Final = 0.1
_MAX_BACKOFF_S: Final = 5.0
_SERVER_ERROR: Final = 500
_MAX_FAILURES: Final = 20  # In a row: less than a minute on average, and then a person has to look.

EXPIRED: Final = "ExpiredIteratorException"
_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)

_jitter = random.SystemRandom()


class StreamUnreadableError(Exception):
    """The stream cannot be read: access, a wrong name, or throttles without end. A later run may go on from here."""


class Attempts:
    """Failures in a row: waits longer after each, with full jitter, and raises when a wait cannot help."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._failures = 0

    def succeeded(self) -> None:
        """Begin to count anew."""
        self._failures = 0

    def failed(self, error: ClientError | ConnectionError | HTTPClientError) -> None:
        """Wait before the next try; an expired iterator needs no wait. Raises: StreamUnreadableError."""
        self._failures += 1
        code = error_code(error) if isinstance(error, ClientError) else None
        if code is not None and code != EXPIRED and code not in _TRANSIENT_CODES and not _is_server_error(error):
            raise StreamUnreadableError(str(error)) from error
        if self._failures > _MAX_FAILURES:
            raise StreamUnreadableError(f"{self._failures} failures in a row, the last: {error}") from error
        if code != EXPIRED:
            self._sleep(_jitter.uniform(0, min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2**self._failures)))


def _is_server_error(error: Exception) -> bool:
    """Return whether AWS answered a 5xx, whatever name it has (GetRecords: InternalFailureException)."""
    response = error.response if isinstance(error, ClientError) else {}
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR


def error_code(error: ClientError) -> str:
    """Return AWS's code of the error."""
    return error.response.get("Error", {}).get("Code", "Unknown")
