"""The metric names (a closed list), and the one structured log line that carries them.

A line is CloudWatch's Embedded Metric Format: Lambda's log turns into metrics without an API call, and its other
members (request id, tenant, counts) are searchable. Never the text of a log.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import orjson

NAMESPACE: Final = "RobustDataProcessor"

MetricName = Literal[
    # ingest
    "accepted",
    "accepted_bytes",
    "rejected",
    "over_quota",
    "enqueue_failures",
    "stream_failures",
    "ingest_latency_ms",
    # consumer: one outcome a log
    "stored",
    "duplicate",
    "conflict",
    "quarantined",
    "deferred",
    "retried",
    "end_to_end_ms",
    "batch_duration_ms",
    "batch_splits",
]

UNITS: Final[dict[MetricName, str]] = {
    "accepted": "Count",
    "accepted_bytes": "Bytes",
    "rejected": "Count",
    "over_quota": "Count",
    "enqueue_failures": "Count",
    "stream_failures": "Count",
    "ingest_latency_ms": "Milliseconds",
    "stored": "Count",
    "duplicate": "Count",
    "conflict": "Count",
    "quarantined": "Count",
    "deferred": "Count",
    "retried": "Count",
    "end_to_end_ms": "Milliseconds",
    "batch_duration_ms": "Milliseconds",
    "batch_splits": "Count",
}


def emf_line(
    metrics: Mapping[MetricName, float | list[float]],
    *,
    timestamp_ms: int,
    dimensions: Mapping[str, str],
    properties: Mapping[str, object],
) -> str:
    """Return one line of JSON for standard output: the metrics under `dimensions`, and `properties` beside them.

    A metric's value may be a list of at most 100 numbers (EMF's limit). `timestamp_ms` is since the epoch.
    """
    line: dict[str, object] = {
        "_aws": {"Timestamp": timestamp_ms, "CloudWatchMetrics": _directives(tuple(metrics), tuple(dimensions))},
        **dimensions,
        **properties,
        **dict(metrics.items()),
    }
    return orjson.dumps(line).decode()


@lru_cache(maxsize=64)  # The same few at every request; never changed after.
def _directives(names: tuple[MetricName, ...], dimensions: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [dimensions],
            "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in names],
        }
    ]


def log_line(level: Literal["info", "warning", "error"], event: str, properties: Mapping[str, object]) -> str:
    """Return one structured log line of JSON: `level`, `event` (what happened, in snake_case) and `properties`."""
    return orjson.dumps({"level": level, "event": event, **properties}, default=str).decode()
