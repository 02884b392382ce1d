"""The line that one request for logs writes: its metrics and its tenant, but never a log or the search."""

from collections.abc import Mapping

from ingest.contract.metrics import emf_line


def page_line(*, logs: int, latency_ms: float, stack: str, timestamp_ms: int, properties: Mapping[str, object]) -> str:
    """Return the line of a request that got a page of so many logs."""
    return emf_line(
        {"reads": 1, "logs_read": logs, "read_latency_ms": round(latency_ms, 3)},
        timestamp_ms=timestamp_ms,
        dimensions={"service": "reader", "stack": stack},
        properties={"event": "read", "level": "info", **properties},
    )


def refused_line(reason: str, *, stack: str, timestamp_ms: int, properties: Mapping[str, object]) -> str:
    """Return the line of a request that was refused."""
    return emf_line(
        {"rejected": 1},
        timestamp_ms=timestamp_ms,
        dimensions={"service": "reader", "stack": stack, "reason": reason},
        properties={"event": "rejected", "level": "info", **properties},
    )
