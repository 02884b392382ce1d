"""One request for logs from event to answer: credentials, search, quota, page. Only the order of the steps is here."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

from consumer.item import Item
from consumer.query import cursor, report, request, shown
from consumer.query.page import Reads, TableBusyError, read_page
from ingest.api import tenant
from ingest.api.events import HttpEvent, Response
from ingest.api.request import without_body
from ingest.api.respond import RETRY_AFTER_S
from ingest.contract import exact_json
from ingest.contract.errors import Rejected

RESERVED_S: Final = 5.0
"""Seconds of the invocation that remain when the last read begins: for its retries, and for the answer."""

MAX_PAGE_BYTES: Final = 4_000_000
"""The most bytes of an answer's logs. Lambda takes 6 MB (quotas, November 2026); each of the JSON's quotes takes two
bytes there."""

HEALTH_PATH: Final = "/health"
"""The path of a request that asks only whether the function starts. Who invokes the function sends it: the gateway
leads `GET /health` to ingest."""

_HEADERS: Final = {"content-type": "application/json", "cache-control": "no-store"}


class TakesQuota(Protocol):
    """`ingest.access.quota.count`, over its table and the quota of reads."""

    def __call__(self, tenant_id: str, *, now_s: float) -> str | None:
        """Return None, or why the request could not be counted. Raises: Rejected."""


class Outside(NamedTuple):
    """Everything outside that a request uses. `now_ms` is since the epoch.

    `reader_of(event)` returns the tenant whose logs the request's credentials may read, or raises `Rejected`.
    """

    reader_of: Callable[[HttpEvent], str]
    take_quota: TakesQuota
    reads: Reads
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    write_line: Callable[[str], object]


def respond(event: HttpEvent, *, remaining_s: float, lambda_request_id: str, stack: str, outside: Outside) -> Response:
    """Return the answer to one request, with `remaining_s` left of the invocation. A HEAD has no body."""
    answer = _answer(event, remaining_s=remaining_s, lambda_request_id=lambda_request_id, stack=stack, outside=outside)
    if event["requestContext"]["http"]["method"] == "HEAD":
        answer["body"] = ""
    return answer


def _answer(event: HttpEvent, *, remaining_s: float, lambda_request_id: str, stack: str, outside: Outside) -> Response:
    if event["requestContext"]["http"]["method"] == "OPTIONS":  # A preflight: it brings no credentials.
        return {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}
    if event["requestContext"]["http"]["path"] == HEALTH_PATH:  # No refusal, so no line of one either.
        return _response(200, {"status": "ok"})
    started_s = outside.monotonic()
    now_ms = outside.now_ms()
    request_id = event["requestContext"]["requestId"]
    properties: dict[str, object] = {"request_id": request_id, "lambda_request_id": lambda_request_id}

    def refused(status: int, reason: str, detail: str, *, retry_after_s: int | None = None, **more: str) -> Response:
        outside.write_line(report.refused_line(reason, stack=stack, timestamp_ms=now_ms, properties=properties))
        body = {"detail": detail, "reason": reason, **more, "request_id": request_id}
        return _response(status, body, retry_after_s=retry_after_s)

    try:
        tenant_id = outside.reader_of(event)
        properties["tenants"] = {tenant_id: 1}
        tenant.of_request(without_body(event), tenant_id)
        wanted = request.read(
            event.get("rawQueryString", ""), tenant_id=tenant_id, now=datetime.fromtimestamp(now_ms / 1000, UTC)
        )
        if failure := outside.take_quota(tenant_id, now_s=now_ms / 1000):
            properties["quota_failure"] = failure
        page = read_page(
            outside.reads,
            wanted.ask,
            limit=wanted.limit,
            after=wanted.after,
            is_full=_Filling(MAX_PAGE_BYTES).is_full,
            is_over=lambda: outside.monotonic() > started_s + remaining_s - RESERVED_S,
        )
    except Rejected as rejected:
        return refused(rejected.status, rejected.reason, rejected.detail, retry_after_s=rejected.retry_after_s)
    except request.BadParameterError as error:
        return refused(400, "invalid_parameter", str(error), parameter=error.parameter)
    except TableBusyError as error:
        return refused(503, "table_busy", str(error), retry_after_s=RETRY_AFTER_S)
    outside.write_line(
        report.page_line(
            logs=len(page.items),
            latency_ms=(outside.monotonic() - started_s) * 1000,
            stack=stack,
            timestamp_ms=now_ms,
            properties=properties,
        )
    )
    return _response(
        200,
        {
            "logs": [shown.members(item, raw=False) for item in page.items],
            "cursor": page.after and cursor.encode(wanted.ask, page.after, wanted.typed),
            "more": page.after is not None,
        },
    )


class _Filling:
    """Counts the bytes of the logs taken, as Lambda will hand them on."""

    def __init__(self, most: int) -> None:
        self._left = most

    def is_full(self, item: Item) -> bool:
        """Count a log; return whether the page is full with it. The first log is always taken."""
        encoded = exact_json.encode(shown.members(item, raw=False))
        self._left -= len(encoded) + encoded.count(b'"') + encoded.count(b"\\")
        return self._left <= 0


def _response(status: int, body: Mapping[str, Any], *, retry_after_s: int | None = None) -> Response:
    return {
        "statusCode": status,
        "headers": {**_HEADERS, "retry-after": str(retry_after_s)} if retry_after_s is not None else {**_HEADERS},
        "body": exact_json.encode(body).decode(),
        "isBase64Encoded": False,
    }
