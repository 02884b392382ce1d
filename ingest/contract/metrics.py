"""The metric names (a closed list), and the one structured log line that carries them.

A line has CloudWatch's Embedded Metric Format: CloudWatch reads the metrics from Lambda's log, without an API call. The
line's other members (request id, tenant, counts) are searchable. A line never holds the text of a log.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

import orjson

NAMESPACE: Final = "RobustDataProcessor"

MetricName = Literal[
    # ingest
    "accepted",
    "rejected",
    "enqueue_failures",
    "stream_failures",
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
    # reader
    "reads",
    "logs_read",
    "read_latency_ms",
]


class Metric(NamedTuple):
    """The unit of a metric's values, and the metric's meaning."""

    unit: Literal["Count", "Bytes", "Milliseconds"]
    meaning: str


METRICS: Final[Mapping[MetricName, Metric]] = {
    "accepted": Metric("Count", "Logs of a request that SQS acknowledged: each has its 202."),
    "rejected": Metric("Count", "Requests or records refused, by `reason`."),
    "enqueue_failures": Metric("Count", "Logs of a request that SQS did not acknowledge: the client sends them again."),
    "stream_failures": Metric("Count", "Logs of a request that Kinesis did not take: the consumer puts them there."),
    "stored": Metric("Count", "Logs of a batch that became items."),
    "duplicate": Metric("Count", "Logs that stood in the table already, with the same text."),
    "conflict": Metric("Count", "Logs whose id another text has: stored beside it."),
    "quarantined": Metric("Count", "Logs in the dead-letter queue, with their reason."),
    "deferred": Metric("Count", "Logs whose delay ends after this invocation."),
    "retried": Metric("Count", "Logs that come again: a crash, an outage."),
    "end_to_end_ms": Metric("Milliseconds", "From `received_at` to the item, for each log stored."),
    "batch_duration_ms": Metric("Milliseconds", "One invocation of the consumer."),
    "batch_splits": Metric("Count", "How often a failing batch was halved."),
    "reads": Metric("Count", "Requests for logs that were answered with a page."),
    "logs_read": Metric("Count", "Logs on these pages."),
    "read_latency_ms": Metric("Milliseconds", "From the event to the page, within the function."),
}

_TIMES: Final = frozenset(name for name, metric in METRICS.items() if metric.unit == "Milliseconds")


def emf_line(
    metrics: Mapping[MetricName, float | list[float]],
    *,
    timestamp_ms: int,
    dimensions: Mapping[str, str],
    properties: Mapping[str, object],
) -> str:
    """Return one line of JSON for standard output: the metrics under `dimensions`, and `properties` beside them.

    A metric's value may be a list of at most 100 numbers (EMF's limit). `timestamp_ms` is since the epoch.

    CloudWatch charges for each byte of a line. So counts of 0 are left out, which changes no sum, and so are units,
    which the names say. If all counts are 0, the first stays: CloudWatch is not known to accept a line of no metrics.
    """
    said: dict[str, object] = {name: value for name, value in metrics.items() if value or name in _TIMES}
    said = said or dict(islice(metrics.items(), 1))
    about = {"Timestamp": timestamp_ms, "CloudWatchMetrics": _directives(tuple(said), tuple(dimensions))}
    return orjson.dumps({"_aws": about, **dimensions, **properties, **said}).decode()


@lru_cache(maxsize=256)  # Few combinations, again at every request.
def _directives(names: tuple[str, ...], dimensions: tuple[str, ...]) -> orjson.Fragment:
    metrics = [{"Name": name} for name in names]
    directive = {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
    return orjson.Fragment(orjson.dumps([directive]))


def log_line(level: Literal["info", "warning", "error"], event: str, properties: Mapping[str, object]) -> str:
    """Return one structured log line of JSON: `level`, `event` (what happened, in snake_case) and `properties`."""
    return orjson.dumps({"level": level, "event": event, **properties}, default=str).decode()
