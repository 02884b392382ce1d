"""A call made once more, where what refused it may have passed."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ingest.aws.clients import Calls
from ingest.aws.refusal import refusal_of
from ingest.aws.retry import Time

_MOST_S: Final = 1.0
"""The limit of the wait before it: botocore's in standard mode (`botocore.retries.standard`, ExponentialBackoff)."""


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
