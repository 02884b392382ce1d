"""`POST /ingest` (`GET /health`, `GET /openapi.json`): plain text and the JSON shapes that clients send.

A record's text is under one of `TEXT_KEYS`, its tenant and id under `tenant_id` and `log_id`; all else becomes fields.
The JSON shapes are an object, a string, an array, `{"logs": [...]}`, NDJSON and concatenated objects; a form is an
object. Fluent Bit's msgpack is a batch.
"""

from collections.abc import Sequence
from typing import Any, Final

from ingest.api import event_time, kinds, openapi
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import json_text, value_of, values_of_lines, without_mark
from ingest.api.events import Response
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, fits, json_response
from ingest.api.severity import of_record as severity_of_record
from ingest.contract.errors import WHY, Rejected
from ingest.contract.message import InternalMessage

TEXT_KEYS: Final = (
    "text",
    "message",
    "msg",
    "log",
    "body",
    "event",
    "MESSAGE",
    "short_message",
    "full_message",
    "line",
    "logText",
    "_line",
    "Message",
    "@m",
)
"""Members that may hold a record's text: the first that is present and not null wins."""

# Closed lists: Python knows other "charsets" that are not text, or slow. JSON is UTF-8 (RFC 8259, section 8.1).
_TEXT_CHARSETS: Final = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252"}
)
_JSON_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def read(request: Request) -> Records:
    """Return the request's records. A single JSON object or string, a form and a text are no batch.

    If the Content-Type is missing or a form's, the body decides: see `kinds`.

    Raises:
        Rejected: `unsupported_content_type`, `invalid_encoding`, or `invalid_json` when nothing can be read.
    """
    kind, charset = kinds.kind_of(request.headers.get("content-type", ""))
    log_id = request.headers.get("x-log-id")
    match kind:
        case "json" | "ndjson":
            if charset not in _JSON_CHARSETS:
                raise Rejected("invalid_encoding")
            body = without_mark(request.body)
            return _of_json(body, log_id) if kind == "json" else _batch(values_of_lines(body, most=MAX_RECORDS))
        case "text":
            return _of_text(request.body, charset, log_id)
        case "guessed":
            return _guessed(request.body, charset, log_id)
        case "msgpack":
            from ingest.api import fluent  # noqa: PLC0415 - rarely needed: keep cold starts short

            return _batch(fluent.values(request.body, most=MAX_RECORDS))
        case None:
            raise Rejected("unsupported_content_type")


def _guessed(body: bytes, charset: str, log_id: str | None) -> Records:
    """Return the records of JSON or of a form if the body is one, or else a text.

    A body that begins with `[` and is no JSON is a text (`[INFO] ...`). One that begins with `{` must be JSON.
    """
    bracket = kinds.looks_like_json(body)
    if bracket and charset in _JSON_CHARSETS:
        try:
            return _of_json(without_mark(body), log_id)
        except Rejected:
            if bracket == b"{":
                raise
    members = kinds.form_of(body)
    if members is not None and not members.keys().isdisjoint(TEXT_KEYS):
        return _lone(_record(members), log_id)
    return _of_text(body, charset, log_id)


def _of_json(body: bytes, log_id: str | None) -> Records:
    try:
        value = value_of(body)
    except Rejected:
        return _read_flawed(body)
    if isinstance(value, list):
        return _batch(value)
    # Only an envelope without other members. Beside others "logs" is a field of one record: none of them may be lost.
    if _is_envelope(value):
        return _batch(value["logs"], value.get("tenant_id"))
    return _lone(_record(value), log_id)


def _lone(record: Record | Rejected, log_id: str | None) -> Records:
    if log_id is not None and isinstance(record, Record) and record.log_id is None:
        record = record._replace(log_id=log_id)
    return Records([record], is_batch=False, source="json_upload")


def _of_text(body: bytes, charset: str, log_id: str | None) -> Records:
    return Records([Record(_text(body, charset), None, log_id)], is_batch=False, source="text_upload")


def _batch(values: list[Any], tenant_id: Any = None) -> Records:
    if len(values) > MAX_RECORDS:  # `parse` refuses the request for their number.
        records: list[Record | Rejected] = [Rejected("too_many_records")] * len(values)
    else:
        records = [_with_text(_record(value)) for value in values]
    return Records(records, is_batch=True, source="json_upload", tenant_id=tenant_id)


def _record(value: Any) -> Record | Rejected:
    if isinstance(value, dict):
        text = None
        for key in TEXT_KEYS:
            text = value.get(key)
            if text is not None:
                if isinstance(text, str):
                    del value[key]
                else:  # The value stays a field, and its JSON is the text.
                    text = json_text(text)
                break
        # Popped, so that `value` is the fields: half the cost of a copy.
        tenant_id, log_id = value.pop("tenant_id", None), value.pop("log_id", None)
        if isinstance(text, Rejected):
            return text
        if not value:
            return Record(text, tenant_id, log_id, value)
        return Record(text, tenant_id, log_id, value, event_time.of_record(value), severity_of_record(value))
    if isinstance(value, str):
        return Record(value)
    return value if isinstance(value, Rejected) else Rejected("invalid_record")


def _with_text(record: Record | Rejected) -> Record | Rejected:
    """Return a batch's record; if it has no text, its fields' JSON is the text: `log.info({user})` is a log.

    Nobody reads a batch's answer, so that a refused record would be lost. The sender of a single record is told.
    """
    if isinstance(record, Record) and not record.text and record.fields:
        text = json_text(record.fields)
        return text if isinstance(text, Rejected) else record._replace(text=text)
    return record


def _text(body: bytes, charset: str) -> str:
    if charset not in _TEXT_CHARSETS:
        raise Rejected("invalid_encoding")
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise Rejected("invalid_encoding") from error


def _is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("logs"), list) and value.keys() <= {"logs", "tenant_id"}


def _read_flawed(body: bytes) -> Records:
    """Return the records of a body that is no valid JSON document.

    In an array or envelope, a string or number that cannot be read costs only its own record. Any other body is read as
    NDJSON or concatenated JSON, which Fluent Bit and pino send as plain `application/json`.
    """
    from ingest.api.flawed import begins_with_an_object, value_of_flawed  # noqa: PLC0415 - rarely needed: keep cold starts short

    try:
        value, is_flawed = value_of_flawed(body)
    except Rejected:
        values = values_of_lines(body, most=MAX_RECORDS)
        refused = [isinstance(value, Rejected) for value in values]
        if all(refused) or (refused[0] and not begins_with_an_object(body)):  # One broken document, and not several.
            raise Rejected("invalid_json") from None
        return _batch(values)
    tenant_id = None
    if _is_envelope(value) and not is_flawed(value.get("tenant_id")):
        value, tenant_id = value["logs"], value.get("tenant_id")
    if isinstance(value, list) and len(value) > MAX_RECORDS:
        return _batch(value)
    if not isinstance(value, list) or all(map(is_flawed, value)):
        raise Rejected("invalid_json")
    return _batch([Rejected("invalid_json") if is_flawed(one) else one for one in value], tenant_id)


def answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    """Return 500 if SQS did not acknowledge every log, 400 for a batch without a valid record, or else 202."""
    if not_enqueued:
        return _failed(parsed, not_enqueued, request.id)
    return _enqueued(parsed, request.id) if parsed.messages else _nothing_accepted(parsed, request.id)


def refuse(rejected: Rejected, request: Request) -> Response:
    """Return the answer to a request that was refused as a whole."""
    body = {"detail": rejected.detail, "reason": rejected.reason, "request_id": request.id}
    return json_response(rejected.status, body, retry_after_s=rejected.retry_after_s)


def _enqueued(parsed: Parsed, request_id: str) -> Response:
    if not parsed.is_batch:
        message = parsed.messages[0]
        return json_response(
            202,
            {
                "status": "enqueued",
                "tenant_id": message.tenant_id,
                "log_id": message.log_id,
                "request_id": request_id,
            },
        )
    return _of_batch(
        202,
        {
            "status": "enqueued",
            "accepted": len(parsed.messages),
            "log_ids": _log_ids(parsed.messages),
            "rejected": _rejected(parsed),
            "request_id": request_id,
        },
    )


def _failed(parsed: Parsed, failed: frozenset[int], request_id: str) -> Response:
    """Return the 500. It names every record's state and log_id: sent again with its log_id, a log is stored once."""
    body: dict[str, Any] = {"detail": "Failed to enqueue message", "reason": "enqueue_failed", "request_id": request_id}
    if parsed.is_batch:
        durable = [message for i, message in enumerate(parsed.messages) if i not in failed]
        body |= {
            "accepted": len(durable),
            "log_ids": _log_ids(durable),
            "failed": [{"index": parsed.positions[i], "log_id": parsed.messages[i].log_id} for i in sorted(failed)],
            "rejected": _rejected(parsed),
        }
    else:
        body |= {"tenant_id": parsed.messages[0].tenant_id, "log_id": parsed.messages[0].log_id}
    return _of_batch(500, body, retry_after_s=RETRY_AFTER_S)


def _of_batch(status: int, body: dict[str, Any], *, retry_after_s: int | None = None) -> Response:
    """Return the answer. If lists of ids make it too long, they are left out: such ids are the client's own."""
    for list_of_ids in ("log_ids", "failed"):
        response = json_response(status, body, retry_after_s=retry_after_s)
        if fits(response):
            return response
        body |= {list_of_ids: [], "left_out": [*body.get("left_out", []), list_of_ids]}
    return json_response(status, body, retry_after_s=retry_after_s)


def _nothing_accepted(parsed: Parsed, request_id: str) -> Response:
    error = Rejected("no_valid_records")
    body = {"detail": error.detail, "reason": error.reason, "accepted": 0, "rejected": _rejected(parsed)}
    return json_response(error.status, body | {"request_id": request_id})


def _log_ids(messages: Sequence[InternalMessage]) -> list[str]:
    return [message.log_id for message in messages]


def _rejected(parsed: Parsed) -> list[dict[str, Any]]:
    return [{"index": i, "reason": reason, "detail": WHY[reason].detail} for i, reason in parsed.rejected]


def _healthy(_: Request) -> Response:
    return json_response(200, {"status": "ok"})


DIALECT: Final = Dialect(
    routes=[("POST", "/ingest")],
    read=read,
    answer=answer,
    refuse=refuse,
    handshakes={("GET", "/health"): _healthy, ("GET", "/openapi.json"): openapi.serve},
    takes_empty_text=False,
)
