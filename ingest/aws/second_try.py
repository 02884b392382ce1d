"""A second try of a call whose refusal is retryable."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ingest.aws.clients import Calls
from ingest.aws.refusal import refusal_of
from ingest.aws.retry import Time

_MOST_S: Final = 1.0
"""The longest wait before the second try, as in botocore's standard mode (`botocore.retries.standard`,
ExponentialBackoff)."""


class SecondTry(NamedTuple):
    """A connection whose calls are tried twice, with a wait of up to a second in between."""

    connection: Calls
    time: Time

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the service's answer. Raises: what `Connection.call` raises, of the second try."""
        try:
            return self.connection.call(operation, request)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or not refusal.retryable:
                raise
        self.time.sleep(self.time.jitter() * _MOST_S)
        return self.connection.call(operation, request)
