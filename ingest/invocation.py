"""One request from event to answer: route, credentials, records, quota, stream, queue. Only their order."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from ingest import report
from ingest.access.principal import WRITE, Credentials, Principal, principal_of
from ingest.api.events import HttpEvent, Response
from ingest.api.parse import parse
from ingest.api.request import Request, from_event, without_body
from ingest.api.respond import not_found
from ingest.api.routes import Match, Routes
from ingest.contract.errors import Rejected
from ingest.settings import Settings
from ingest.sinks.publish import NOTHING, Puts, publish

RESERVED_S: Final = 1.5
"""No call to SQS starts later than this before the invocation's end: it leaves one client timeout and the answer."""


class TakesQuota(Protocol):
    """`ingest.access.quota.take`, bound to its client, table and quota."""

    def __call__(self, *, tenant_id: str, logs: int, body_bytes: int, now_s: float) -> str | None:
        """Return None, or why the request could not be counted. Raises: Rejected."""


class Outside(NamedTuple):
    """Everything outside the program that a request uses. `now_ms` returns milliseconds since the epoch.

    `log_ids(received_ms)` returns one request's function from a log's place in the request to its generated id.
    `write_lines` writes all lines of one request to the function's log.
    """

    put_on_stream: Puts
    enqueue: Puts
    find_key: Callable[[str], Principal]
    take_quota: TakesQuota
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    log_ids: Callable[[int], Callable[[int], str]]
    write_lines: Callable[[list[str]], object]


def respond(
    event: HttpEvent,
    *,
    remaining_s: float,
    lambda_request_id: str,
    settings: Settings,
    routes: Routes,
    outside: Outside,
) -> Response:
    """Return the answer to one request, with `remaining_s` left of the invocation."""
    started_s = outside.monotonic()
    request_id = event["requestContext"]["requestId"]
    match = routes.find(event)
    if match is None:
        return not_found(request_id)
    if match.handshake is not None:
        return match.handshake(_without_body(event, match))
    now_ms = outside.now_ms()
    properties: dict[str, object] = {"request_id": request_id, "lambda_request_id": lambda_request_id}
    principal: str | None = None
    try:
        principal = _authenticated(event, match, settings, outside, properties)  # Before the body is looked at.
        request = from_event(
            event,
            path=match.path,
            parameters=match.parameters,
            request_id=request_id,
            tenant_attribute=settings.tenant_attribute,
        )
        logs = 0
        try:
            parsed = parse(
                request,
                match.dialect,
                received_at=_rfc3339(now_ms),
                log_id_at=outside.log_ids(now_ms),
                principal=principal,
            )
            logs = len(parsed.messages)
        finally:
            if principal is not None:  # The bytes of the body count, even if no log of it is accepted.
                failure = outside.take_quota(
                    tenant_id=principal, logs=logs, body_bytes=len(request.body), now_s=now_ms / 1000
                )
                if failure is not None:
                    properties["quota_failure"] = failure
    except Rejected as rejected:
        if rejected.reason == "over_quota":
            properties["tenants"] = {principal: 1}
        outside.write_lines(
            report.rejected_lines(rejected, stack=settings.stack_name, timestamp_ms=now_ms, properties=properties)
        )
        return match.dialect.refuse(rejected, _without_body(event, match))
    published = NOTHING
    if parsed.messages:
        published = publish(
            parsed.messages,
            stream=outside.put_on_stream,
            stream_until_s=started_s + settings.stream_budget_ms / 1000,
            queue=outside.enqueue,
            queue_until_s=started_s + remaining_s - RESERVED_S,
        )
    lines = report.accepted_lines(
        parsed,
        published,
        stack=settings.stack_name,
        timestamp_ms=now_ms,
        latency_ms=(outside.monotonic() - started_s) * 1000,
        properties=properties,
    )
    outside.write_lines(lines)
    return match.dialect.answer(parsed, published.not_enqueued, request)


def _authenticated(
    event: HttpEvent, match: Match, settings: Settings, outside: Outside, properties: dict[str, object]
) -> str | None:
    """Return the tenant that the credentials belong to, None without authentication. Sets `key_id` in `properties`.

    Raises:
        Rejected: as `principal_of`.
    """
    if settings.authentication == "none":
        return None
    asks = _without_body(event, match)
    sender = principal_of(
        event,
        Credentials(asks.headers, asks.query, asks.parameters),
        scope=WRITE,
        authentication=settings.authentication,
        jwt_tenant_claim=settings.jwt_tenant_claim,
        find_key=outside.find_key,
    )
    if sender.key_id:
        properties["key_id"] = sender.key_id
    return sender.tenant_id


def _without_body(event: HttpEvent, match: Match) -> Request:
    request_id = event["requestContext"]["requestId"]
    return without_body(event, path=match.path, parameters=match.parameters, request_id=request_id)


def _rfc3339(now_ms: int) -> str:
    return f"{_second(now_ms // 1000)}.{now_ms % 1000:03}Z"


@lru_cache(maxsize=1)  # Many requests arrive in the same second.
def _second(now_s: int) -> str:
    return datetime.fromtimestamp(now_s, UTC).isoformat()[:-6]
