"""A sign of life on request, as ingest has GET /health: who invokes the function with it learns that it starts."""

from typing import Final

REQUEST: Final[dict[str, str]] = {"health": "?"}
"""No SQS event: a batch always has `Records`, so that no message is ever answered for by this."""
