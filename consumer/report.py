"""What an invocation returns and prints: partial batch response, metrics, a line for each log that failed. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from consumer.verdict import OUTCOMES, UNFINISHED, Verdict
from ingest.contract.metrics import MetricName, emf_line, log_line

_MAX_VALUES: Final = 100  # Values per metric in an EMF line.

PartialBatchResponse = dict[str, list[dict[str, str]]]


def partial_batch_response(
    messages: Mapping[str, Sequence[str]], verdicts: Mapping[str, Verdict], sent_back: Collection[str] = frozenset()
) -> PartialBatchResponse:
    """Return Lambda's answer: the identifiers of the messages to keep. All others are deleted.

    `messages` maps each message's identifier to the names of its logs. A message is deleted when each of its logs is
    finished, or was `sent_back` as a message of its own.

    Raises:
        RuntimeError: a log has no verdict, or a verdict no log. The batch must then fail as a whole, because silence
            about a message deletes it.
    """
    logs = [log for names in messages.values() for log in names]
    if set(logs) != set(verdicts) or len(logs) != len(verdicts) or not all(messages.values()):
        raise RuntimeError("not exactly one verdict a log")
    return {
        "batchItemFailures": [
            {"itemIdentifier": message_id}
            for message_id, names in messages.items()
            if any(verdicts[log].outcome in UNFINISHED and log not in sent_back for log in names)
        ]
    }


def metrics_lines(
    verdicts: Mapping[str, Verdict],
    *,
    stack: str,
    splits: int,
    end_to_end_ms: Sequence[int],
    duration_ms: float,
    timestamp_ms: int,
    request_id: str,
) -> Iterator[str]:
    """Yield the invocation's EMF line with a count for each outcome, and more lines if the times do not fit into one.

    If a log was not stored, the line names the request id, which other lines and AWS's own lines name too.
    """
    counts = Counter(verdict.outcome for verdict in verdicts.values())
    metrics: dict[MetricName, float | list[float]] = {outcome: counts[outcome] for outcome in OUTCOMES}
    properties: dict[str, object] = {"batch_size": len(verdicts)}
    if counts["stored"] < len(verdicts):
        properties["request_id"] = request_id
    metrics["batch_splits"] = splits
    metrics["batch_duration_ms"] = round(duration_ms, 1)
    for start in range(0, max(len(end_to_end_ms), 1), _MAX_VALUES):
        if times := end_to_end_ms[start : start + _MAX_VALUES]:
            metrics["end_to_end_ms"] = [*times]
        yield emf_line(
            metrics,
            timestamp_ms=timestamp_ms,
            dimensions={"service": "consumer", "stack": stack},
            properties=properties,
        )
        metrics, properties = {}, {}


def conflict_line(message_id: str, *, tenant_id: str, log_id: str, stored_as: str) -> str:
    """Return the line for a log stored as `stored_as`, because another text has its log id. It holds no text."""
    properties = {"message_id": message_id, "tenant_id": tenant_id, "log_id": log_id, "stored_as": stored_as}
    return log_line("warning", "log_id_conflict", properties)


def warning_line(message_id: str, verdict: Verdict, *, tenant_id: str | None, log_id: str | None) -> str:
    """Return the line for a log that was not stored now, and why. It never holds the log's text."""
    properties: dict[str, Any] = {
        "message_id": message_id,
        "tenant_id": tenant_id,
        "log_id": log_id,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "cause": verdict.cause,
    }
    return log_line("warning", "log_not_stored", {name: value for name, value in properties.items() if value})
