"""The health check, like ingest's GET /health: invoking the function with `REQUEST` shows that it starts."""

from typing import Final

REQUEST: Final[dict[str, str]] = {"health": "?"}
"""Not an SQS event: a batch always has `Records`, so the answer to this can never acknowledge a message."""
