"""The HTTP answers: pure functions from an outcome to an API Gateway (payload format 2.0) response."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from ingest.api.parse import Parsed
from ingest.contract.errors import Rejected
from ingest.contract.message import InternalMessage

RETRY_AFTER_S: Final = 5
"""Long enough for SQS to recover from a throttle, short enough for a shipper's buffer."""

Response = dict[str, Any]


def answer(parsed: Parsed, failed: frozenset[int], request_id: str) -> Response:
    """Return the answer to a request of which SQS did not acknowledge the messages at the positions `failed`."""
    if failed:
        return not_enqueued(parsed, failed, request_id)
    return enqueued(parsed, request_id) if parsed.messages else nothing_accepted(parsed, request_id)


def enqueued(parsed: Parsed, request_id: str) -> Response:
    """Return the 202 for a request whose messages are all durable in SQS."""
    if not parsed.is_batch:
        message = parsed.messages[0]
        return _response(
            202,
            {
                "status": "enqueued",
                "tenant_id": message.tenant_id,
                "log_id": message.log_id,
                "request_id": request_id,
            },
        )
    return _response(
        202,
        {
            "status": "enqueued",
            "accepted": len(parsed.messages),
            "log_ids": _log_ids(parsed.messages),
            "rejected": _rejected(parsed),
            "request_id": request_id,
        },
    )


def not_enqueued(parsed: Parsed, failed: frozenset[int], request_id: str) -> Response:
    """Return the 500 for a request of which SQS did not acknowledge the messages at the positions `failed`.

    It names every record's state, and the log_ids, so that the client can send the rest again and store nothing twice.
    """
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
    return _response(500, body, {"retry-after": str(RETRY_AFTER_S)})


def over_quota(retry_after_s: int, request_id: str) -> Response:
    """Return the 429 for a request that would exceed its tenant's quota of this minute; the next begins in time."""
    detail = f"The tenant's quota of this minute is used up. Try again in {retry_after_s} s."
    body = {"detail": detail, "reason": "over_quota", "request_id": request_id}
    return _response(429, body, {"retry-after": str(retry_after_s)})


def rejected(error: Rejected, request_id: str) -> Response:
    """Return the 4xx for a request that was refused as a whole."""
    return _response(error.status, {"detail": error.detail, "reason": error.reason, "request_id": request_id})


def nothing_accepted(parsed: Parsed, request_id: str) -> Response:
    """Return the 400 for a batch whose every record was refused."""
    error = Rejected("no_valid_records")
    body = {"detail": error.detail, "reason": error.reason, "accepted": 0, "rejected": _rejected(parsed)}
    return _response(error.status, body | {"request_id": request_id})


def healthy() -> Response:
    """Return the 200 of `GET /health`: the function runs."""
    return _response(200, {"status": "ok"})


def _log_ids(messages: Sequence[InternalMessage]) -> list[str]:
    return [message.log_id for message in messages]


def _rejected(parsed: Parsed) -> list[dict[str, Any]]:
    return [{"index": i, "reason": reason, "detail": Rejected(reason).detail} for i, reason in parsed.rejected]


def _response(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"} | (headers or {}),
        "body": orjson.dumps(body).decode(),
        "isBase64Encoded": False,
    }
