"""OpenTelemetry logs over HTTP (OTLP 1.x): `POST /v1/logs` in protobuf or JSON; the answer has the same form.

A log's string body is the text, exact to the byte. `event_at` is `time_unix_nano`, or else the observed time. The
severity is `severity_number`, or else `severity_text`. All else is kept in the fields, under the protobuf's names: see
`ingest.api.otlp`.
"""

from base64 import b64encode
from collections import Counter
from typing import Final

from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.media_type import media_type
from ingest.api.otlp import json, protobuf
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.protobuf import message
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_JSON: Final = "application/json"
_PROTOBUF: Final = "application/x-protobuf"
_PROTOBUF_TYPES: Final = frozenset({_PROTOBUF, "application/protobuf", "application/vnd.google.protobuf"})
_UNNAMED_TYPES: Final = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})

# google.rpc.Code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto.
_INVALID_ARGUMENT: Final = 3
_UNAVAILABLE: Final = 14
_CODES: Final = {401: 16, 403: 7, 429: 8, 503: _UNAVAILABLE}


def read(request: Request) -> Records:
    """Return the request's logs. A body without a Content-Type, or with a form's, is JSON if it begins with `{`.

    Raises:
        Rejected: `unsupported_content_type`, or what `otlp.protobuf.read` and `otlp.json.read` raise.
    """
    content_type, _ = media_type(request.headers.get("content-type", ""))
    if content_type not in {_JSON, *_PROTOBUF_TYPES, *_UNNAMED_TYPES}:
        raise Rejected("unsupported_content_type")
    reads = json.read if _is_json(request) else protobuf.read
    records = reads(request.body, most=MAX_RECORDS)
    if request.tenant_attribute:
        records = [_of_tenant(record, request.tenant_attribute) for record in records]
    return Records(records, is_batch=True, source="otlp")


def _of_tenant(record: Record | Rejected, attribute: str) -> Record | Rejected:
    """Return the log with the tenant that its resource names, if it names one; `parse` checks that name."""
    if isinstance(record, Rejected):
        return record
    attributes = (record.fields or {}).get("resource", {}).get("attributes", {})
    if isinstance(attributes, dict):  # Not looked through: thousands of attributes are read for each log.
        named = [attributes[attribute]] if attribute in attributes else []
    else:
        named = [value for name, value in attributes if name == attribute]
    if not named:
        return record
    return record._replace(tenant_id=named[0] if len(named) == 1 else named)  # A list of two is no tenant.


def answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    """Return 503 if the queue lacks a record, 400 if none was taken, or else 200 (partial if some were refused).

    Clients send again only after the 503, and then the whole request: records that the queue did take are stored twice.
    OTLP has no answer that asks for the missing records alone.
    """
    if not_enqueued:
        return _status(503, _UNAVAILABLE, "Failed to enqueue message", request, retry_after_s=RETRY_AFTER_S)
    why = _why(parsed)
    if not parsed.messages and parsed.rejected:
        return _status(400, _INVALID_ARGUMENT, why, request)
    rejected = len(parsed.rejected)
    if not _is_json(request):
        partial = message({1: rejected, 2: why}) if rejected else b""
        return _protobuf(200, message({1: partial}) if rejected else b"")
    if not parsed.messages:
        return json_response(200, {})
    said = {"rejectedLogRecords": str(rejected), "errorMessage": why} if rejected else {}
    return json_response(200, {"partialSuccess": said})  # The Collector, too, sends it when it is empty.


def refuse(rejected: Rejected, request: Request) -> Response:
    """Return the refusal of a whole request, a `google.rpc.Status`. Clients send again only after a 429 or a 503."""
    status = 415 if rejected.reason == "unsupported_content_type" else rejected.status
    code = _CODES.get(status, _INVALID_ARGUMENT)
    return _status(status, code, f"{rejected.detail} ({rejected.reason})", request, rejected.retry_after_s)


def _why(parsed: Parsed) -> str:
    """Return each reason with the number of its records and the first one's place in the request."""
    counts = Counter(record.reason for record in parsed.rejected)
    first = {record.reason: record.position for record in reversed(parsed.rejected)}
    return " ".join(
        f"{count} refused as {reason}, first record {first[reason]}: {WHY[reason].detail}"
        for reason, count in counts.items()
    )


def _is_json(request: Request) -> bool:
    content_type, _ = media_type(request.headers.get("content-type", ""))
    return content_type == _JSON or (content_type in _UNNAMED_TYPES and request.body.lstrip()[:1] == b"{")


def _status(status: int, code: int, why: str, request: Request, retry_after_s: int | None = None) -> Response:
    if _is_json(request):
        return json_response(status, {"code": code, "message": why}, retry_after_s=retry_after_s)
    response = _protobuf(status, message({1: code, 2: why}))
    if retry_after_s is not None:
        response["headers"]["retry-after"] = str(retry_after_s)
    return response


def _protobuf(status: int, body: bytes) -> Response:
    encoded = b64encode(body).decode()
    return {
        "statusCode": status,
        "headers": {"content-type": _PROTOBUF},
        "body": encoded,
        "isBase64Encoded": bool(body),
    }


DIALECT: Final = Dialect(
    routes=[("POST", "/v1/logs"), ("POST", "/otlp/v1/logs")],  # The second is Loki's.
    read=read,
    answer=answer,
    refuse=refuse,
    takes_empty=True,
)
