"""The forms of an HTTP answer, as API Gateway takes it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from ingest.api.events import Response

RETRY_AFTER_S: Final = 5
"""Long enough for SQS to recover from a throttle, short enough for a shipper's buffer."""

_JSON: Final = {"content-type": "application/json"}


def json_response(status: int, body: Mapping[str, Any], *, retry_after_s: int | None = None) -> Response:
    """Return an answer of JSON, with a `Retry-After` where the same request may come again."""
    return {
        "statusCode": status,
        "headers": {**_JSON, "retry-after": str(retry_after_s)} if retry_after_s is not None else {**_JSON},
        "body": orjson.dumps(body).decode(),
        "isBase64Encoded": False,
    }


def not_found(request_id: str) -> Response:
    """Return the 404 for a request that no dialect answers."""
    return json_response(404, {"detail": "Not Found", "request_id": request_id})
