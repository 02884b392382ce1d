"""What one request writes to the function's own log: metrics and searchable properties, never the text of a log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from ingest.api.parse import Parsed
from ingest.contract.errors import Rejected
from ingest.contract.message import InternalMessage
from ingest.contract.metrics import emf_line
from ingest.sinks.publish import Published

_MOST_TENANTS: Final = 10  # A line that names every tenant of a large batch helps nobody.


def accepted_lines(
    parsed: Parsed,
    published: Published,
    *,
    stack: str,
    timestamp_ms: int,
    latency_ms: float,
    properties: Mapping[str, object],
) -> list[str]:
    """Return the lines of a request that was parsed: one with its counts, and one for each reason of rejected records.

    If the stream and the queue took everything, the first line has no event, level or Lambda request id. `bytes` (of
    the messages as they are in the queue) and `ingest_latency_ms` (within the function) are properties and no metrics:
    no alarm and no graph uses them.
    """
    told: dict[str, object] = {
        "tenants": _tenants(parsed.messages),
        **properties,
        "bytes": published.enqueued_bytes,
        "ingest_latency_ms": int(latency_ms * 10 + 0.5) / 10,
    }
    if published.refusals:
        told["refusals"] = published.refusals
    if published.not_enqueued or published.stream_pending:
        told |= {"event": "ingest", "level": "error" if published.not_enqueued else "warning"}
    else:
        told.pop("lambda_request_id", None)
    line = emf_line(
        {
            "accepted": len(parsed.messages) - len(published.not_enqueued),
            "enqueue_failures": len(published.not_enqueued),
            "stream_failures": len(published.stream_pending),
        },
        timestamp_ms=timestamp_ms,
        dimensions={"service": "ingest", "stack": stack},
        properties=told,
    )
    if not parsed.rejected:
        return [line]
    reasons = Counter(rejected.reason for rejected in parsed.rejected)
    return [line, *(_rejected_line(reason, n, stack, timestamp_ms, properties) for reason, n in reasons.items())]


def rejected_lines(error: Rejected, *, stack: str, timestamp_ms: int, properties: Mapping[str, object]) -> list[str]:
    """Return the line of a request that was refused as a whole."""
    return [_rejected_line(error.reason, 1, stack, timestamp_ms, properties)]


def _tenants(messages: Sequence[InternalMessage]) -> dict[str, int]:
    if len(messages) == 1:  # Nearly every request: a Counter costs ten times as much.
        return {messages[0].tenant_id: 1}
    return dict(Counter(message.tenant_id for message in messages).most_common(_MOST_TENANTS))


def _rejected_line(reason: str, count: int, stack: str, timestamp_ms: int, properties: Mapping[str, object]) -> str:
    return emf_line(
        {"rejected": count},
        timestamp_ms=timestamp_ms,
        dimensions={"service": "ingest", "stack": stack, "reason": reason},
        properties={"event": "rejected", "level": "info", **properties},
    )
