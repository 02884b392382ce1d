"""Failed calls to the stream: which of them to retry, after how long a wait, and when a person has to look.

This is not `ingest.aws.retry`, which retries parts of one request within the request's time. A read has no parts and no
end: it goes on for hours, renews an iterator that expired, and gives up after a number of failures in a row, however
long they took. Which errors are worth a retry is the same for both: `ingest.aws.refusal`.
"""

from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's

from ingest.aws.refusal import refusal_of
from ingest.aws.retry import Time

_FIRST_BACKOFF_S: Final = 0.1
_MAX_BACKOFF_S: Final = 5.0
_MAX_FAILURES: Final = 20  # In a row: less than a minute on average, and then a person has to look.

EXPIRED: Final = "ExpiredIteratorException"


class StreamUnreadableError(Exception):
    """The stream cannot be read: access, a wrong name, or throttles without end. A later run may go on from here."""


class Attempts:
    """Failures in a row: waits longer after each, with full jitter, and raises when a wait cannot help."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._failures = 0

    def succeeded(self) -> None:
        """Count the failures from zero again."""
        self._failures = 0

    def failed(self, error: ClientError | ConnectionError | HTTPClientError) -> None:
        """Wait before the next try; an expired iterator needs no wait. Raises: StreamUnreadableError."""
        self._failures += 1
        refusal = refusal_of(error)
        expired = refusal is not None and refusal.code == EXPIRED
        if refusal is None or not (refusal.retryable or expired):
            raise StreamUnreadableError(str(error)) from error
        if self._failures > _MAX_FAILURES:
            raise StreamUnreadableError(
                f"The stream cannot be read: {self._failures} tries failed in a row, the last with: {error} Run "
                f"it again."
            ) from error
        if not expired:
            limit_s = min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2**self._failures)
            self._time.sleep(self._time.jitter() * limit_s)


def error_code(error: ClientError) -> str:
    """Return AWS's code of the error."""
    return error.response.get("Error", {}).get("Code", "Unknown")
