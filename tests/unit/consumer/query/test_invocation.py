"""A request for logs from event to answer: which tenant's logs, how many, and what each refusal says."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from consumer.query.invocation import MAX_PAGE_BYTES, Outside, respond
from consumer.query.page import Found, TableBusyError
from consumer.query.ranges import Range
from ingest.api.events import Response
from ingest.contract.errors import Rejected
from tests.unit.consumer.query.memory_table import TENANT, MemoryTable, log

_NOW_MS = 1_795_833_985_000
_LAMBDA_MOST = 6_291_456  # "Invocation payload", Lambda quotas, November 2026.


class _World:
    """Everything that the reader calls; the credentials are `tenant_id`'s, and `reject` refuses them."""

    def __init__(self, table: MemoryTable) -> None:
        self.table = table
        self.tenant_id = TENANT
        self.reject: Rejected | None = None
        self.quota: Callable[[], str | None] = lambda: None
        self.lines: list[dict[str, Any]] = []
        self.clock_s = 100.0

    def ask(
        self, headers: dict[str, str] | None = None, method: str = "GET", **parameters: object
    ) -> tuple[Response, Any]:
        """Return the answer to a request, and its body."""

        def reader_of(_: object) -> str:
            if self.reject is not None:
                raise self.reject
            return self.tenant_id

        query = urlencode(parameters, doseq=True)
        response = respond(
            {
                "requestContext": {"requestId": "r1", "http": {"method": method, "path": "/logs"}},
                "headers": headers,
                "rawQueryString": query,
                "queryStringParameters": {name: str(value) for name, value in parameters.items()} or None,
            },
            remaining_s=10.0,
            lambda_request_id="l1",
            stack="rdp",
            outside=Outside(
                reader_of=reader_of,
                take_quota=lambda tenant_id, now_s: self.quota(),  # noqa: ARG005 - the quota's names
                reads=self.table,
                now_ms=lambda: _NOW_MS,
                monotonic=lambda: self.clock_s,
                write_line=lambda line: self.lines.append(json.loads(line)),
            ),
        )
        return response, json.loads(response["body"] or "null")


@pytest.fixture
def world() -> _World:
    """Twenty logs of the tenant's, each third with its own id, and one of a tenant whose name begins with its name."""
    table = MemoryTable()
    for number in range(20):
        item = log(_NOW_MS + number, 0, f"call 555-01{number:02}", log_id=None if number % 3 else f"own-{number}")
        table.store(replace(item, modified_data=f"call [REDACTED] {number}"))
    table.store(log(_NOW_MS, 0, "theirs", tenant_id=f"{TENANT}2"))
    return _World(table)


def test_a_page_holds_redacted_text_and_no_original(world: _World) -> None:
    """A page has the redacted text under the API's names, no original text, and a header against caching."""
    response, body = world.ask(limit=2)
    assert response["statusCode"] == 200
    assert response["headers"]["cache-control"] == "no-store"
    assert [entry["text"] for entry in body["logs"]] == ["call [REDACTED] 19", "call [REDACTED] 18"]
    assert body["logs"][0].keys() >= {"tenant_id", "log_id", "source", "received_at", "text"}
    assert "555" not in response["body"]
    (line,) = world.lines
    assert (line["reads"], line["logs_read"], line["service"], line["tenants"]) == (1, 2, "reader", {TENANT: 1})


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 3, 20, 100])
def test_cursors_lead_through_all_logs_once(world: _World, limit: int, order: str) -> None:
    """Cursors lead through all logs once, to a last page that says that there is no more."""
    texts: list[str] = []
    more: dict[str, Any] = {}
    while True:
        _, body = world.ask(limit=limit, order=order, **more)
        texts += [entry["text"] for entry in body["logs"]]
        assert body["more"] == (body["cursor"] is not None)
        if not body["more"]:
            break
        more = {"cursor": body["cursor"]}
    expected = [f"call [REDACTED] {number}" for number in range(20)]
    assert texts == (expected if order == "oldest" else expected[::-1])


def test_another_tenant_is_forbidden_wherever_it_is_named(world: _World) -> None:
    """A request that names another tenant, in query or header, is forbidden; its own tenant may be named."""
    other = f"{TENANT}2"
    for response, body in (
        world.ask(tenant_id=other),
        world.ask({"x-tenant-id": other}),
        world.ask({"X-Scope-OrgID": other}),
    ):
        assert (response["statusCode"], body["reason"]) == (403, "tenant_forbidden")
        assert "logs" not in body
    response, body = world.ask({"x-tenant-id": TENANT}, tenant_id=TENANT)
    assert (response["statusCode"], len(body["logs"])) == (200, 20)
    assert world.table.queries
    assert {item.tenant_id for item in world.table.items.values()} == {TENANT, other}


def test_a_cursor_of_another_tenant_is_refused(world: _World) -> None:
    """Two tenants cannot use each other's cursors, though one name begins with the other."""
    _, mine = world.ask(limit=1)
    world.tenant_id = f"{TENANT}2"
    response, body = world.ask(limit=1, cursor=mine["cursor"])
    assert (response["statusCode"], body["parameter"]) == (400, "cursor")
    assert "another search" in body["detail"]


@pytest.mark.parametrize("parameters", [{}, {"limit": "many"}])
def test_a_head_is_a_get_without_its_body(world: _World, parameters: dict[str, Any]) -> None:
    """A HEAD gets the status and headers of the GET without the body."""
    response, body = world.ask(method="HEAD", **parameters)
    assert body is None
    assert response == world.ask(**parameters)[0] | {"body": ""}


def test_a_preflight_needs_no_credentials_and_counts_as_no_read(world: _World) -> None:
    """A browser sends none with it and takes no answer but a 2xx; the gateway adds the CORS headers."""
    world.reject = Rejected("missing_credentials")
    response, body = world.ask(method="OPTIONS", limit="many")
    assert (response["statusCode"], body) == (204, None)
    assert world.lines == []


def test_a_cursor_with_another_time_is_refused(world: _World) -> None:
    """A cursor with another time is refused; with the same time, or none, the search continues."""
    _, page = world.ask(limit=1, since="2h")
    cases: list[tuple[dict[str, Any], int]] = [
        ({"since": "3h"}, 400),
        ({"since": "2h", "until": "1h"}, 400),
        ({"since": "2h"}, 200),
        ({}, 200),
    ]
    for times, status in cases:
        response, body = world.ask(limit=1, cursor=page["cursor"], **times)
        assert response["statusCode"] == status, times
        assert status == 200 or body["parameter"] == "cursor"


def test_refused_credentials_read_nothing(world: _World) -> None:
    """Bad credentials give the reason's status, and the table is not called."""
    world.reject = Rejected("tenant_forbidden")
    response, body = world.ask()
    assert (response["statusCode"], body) == (
        403,
        {"detail": world.reject.detail, "reason": "tenant_forbidden", "request_id": "r1"},
    )
    assert world.table.queries == []


def test_a_bad_parameter_is_named_and_costs_no_quota(world: _World) -> None:
    """A bad parameter is a 400 that names it, before anything is counted or read."""

    def counted() -> str | None:
        raise AssertionError("counted")

    world.quota = counted
    response, body = world.ask(limit="many")
    assert (response["statusCode"], body["reason"], body["parameter"]) == (400, "invalid_parameter", "limit")
    assert world.lines[0]["reason"] == "invalid_parameter"
    assert world.table.queries == []


def test_a_quota_used_up_says_when_it_ends(world: _World) -> None:
    """A used-up quota is a 429 with Retry-After, and a counter that fails refuses nobody."""

    def over() -> str | None:
        raise Rejected("over_quota", 17)

    world.quota = over
    response, body = world.ask()
    assert (response["statusCode"], body["reason"], response["headers"]["retry-after"]) == (429, "over_quota", "17")
    assert world.table.queries == []
    world.quota = lambda: "ThrottlingException"
    assert world.ask()[0]["statusCode"] == 200
    assert world.lines[-1]["quota_failure"] == "ThrottlingException"


def test_an_answer_is_never_longer_than_lambda_takes(world: _World) -> None:
    """A page that would be too long for Lambda ends early, and the next one continues after it."""
    world.table.items.clear()
    for number in range(30):
        world.table.store(log(_NOW_MS + number, 0, '"\\\x01' * 50_000))
    seen = 0
    more: dict[str, Any] = {}
    while True:
        response, body = world.ask(limit=1000, **more)
        assert len(json.dumps(response).encode()) < _LAMBDA_MOST
        assert len(response["body"].encode()) > MAX_PAGE_BYTES / 3 or not body["more"]
        seen += len(body["logs"])
        if not body["more"]:
            break
        more = {"cursor": body["cursor"]}
    assert seen == 30


class _Slow(MemoryTable):
    """A table whose every read takes `read_s`; after `busy_after` reads it is throttled."""

    def __init__(self, world: _World, read_s: float, *, busy_after: int = 1_000_000) -> None:
        super().__init__()
        self.items = world.table.items
        self._world = world
        self._read_s = read_s
        self._left = busy_after

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield one log at a time."""
        for page in super().query(tenant_id, within, newest_first=newest_first, limit=min(limit, 1)):
            if self._left <= 0:
                raise TableBusyError("DynamoDB is throttled.")
            self._left -= 1
            self._world.clock_s += self._read_s
            yield page


@pytest.mark.parametrize("slow", [{"read_s": 1.0}, {"read_s": 0.0, "busy_after": 5}])
def test_time_that_ends_or_a_throttle_is_a_page_and_a_cursor(world: _World, slow: dict[str, Any]) -> None:
    """If time ends or the table throttles, the page has what was read, and the next one continues after it."""
    texts: list[str] = []
    more: dict[str, Any] = {}
    for _ in range(40):
        world.table = _Slow(world, **slow)
        response, body = world.ask(**more)
        assert response["statusCode"] == 200
        texts += [entry["text"] for entry in body["logs"]]
        if not body["more"]:
            break
        more = {"cursor": body["cursor"]}
    assert texts == [f"call [REDACTED] {number}" for number in range(19, -1, -1)]


def test_a_table_that_gives_nothing_is_asked_again_later(world: _World) -> None:
    """If not even one log can be read, the answer is a 503 with Retry-After."""
    world.table = _Slow(world, 0.0, busy_after=0)
    response, body = world.ask()
    assert (response["statusCode"], body["reason"]) == (503, "table_busy")
    assert int(response["headers"]["retry-after"]) > 0
