"""Loki's push API: `POST /loki/api/v1/push`, JSON or snappy protobuf; and the older JSON of `/api/prom/push`.

A line is the text; its time, in nanoseconds, is `event_at`. The fields `labels` and `structured_metadata` keep both.
The severity is the level in these, or else in a line that is a JSON object, where Loki looks, too.
https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
"""

import re
from typing import Final

from ingest.api.dialect import Dialect, Records
from ingest.api.encodings import unsnapped
from ingest.api.events import Response
from ingest.api.loki import json, protobuf
from ingest.api.media_type import media_type
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, text_response
from ingest.contract.errors import WHY, Rejected

_UNNAMED_TYPES: Final = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
# `{` alone does not tell: as snappy it is a block of 123 bytes, and `{ ` begins one with a literal of nine bytes.
_JSON_START: Final = re.compile(rb'\{[ \t\r\n]*["}]')
_MOST_NAMED: Final = 10


def _read(request: Request) -> Records:
    content_type, _ = media_type(request.headers.get("content-type", ""))
    is_json = content_type == "application/json"
    if is_json or (content_type in _UNNAMED_TYPES and _JSON_START.match(request.body)):
        records = json.read(request.body, most=MAX_RECORDS)
    else:
        body = unsnapped(request.body, request.headers.get("content-encoding", ""))
        records = protobuf.read(body, most=MAX_RECORDS)
    return Records(records, is_batch=True, source="loki")


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    """Return 503 if the queue lacks an entry, 400 if none was taken, or else 204, whose header names refused entries.

    If some are refused, Loki itself takes the others and answers 400. A client that sends again after a 400 would send
    the refused ones for ever.
    """
    if not_enqueued:
        return text_response(503, "The queue did not take every entry. Push them again.", retry_after_s=RETRY_AFTER_S)
    if parsed.rejected and not parsed.messages:
        return text_response(400, _named(parsed, "\n"))
    headers = {"x-rejected-entries": _named(parsed, "; ")} if parsed.rejected else {}
    return {"statusCode": 204, "headers": headers, "body": "", "isBase64Encoded": False}


def _refuse(rejected: Rejected, _: Request) -> Response:
    return text_response(
        rejected.status, f"{rejected.detail} ({rejected.reason})", retry_after_s=rejected.retry_after_s
    )


def _named(parsed: Parsed, between: str) -> str:
    """Return the first refused entries, by their places in the request, and how many more there are."""
    named = [f"entry {place}: {WHY[reason].detail} ({reason})" for place, reason in parsed.rejected[:_MOST_NAMED]]
    more = len(parsed.rejected) - len(named)
    return between.join([*named, f"and {more} more"] if more else named)


def _ready(_: Request) -> Response:
    return text_response(200, "ready")


DIALECT: Final = Dialect(
    routes=[("POST", "/loki/api/v1/push"), ("POST", "/api/prom/push")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    handshakes={("GET", "/ready"): _ready},
    takes_empty=True,
)
