"""Axiom's ingest: events as NDJSON or a JSON array. The dataset is the field `_dataset`, and no tenant.

An event's time is `_time`, or the member that the query's `timestamp-field` names. For Python's LogRecords, which
axiom-py sends with all their members, it is `created`. The header X-Axiom-Event-Labels is each event's field `_labels`.
https://axiom.co/docs/restapi/endpoints/ingestIntoDataset
"""

from typing import Any, Final

from ingest.api import event_time
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import value_of
from ingest.api.envelope import kept_with
from ingest.api.events import Response
from ingest.api.flawed import values_of_batch
from ingest.api.media_type import media_type
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_LABELS: Final = "x-axiom-event-labels"


def _read(request: Request) -> Records:
    content_type, _ = media_type(request.headers.get("content-type", ""))
    if content_type in {"text/csv", "application/csv"}:
        raise Rejected("unsupported_content_type")
    added: dict[str, Any] = {"_dataset": request.parameters["dataset"]}
    if labels := request.headers.get(_LABELS):
        added["_labels"] = _labels(labels)
    time_key = request.query.get("timestamp-field", "_time")
    values = values_of_batch(request.body, most=MAX_RECORDS)
    return Records([kept_with(_log(value, time_key), added) for value in values], is_batch=True, source="axiom")


def _labels(header: str) -> Any:
    """Return the labels that the header's JSON holds; a header that is no JSON is returned as it is."""
    try:
        return value_of(header.encode(errors="surrogatepass"))
    except Rejected:
        return header


def _log(value: Any, time_key: str) -> Record | Rejected:
    event_at = None
    if isinstance(value, dict):
        event_at = event_time.event_at(value.get(time_key))
        if event_at is None and "relativeCreated" in value:
            event_at = event_time.event_at(value.get("created"), unit="s")
    return record_of(value, event_at=event_at)


def _answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        return _error(503, "The queue did not take every event. Send them again.", retry_after_s=RETRY_AFTER_S)
    refused = [f"event {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    if refused and not parsed.messages:
        return _error(400, refused[0])
    # axiom-py parses each `timestamp` as a time. A refused event may have no time of its own.
    received_at = parsed.messages[0].received_at if refused else None
    failures = [{"timestamp": received_at, "error": error} for error in refused]
    return json_response(
        200,
        {
            "ingested": len(parsed.messages),
            "failed": len(failures),
            "failures": failures,
            "processedBytes": len(request.body),
            "blocksCreated": 0,
            "walLength": 0,
        },
    )


def _refuse(rejected: Rejected, _: Request) -> Response:
    return _error(rejected.status, f"{rejected.reason}: {rejected.detail}", retry_after_s=rejected.retry_after_s)


def _error(status: int, message: str, *, retry_after_s: int | None = None) -> Response:
    return json_response(status, {"code": status, "message": message}, retry_after_s=retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/v1/datasets/{dataset}/ingest"), ("POST", "/v1/ingest/{dataset}")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
)
