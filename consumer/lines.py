"""The log lines of an invocation: lines for its conflicting and unstored logs, and its counts."""

from collections.abc import Iterator, Mapping

from consumer import report
from consumer.item import beside_id
from consumer.unpack import Unpacked
from consumer.verdict import STORED, Verdict


def of_logs(unpacked: Unpacked, verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """Yield a line for each log that is stored beside another, or was not stored now."""
    if all(verdict == STORED for verdict in verdicts.values()):  # Nearly every batch.
        return
    identities: dict[str, tuple[str | None, str | None]] = {
        log.message_id: (log.message.tenant_id, log.message.log_id) for log in unpacked.logs
    } | {spoiled.delivery.message_id: (spoiled.tenant_id, spoiled.log_id) for spoiled in unpacked.spoiled}
    for log in unpacked.logs:
        if verdicts[log.message_id].outcome == "conflict":
            yield report.conflict_line(
                log.message_id,
                tenant_id=log.message.tenant_id,
                log_id=log.message.log_id,
                stored_as=beside_id(log.message.log_id, log.message.text),
            )
    for message_id, verdict in verdicts.items():
        if verdict.reason or verdict.cause:
            tenant_id, log_id = identities[message_id]
            yield report.warning_line(message_id, verdict, tenant_id=tenant_id, log_id=log_id)


def of_counts(
    unpacked: Unpacked,
    verdicts: Mapping[str, Verdict],
    *,
    splits: int,
    stack: str,
    duration_ms: float,
    now_ms: int,
    request_id: str,
) -> Iterator[str]:
    """Yield the metrics of the invocation, which are counts of logs."""
    yield from report.metrics_lines(
        verdicts,
        stack=stack,
        splits=splits,
        end_to_end_ms=[
            now_ms - log.received_ms for log in unpacked.logs if verdicts[log.message_id].outcome == "stored"
        ],
        duration_ms=duration_ms,
        timestamp_ms=now_ms,
        request_id=request_id,
    )
