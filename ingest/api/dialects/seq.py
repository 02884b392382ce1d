"""Seq's ingestion: `{"Events": [...]}` of older clients, and CLEF, one event per line.

The text is the rendered message if the client sends one, or else the template, which is not rendered here; its
properties are among the fields. A CLEF event without `@l` has no severity.
https://datalust.co/docs/posting-raw-events, https://clef-json.org
"""

from typing import Any, Final

from ingest.api import event_time, severity
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import without_mark
from ingest.api.envelope import kept_with, may_hold_logs
from ingest.api.events import Response
from ingest.api.flawed import value_of_flawed, values_of_batch
from ingest.api.media_type import media_type
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_TEXT_KEYS: Final = ("@m", "RenderedMessage", "@mt", "MessageTemplate")
_CLEF: Final = "application/vnd.serilog.clef"


def _read(request: Request) -> Records:
    content_type, _ = media_type(request.headers.get("content-type", ""))
    is_clef = content_type == _CLEF or "clef" in request.query or request.path.endswith("/clef")
    records = None if is_clef else _enveloped(request.body)
    if records is None:
        records = [_log(value) for value in values_of_batch(request.body, most=MAX_RECORDS)]
    return Records(records, is_batch=True, source="seq")


def _enveloped(body: bytes) -> list[Record | Rejected] | None:
    """Return the logs of an envelope; None if the body is no envelope or no JSON document."""
    try:
        value, is_flawed = value_of_flawed(without_mark(body))
    except Rejected:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("Events"), list):
        return None
    events = value.pop("Events")[: MAX_RECORDS + 1]
    if not events and may_hold_logs(value):
        return [Rejected("invalid_record")]
    if is_flawed(value):  # A flaw around the events is a flaw of each event.
        return [Rejected("invalid_json") for _ in events]
    return [Rejected("invalid_json") if is_flawed(event) else kept_with(_log(event), value) for event in events]


def _log(value: Any) -> Record | Rejected:
    if not isinstance(value, dict):
        return record_of(value)
    for key in _TEXT_KEYS:
        text = value.get(key)
        if isinstance(text, str):
            del value[key]
            break
    else:
        return record_of(value)
    event_at = event_time.event_at(value.get("@t", value.get("Timestamp")))
    return Record(text, None, None, value, event_at, severity.severity(value.get("@l", value.get("Level"))))


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        message = "The queue did not take every event. Send them again."
        return json_response(503, {"Error": message}, retry_after_s=RETRY_AFTER_S)
    refused = [f"event {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    if refused and not parsed.messages:
        return json_response(400, {"Error": " ".join(refused)})
    body: dict[str, Any] = {"MinimumLevelAccepted": None}
    return json_response(201, body | {"Error": " ".join(refused)} if refused else body)


def _refuse(rejected: Rejected, _: Request) -> Response:
    body = {"Error": f"{rejected.reason}: {rejected.detail}"}
    return json_response(rejected.status, body, retry_after_s=rejected.retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/api/events/raw"), ("POST", "/ingest/clef")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
    takes_slash=True,
)
