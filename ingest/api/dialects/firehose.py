"""Amazon Data Firehose's HTTP endpoint: `POST /firehose`, with records of CloudWatch Logs or of anything else.

A record of CloudWatch Logs (gzip JSON) holds log events. Each event is a log: its `id` is the log_id, its `message` the
text. In any other record each line is a log: a JSON object by its members, other lines as they are. The log_id of a
line is made from the request's id, which stays the same when Firehose sends the request again. The common attribute
`tenant_id` names the tenant.
https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import value_of
from ingest.api.encodings import GZIP_MAGIC, MAX_BODY_BYTES, inflate
from ingest.api.envelope import MAX_AROUND, kept_with
from ingest.api.event_time import event_at
from ingest.api.events import Response
from ingest.api.members import record_of, severity_of_text
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_REQUEST_ID: Final = "x-amz-firehose-request-id"
_ATTRIBUTES: Final = "x-amz-firehose-common-attributes"
_OF_REQUEST: Final = frozenset({"requestId", "timestamp", "records"})
_SOURCE: Final = "firehose"


def _read(request: Request) -> Records:
    sent = value_of(request.body)
    if not isinstance(sent, dict) or not isinstance(sent.get("records"), list):
        raise Rejected("invalid_json")
    request_id = sent.get("requestId", request.headers.get(_REQUEST_ID))
    if not isinstance(request_id, str):
        raise Rejected("invalid_idempotency_key")
    attributes, others = _attributes(request)
    tenant_id = attributes.pop("tenant_id", None)
    others |= {name: value for name, value in sent.items() if name not in _OF_REQUEST}
    if len(others) > MAX_AROUND:  # Each record has a copy.
        raise Rejected("invalid_fields")
    shared = {"common_attributes": attributes} if attributes else {}
    found: list[Record | Rejected] = []
    inflated_bytes = 0
    for place, record in enumerate(sent["records"]):
        data = _data(record)
        inflated_bytes += 0 if isinstance(data, Rejected) else len(data)
        if inflated_bytes > MAX_BODY_BYTES:  # The cap is for all records together.
            raise Rejected("body_too_large")
        unknown = others | _unknown_of(record)
        around = shared | {"unknown_fields": unknown} if unknown else shared
        logs = islice(enumerate(_logs(data)), MAX_RECORDS + 1)
        of_record = [_with(log, around, f"{request_id}.{place}.{line}") for line, log in logs]
        found += of_record or [Rejected("invalid_record")] * bool(unknown)  # No log can keep them.
        if len(found) > MAX_RECORDS:
            break
    if others and not sent["records"]:
        found.append(Rejected("invalid_record"))
    return Records(found, is_batch=True, source=_SOURCE, tenant_id=tenant_id, aside=request_id)


def _attributes(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the common attributes that the header's JSON holds, and the members beside them.

    Raises:
        Rejected: `invalid_json` if the header holds no such JSON: without it the tenant would be lost.
    """
    said = value_of(request.headers.get(_ATTRIBUTES, "{}").encode(errors="surrogatepass"))
    attributes = said.pop("commonAttributes", {}) if isinstance(said, dict) else None
    if not isinstance(attributes, dict):
        raise Rejected("invalid_json")
    return attributes, said


def _unknown_of(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "data"} if isinstance(record, dict) else {}


def _data(record: Any) -> bytes | Rejected:
    """Return a record's bytes, inflated if they are gzip."""
    data = record.get("data") if isinstance(record, dict) else None
    if not isinstance(data, str):
        return Rejected("invalid_record")
    try:
        octets = b64decode(data, validate=True)
        return inflate(octets) if octets.startswith(GZIP_MAGIC) else octets
    except (Base64Error, ValueError):
        return Rejected("invalid_base64")
    except Rejected as rejected:
        return rejected


def _logs(data: bytes | Rejected) -> Iterator[Record | Rejected]:
    if isinstance(data, Rejected):
        yield data
        return
    try:
        document = value_of(data)
    except Rejected:
        document = None
    if isinstance(document, dict) and isinstance(document.get("logEvents"), list) and "messageType" in document:
        yield from _of_cloudwatch(document)
    else:
        yield from (_line(line) for line in data.split(b"\n") if line.strip())


def _of_cloudwatch(document: dict[str, Any]) -> Iterator[Record | Rejected]:
    """Yield the log events; none for a CONTROL_MESSAGE, which only checks that the endpoint answers."""
    events = document.pop("logEvents")
    if document["messageType"] == "CONTROL_MESSAGE":
        return
    is_too_much = len(document) > MAX_AROUND
    for event in events:
        if is_too_much:
            yield Rejected("invalid_fields")
            continue
        if not isinstance(event, dict) or not isinstance(event.get("message"), str):
            yield Rejected("invalid_record")
            continue
        if document.keys() & event.keys():  # Of two members with one name, one would be lost.
            yield Rejected("invalid_fields")
            continue
        text, log_id = event.pop("message"), event.pop("id", None)
        at = event_at(event.get("timestamp"), unit="ms")
        yield Record(text, None, log_id, document | event, at, severity_of_text(text))


def _line(line: bytes) -> Record | Rejected:
    try:
        text = line.decode().removesuffix("\r")
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")
    if text.lstrip().startswith("{"):
        try:
            return record_of(value_of(line))
        except Rejected:
            pass  # No JSON object: the line is the text.
    return Record(text)


def _with(log: Record | Rejected, around: dict[str, Any], log_id: str) -> Record | Rejected:
    log = kept_with(log, around)
    return log if isinstance(log, Rejected) else log._replace(log_id=log.log_id or log_id)


def _answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    """Return 503 if the queue lacks a log, 400 if none was taken, 207 if only some were, or else 200.

    Firehose has no word for a part, and forgets what was answered 200. After any other status it sends all records
    again, until the stream's retry duration is over. Then it puts them into the stream's backup bucket, with our
    message. What was taken is stored once all the same, because the ids stay.
    """
    if not_enqueued:
        said = "The queue did not take every record. Send them again."
        return _said(503, request, parsed.aside, said, retry_after_s=RETRY_AFTER_S)
    if parsed.rejected:
        place, reason = parsed.rejected[0]
        count = len(parsed.rejected)
        said = (
            f"{count} of {count + len(parsed.messages)} logs were refused." if parsed.messages else "No log was taken."
        )
        said = f"{said} Log {place}: {WHY[reason].detail} ({reason})"
        return _said(207 if parsed.messages else 400, request, parsed.aside, said)
    return _said(200, request, parsed.aside)


def _refuse(rejected: Rejected, request: Request) -> Response:
    """Return the reason's status, but 400 instead of 413: that is the one after which Firehose keeps nothing.

    It does not send such a request again, nor put it into the backup bucket.
    """
    status = 400 if rejected.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else rejected.status
    said = f"{rejected.detail} ({rejected.reason})"
    request_id = request.headers.get(_REQUEST_ID, "")
    return _said(status, request, request_id, said, retry_after_s=rejected.retry_after_s)


def _said(
    status: int, request: Request, request_id: str, error: str | None = None, *, retry_after_s: int | None = None
) -> Response:
    """Return the answer in the exact form that Firehose requires: its request's id, the time, and the error, if any."""
    body: dict[str, Any] = {"requestId": request_id, "timestamp": request.received_ms}
    if error is not None:
        body["errorMessage"] = error
    return json_response(status, body, retry_after_s=retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/firehose")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
)
