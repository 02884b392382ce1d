"""Logtail's (Better Stack's) ingest at the root of a host: msgpack or JSON, one event or an array of them.

An event's text is its `message`, its time `dt`. Its severity is `level`; `severity`, which Python's client numbers in
its own way, counts only without one. An event with a msgpack value that JSON does not have (bytes, timestamps, names
that are no strings, NaN) is refused; its neighbours are not.
https://betterstack.com/docs/logs/ingesting-data/http/logs/
"""

from typing import Any, Final

from ingest.api import event_time, severity
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.flawed import values_of_batch
from ingest.api.members import record_of
from ingest.api.msgpack import documents, is_json
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected


def _read(request: Request) -> Records:
    if "msgpack" in request.headers.get("content-type", "").lower():
        records = [_log(value) if is_json(value) else Rejected("invalid_fields") for value in _values(request.body)]
    else:
        records = [_log(value) for value in values_of_batch(request.body, most=MAX_RECORDS)]
    return Records(records, is_batch=True, source="logtail")


def _values(body: bytes) -> list[Any]:
    """Return the events of a body of one msgpack document or several.

    Raises:
        Rejected: `invalid_record` if the body is no msgpack at all.
    """
    values: list[Any] = []
    for document in documents(body, most=MAX_RECORDS):
        values += document if isinstance(document, list) else [document]
        if len(values) > MAX_RECORDS:
            break
    if len(values) == 1 and isinstance(values[0], Rejected):
        raise values[0]
    return values


def _log(value: Any) -> Record | Rejected:
    own_severity = event_at = None
    if isinstance(value, dict):
        event_at = event_time.event_at(value.get("dt"))
        own_severity = severity.severity(value.get("level"))
    return record_of(value, event_at=event_at, severity=own_severity)


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        message = "The queue did not take every event. Send them again."
        return json_response(503, {"errors": [message]}, retry_after_s=RETRY_AFTER_S)
    refused = [f"event {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    response = json_response(202 if parsed.messages or not refused else 400, {"errors": refused})
    if not refused:
        response["body"] = ""
    return response


def _refuse(rejected: Rejected, _: Request) -> Response:
    body = {"errors": [f"{rejected.reason}: {rejected.detail}"]}
    return json_response(rejected.status, body, retry_after_s=rejected.retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
)
