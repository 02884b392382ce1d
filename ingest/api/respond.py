"""The forms of an HTTP answer, as API Gateway takes it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from ingest.api.events import Response

RETRY_AFTER_S: Final = 5
"""Long enough for SQS to recover from a throttle, short enough for a shipper's buffer."""

_MAX_ANSWER_BYTES: Final = 6_200_000  # Lambda's 6 MiB (quotas, November 2026), less headers and envelope.
_ESCAPED: Final = '"\\'

_NOT_FOUND: Final = (
    "Nothing answers this method and path. Logs go to POST /ingest, or to a path of a dialect. "
    "GET /logs is there only with authentication."
)

_JSON: Final = {"content-type": "application/json"}


def json_response(status: int, body: Mapping[str, Any], *, retry_after_s: int | None = None) -> Response:
    """Return an answer of JSON, with a `Retry-After` if the same request may be sent again."""
    return {
        "statusCode": status,
        "headers": {**_JSON, "retry-after": str(retry_after_s)} if retry_after_s is not None else {**_JSON},
        "body": orjson.dumps(body).decode(),
        "isBase64Encoded": False,
    }


def fits(response: Response) -> bool:
    """Return whether Lambda passes the answer on: it sends it as JSON, in which a quote in the body takes two bytes.

    Only log ids that the client chose, thousands of them with 256 quotes each, make it too large.
    """
    body = response["body"]
    if len(body) * 2 <= _MAX_ANSWER_BYTES:
        return True
    return len(body.encode()) + sum(map(body.count, _ESCAPED)) <= _MAX_ANSWER_BYTES


def text_response(status: int, text: str, *, retry_after_s: int | None = None) -> Response:
    """Return an answer of plain text, to which a line feed is added, with a `Retry-After` as in `json_response`."""
    headers = {"content-type": "text/plain"}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return {"statusCode": status, "headers": headers, "body": f"{text}\n", "isBase64Encoded": False}


def not_found(request_id: str) -> Response:
    """Return the 404 for a request that no dialect answers."""
    return json_response(404, {"detail": _NOT_FOUND, "request_id": request_id})
