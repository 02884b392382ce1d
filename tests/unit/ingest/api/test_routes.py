"""The table of routes: method and whole path decide."""

from typing import Any

import pytest

from ingest.api.dialect import Dialect, Records, Route
from ingest.api.events import Response
from ingest.api.request import Request
from ingest.api.respond import json_response
from ingest.api.routes import Match, Routes


def _read(_: Request) -> Records:
    return Records([], is_batch=True, source="text_upload")


def _answer(*_: object) -> Response:
    return json_response(200, {})


def _dialect(*routes: Route, handshakes: tuple[Route, ...] = ()) -> Dialect:
    return Dialect(routes, _read, _answer, _answer, dict.fromkeys(handshakes, _answer))


_PLAIN = _dialect(("POST", "/ingest"), handshakes=(("GET", "/health"),))
_BULK = _dialect(("POST", "/_bulk"), ("POST", "/{index}/_bulk"), ("POST", "/t/{tenant}/_bulk"))
_ROUTES = Routes([_PLAIN, _BULK])


def _find(method: str, path: str, routes: Routes = _ROUTES, **context: str) -> Match | None:
    key = context.pop("route_key", "$default")
    event: Any = {"requestContext": {"http": {"method": method, "path": path}, "requestId": "r"} | context}
    return routes.find(event | {"routeKey": key})


@pytest.mark.parametrize(
    ("method", "path", "dialect", "parameters"),
    [
        ("POST", "/ingest", _PLAIN, {}),
        ("POST", "/_bulk", _BULK, {}),
        ("POST", "/logs-2026/_bulk", _BULK, {"index": "logs-2026"}),
        ("POST", "/t/acme/_bulk", _BULK, {"tenant": "acme"}),
    ],
)
def test_request_goes_to_its_dialect(method: str, path: str, dialect: Dialect, parameters: dict[str, str]) -> None:
    """By its method and path; a segment in braces takes any one segment, and says which."""
    found = _find(method, path)
    assert found is not None
    assert (found.dialect, found.handshake, found.path, found.parameters) == (dialect, None, path, parameters)


def test_handshake_is_answered_by_its_own_function() -> None:
    """It carries no logs."""
    found = _find("GET", "/health")
    assert found is not None
    assert found.handshake is _answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ingest"),
        ("POST", "/health"),
        ("POST", "/x/health"),
        ("POST", "/x/ingest"),
        ("POST", "/ingest/"),
        ("POST", "/INGEST"),
        ("POST", "//_bulk"),
        ("POST", "/a/b/_bulk"),
        ("POST", "/t//_bulk"),
        ("POST", ""),
        ("POST", "/"),
    ],
)
def test_what_is_no_route_is_nothing(method: str, path: str) -> None:
    """No suffix, no other method, no empty segment."""
    assert _find(method, path) is None


def test_stage_is_no_part_of_the_path() -> None:
    """A stage with a name stands before the path; `$default` does not."""
    found = _find("POST", "/prod/ingest", stage="prod")
    assert found is not None
    assert found.path == "/ingest"
    assert _find("POST", "/prod/ingest", stage="$default") is None
    bulk = _find("POST", "/prod/logs/_bulk", stage="prod")
    assert bulk is not None
    assert (bulk.path, bulk.parameters) == ("/logs/_bulk", {"index": "logs"})


def test_base_path_of_a_custom_domain_leaves_it_to_the_gateways_route() -> None:
    """Nothing in the event names the base path, but the gateway says which of its routes it took."""
    found = _find("POST", "/v1/ingest", route_key="POST /ingest")
    assert found is not None
    assert found.dialect is _PLAIN
    assert _find("POST", "/v1/ingest", route_key="ANY /{proxy+}") is None
    assert _find("GET", "/v1/ingest", route_key="POST /ingest") is None


@pytest.mark.parametrize("route", [("POST", "/ingest"), ("GET", "/health"), ("POST", "/{name}/_bulk")])
def test_two_dialects_cannot_claim_one_route(route: Route) -> None:
    """Which one answers must not depend on their order; a parameter's name makes no difference."""
    with pytest.raises(ValueError, match="Two dialects claim"):
        Routes([_PLAIN, _BULK, _dialect(route)])
