"""Logs in the form that they have in the queue and on the stream."""

from collections.abc import Sequence
from typing import Any, Final

from ingest.contract.message import InternalMessage

RECEIVED_AT: Final = "2025-11-24T15:59:00.000Z"
RECEIVED_MS: Final = 1_763_999_940_000


def message(log_id: str = "log-1", text: str = "hello", **members: Any) -> InternalMessage:
    """Return a log of tenant acme."""
    return InternalMessage(
        **{
            "tenant_id": "acme",
            "log_id": log_id,
            "source": "json_upload",
            "text": text,
            "received_at": RECEIVED_AT,
            "schema_version": 1,
            **members,
        }
    )


def none_erased(_messages: Sequence[InternalMessage], /, *, give_up_at_s: float) -> frozenset[int]:  # noqa: ARG001 - as asked
    """Return that nothing was erased, as `consumer.tombstones` does, but without reading a table."""
    return frozenset()
