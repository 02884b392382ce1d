"""New Relic's Log API: logs, or blocks of logs that have something in common.

A log's text is its `message`. Its time is its own `timestamp`, or else its block's. Its severity is the `level` of the
log, of its attributes, or of its block. `attributes` stay as sent; a block's `common` is a field of each of its logs.
https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from ingest.api import event_time, severity
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import without_mark
from ingest.api.encodings import GZIP_MAGIC, inflate
from ingest.api.envelope import kept_with, may_hold_logs
from ingest.api.events import Response
from ingest.api.flawed import value_of_flawed, values_of_batch
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected
from ingest.contract.message import Severity

_SOURCE: Final = "newrelic"


def _read(request: Request) -> Records:
    # Its documentation also sends gzip with the type application/gzip and without a Content-Encoding.
    body = inflate(request.body) if request.body.startswith(GZIP_MAGIC) else request.body
    try:
        value, is_flawed = value_of_flawed(without_mark(body))
    except Rejected:  # New Relic takes lines, too.
        values = values_of_batch(body, most=MAX_RECORDS)
        return Records([record_of(value) for value in values], is_batch=True, source=_SOURCE)
    blocks = value if isinstance(value, list) else [value]
    records = (record for block in blocks for record in _logs(block, is_flawed))
    return Records(list(islice(records, MAX_RECORDS + 1)), is_batch=True, source=_SOURCE)


def _logs(block: Any, is_flawed: Callable[[Any], bool]) -> Iterator[Record | Rejected]:
    if not isinstance(block, dict) or not isinstance(block.get("logs"), list):
        yield Rejected("invalid_json") if is_flawed(block) else _log(block, {})
        return
    common = {name: value for name, value in block.items() if name != "logs"}
    if not block["logs"] and may_hold_logs(common):
        yield Rejected("invalid_record")
    is_common_flawed = is_flawed(common)
    said = _said_of_all(common)
    for log in block["logs"]:
        yield Rejected("invalid_json") if is_common_flawed or is_flawed(log) else _log(log, common, said)


def _said_of_all(around: dict[str, Any]) -> tuple[str | None, Severity | None]:
    """Return a block's time and severity, read once for all its logs: a block can be large, and its logs many."""
    common = around.get("common")
    common = common if isinstance(common, dict) else {}
    return event_time.of_record(common), _severity_of(common)


def _log(
    value: Any, around: dict[str, Any], said: tuple[str | None, Severity | None] = (None, None)
) -> Record | Rejected:
    own = record_of(value)
    record = kept_with(own, around)
    if isinstance(own, Rejected) or isinstance(record, Rejected):
        return record
    event_at, severity = said
    return record._replace(
        event_at=own.event_at or event_at,
        severity=own.severity or _severity_of(own.fields or {}) or severity,
    )


def _severity_of(holder: dict[str, Any]) -> Severity | None:
    attributes = holder.get("attributes")
    return severity.of_record(attributes) if isinstance(attributes, dict) else None


def _answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        return _error(503, "The queue did not take every log. Send them again.", request, retry_after_s=RETRY_AFTER_S)
    refused = [f"log {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    if refused and not parsed.messages:
        return _error(400, " ".join(refused), request)
    body: dict[str, Any] = {"requestId": request.id}
    return json_response(202, body | {"errors": refused} if refused else body)


def _refuse(rejected: Rejected, request: Request) -> Response:
    message = f"{rejected.reason}: {rejected.detail}"
    return _error(rejected.status, message, request, retry_after_s=rejected.retry_after_s)


def _error(status: int, message: str, request: Request, *, retry_after_s: int | None = None) -> Response:
    return json_response(status, {"requestId": request.id, "error": message}, retry_after_s=retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/log/v1")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
    takes_slash=True,
)
