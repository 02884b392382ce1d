"""Datadog's HTTP intake: `/api/v2/logs`, and `/v1/input` of older clients.

A log's text is its `message`, its severity its `status` or `level`. The query's ddsource, ddtags, hostname and service
apply to each log that lacks its own. In text/plain each line is a log.
https://docs.datadoghq.com/api/latest/logs/#send-logs
"""

from itertools import islice
from typing import Any, Final

from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.flawed import values_of_batch
from ingest.api.media_type import media_type
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_OF_ALL: Final = ("ddsource", "ddtags", "hostname", "service")
_VALIDATE: Final = "/api/v1/validate"
_SOURCE: Final = "datadog"
_EMPTY: Final = b"{}"
"""What the Agent sends at its start, to see whether it is let in: no log (pkg/logs/client/http/destination.go)."""


def _read(request: Request) -> Records:
    if request.path.endswith(_VALIDATE) or request.body.strip() == _EMPTY:  # Both ask whether the key is valid.
        return Records([], is_batch=True, source=_SOURCE)
    given = {name: request.query[name] for name in _OF_ALL if name in request.query}
    content_type, _ = media_type(request.headers.get("content-type", ""))
    if content_type == "text/plain":
        lines = (line for line in request.body.splitlines() if line.strip())
        records = [_line(line, given) for line in islice(lines, MAX_RECORDS + 1)]
    else:
        records = [_log(value, given) for value in values_of_batch(request.body, most=MAX_RECORDS)]
    return Records(records, is_batch=True, source=_SOURCE)


def _log(value: Any, given: dict[str, str]) -> Record | Rejected:
    record = record_of(value)
    if given and isinstance(record, Record):
        return record._replace(fields=given | (record.fields or {}))
    return record


def _line(line: bytes, given: dict[str, str]) -> Record | Rejected:
    try:
        return Record(line.decode(), fields=dict(given))
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")


def _answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        return _error(request, 503, "The queue did not take every log. Send them again.", retry_after_s=RETRY_AFTER_S)
    if request.path.endswith(_VALIDATE):
        return json_response(200, {"valid": True})
    refused = [f"log {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    if refused and not parsed.messages:
        return _error(request, 400, *refused)
    body = {"errors": [_item(400, detail) for detail in refused]} if refused else {}
    return json_response(200 if _is_v1(request) else 202, body)


def _refuse(rejected: Rejected, request: Request) -> Response:
    detail = f"{rejected.reason}: {rejected.detail}"
    return _error(request, rejected.status, detail, retry_after_s=rejected.retry_after_s)


def _error(request: Request, status: int, *details: str, retry_after_s: int | None = None) -> Response:
    if _is_v1(request):
        body: dict[str, Any] = {"code": status, "message": " ".join(details)}
    else:
        body = {"errors": [_item(status, detail) for detail in details]}
    return json_response(status, body, retry_after_s=retry_after_s)


def _item(status: int, detail: str) -> dict[str, str]:
    return {"status": str(status), "title": _TITLES.get(status, "Bad Request"), "detail": detail}


_TITLES: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    413: "Payload Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def _is_v1(request: Request) -> bool:
    return "/v1/input" in request.path


DIALECT: Final = Dialect(
    routes=[
        ("POST", "/api/v2/logs"),
        ("POST", "/v1/input"),
        ("POST", "/v1/input/{key}"),
        ("GET", _VALIDATE),
    ],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
    takes_slash=True,
)
