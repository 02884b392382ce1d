"""Method and whole path choose the route of a request."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.api import dialects
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
_BULK = _dialect(("POST", "/_bulk"), ("POST", "/{index}/_bulk"), ("POST", "/x/{tenant}/_bulk"))
_INDEXED = _dialect(("POST", "/{index}/{type}"), ("POST", "/"))
_ROUTES = Routes([_PLAIN, _BULK])


def _find(method: str, path: str, routes: Routes = _ROUTES, **context: str) -> Match | None:
    proxy = context.pop("proxy", None)
    event: Any = {"requestContext": {"http": {"method": method, "path": path}, "requestId": "r"} | context}
    return routes.find(event | {"routeKey": "ANY /{proxy+}", "pathParameters": {"proxy": proxy} if proxy else None})


@pytest.mark.parametrize(
    ("method", "path", "dialect", "parameters"),
    [
        ("POST", "/ingest", _PLAIN, {}),
        ("POST", "/_bulk", _BULK, {}),
        ("POST", "/logs-2026/_bulk", _BULK, {"index": "logs-2026"}),
        ("POST", "/x/acme/_bulk", _BULK, {"tenant": "acme"}),
    ],
)
def test_request_goes_to_its_dialect(method: str, path: str, dialect: Dialect, parameters: dict[str, str]) -> None:
    """A request goes to the dialect of its method and path; a segment in braces matches any segment and names it."""
    found = _find(method, path)
    assert found is not None
    assert (found.dialect, found.handshake, found.path, found.parameters) == (dialect, None, path, parameters)


def test_handshake_is_answered_by_its_own_function() -> None:
    """A handshake has its own function, because it carries no logs."""
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
        ("POST", "/x//_bulk"),
        ("POST", ""),
        ("POST", "/"),
    ],
)
def test_what_is_no_route_is_nothing(method: str, path: str) -> None:
    """A path with a suffix or an empty segment, or another method, has no route."""
    assert _find(method, path) is None


def test_stage_is_no_part_of_the_path() -> None:
    """A named stage before the path is removed; `$default` is not in the path."""
    found = _find("POST", "/prod/ingest", stage="prod")
    assert found is not None
    assert found.path == "/ingest"
    assert _find("POST", "/prod/ingest", stage="$default") is None
    bulk = _find("POST", "/prod/logs/_bulk", stage="prod")
    assert bulk is not None
    assert (bulk.path, bulk.parameters) == ("/logs/_bulk", {"index": "logs"})


def test_base_path_of_a_custom_domain_is_no_part_of_the_path() -> None:
    """A custom domain's base path, known only from the gateway's proxy parameter, is removed from the path."""
    found = _find("POST", "/v1/ingest", proxy="ingest")
    assert found is not None
    assert (found.dialect, found.path) == (_PLAIN, "/ingest")
    bulk = _find("POST", "/v1/t/acme/logs/_bulk", proxy="t/acme/logs/_bulk")
    assert bulk is not None
    assert bulk.parameters == {"tenant": "acme", "index": "logs"}
    assert _find("POST", "/v1/ingest", proxy="v1/ingest") is None
    assert _find("GET", "/v1/ingest", proxy="ingest") is None


@pytest.mark.parametrize(
    ("path", "dialect", "parameters", "behind"),
    [
        ("/t/acme/ingest", _PLAIN, {"tenant": "acme"}, "/ingest"),
        ("/t/acme/k/secret/ingest", _PLAIN, {"tenant": "acme", "key": "secret"}, "/ingest"),
        ("/t/acme/logs/_bulk", _BULK, {"tenant": "acme", "index": "logs"}, "/logs/_bulk"),
        ("/t/acme/k/_bulk", _INDEXED, {"tenant": "acme", "key": "_bulk"}, "/"),
        ("/t/acme", _INDEXED, {"tenant": "acme"}, "/"),
        ("/t/acme/", _INDEXED, {"tenant": "acme"}, "/"),
        ("/t/acme/k/secret", _INDEXED, {"tenant": "acme", "key": "secret"}, "/"),
        ("/t/acme/shop/y", _INDEXED, {"tenant": "acme", "index": "shop", "type": "y"}, "/shop/y"),
        ("/t/_doc", None, {}, ""),
        ("/t/..", None, {}, ""),
        ("/t/%2e%2e/ingest", None, {}, ""),
        ("/t/../ingest", None, {}, ""),
        ("/t//ingest", None, {}, ""),
        ("/t/a/t/b/ingest", None, {}, ""),
        ("/t/a/k/b/k/c/ingest", None, {}, ""),
        ("/k/secret/t/acme/ingest", None, {}, ""),
        ("/k/secret/ingest", None, {}, ""),
        ("/T/acme/ingest", None, {}, ""),
        ("//t/acme/ingest", None, {}, ""),
        ("/t/acme//ingest", None, {}, ""),
        ("/t/acme/ingest/", None, {}, ""),
        ("/t/acme/../ingest", None, {}, ""),
        ("/t/acme/x/globex/_bulk", None, {}, ""),
    ],
)
def test_prefix_of_tenant_and_key(path: str, dialect: Dialect | None, parameters: dict[str, str], behind: str) -> None:
    """A path may begin with a tenant, then a key, each once; nothing else is removed from it."""
    found = _find("POST", path, Routes([_PLAIN, _BULK, _INDEXED]))
    if dialect is None:
        assert found is None
    else:
        assert found is not None
        assert (found.dialect, found.parameters, found.path) == (dialect, parameters, behind)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/shop/doc", {"index": "shop", "type": "doc"}),
        ("/x/y", None),
        ("/ingest/doc", None),
        ("/health/doc", None),
        ("/prod/ingest", None),
        ("", None),
        ("/shop/_search", None),
        ("/_shop/doc", None),
        ("/shop/", None),
        ("//doc", None),
        ("/shop/doc/1", None),
    ],
)
def test_a_route_of_parameters_alone_takes_what_is_left(path: str, parameters: dict[str, str] | None) -> None:
    """A route of parameters only takes no path whose segments begin with a sign or begin another route."""
    found = _find("POST", path, Routes([_PLAIN, _BULK, _INDEXED]))
    assert (found and found.parameters) == parameters


def test_a_base_path_is_no_index() -> None:
    """The gateway's proxy parameter is tried before a route of parameters only."""
    routes = Routes([_PLAIN, _BULK, _INDEXED])
    ingest = _find("POST", "/base/ingest", routes, proxy="ingest")
    assert ingest is not None
    assert ingest.dialect is _PLAIN
    document = _find("POST", "/base/shop/doc", routes, proxy="shop/doc")
    assert document is not None
    assert document.parameters == {"index": "shop", "type": "doc"}


def test_handshakes_have_the_prefix_too() -> None:
    """Handshakes are answered under the prefix of tenant and key as well, and HEAD has its own route."""
    routes = Routes([_dialect(handshakes=(("HEAD", "/"), ("GET", "/")))])
    for method in ("HEAD", "GET"):
        for path in ("/", "/t/acme/", "/t/acme"):
            found = _find(method, path, routes)
            assert found is not None
            assert found.handshake is _answer
    assert _find("POST", "/", routes) is None


@pytest.mark.parametrize("route", [("POST", "/ingest"), ("GET", "/health"), ("POST", "/{name}/_bulk")])
def test_two_dialects_cannot_claim_one_route(route: Route) -> None:
    """Two dialects with the same route are an error, whatever their parameters are called."""
    with pytest.raises(ValueError, match="Two dialects claim"):
        Routes([_PLAIN, _BULK, _dialect(route)])


def test_the_whole_table_has_no_route_twice() -> None:
    """No two of all dialects have the same route, so that building the whole table raises nothing."""
    Routes(dialects.ALL)


@pytest.mark.parametrize("name", dialects.LATER)
def test_a_dialect_is_listed_under_the_first_segments_of_its_routes(name: str) -> None:
    """A dialect loaded later is listed under exactly the first segments of its routes."""
    routes = [route for dialect in dialects.load(name) for route in (*dialect.routes, *dialect.handshakes)]
    heads = {path.split("/")[1] for _, path in routes}
    assert set(dialects.LATER[name]) == ({"{}"} if any(head[:1] == "{" for head in heads) else heads)


_PATHS = sorted({route for dialect in dialects.ALL for route in (*dialect.routes, *dialect.handshakes)})


@given(st.lists(st.sampled_from(_PATHS), min_size=1), st.sampled_from(["", "/t/acme", "/t/acme/k/a.b"]))
def test_loading_late_changes_no_request(requests: list[Route], prefix: str) -> None:
    """Whatever requests came before, each is routed as in a table in which all dialects are loaded."""
    whole = Routes(dialects.ALL)
    late = Routes(dialects.AT_ONCE, dialects.LATER, dialects.load)
    for method, path in requests:
        path = prefix + re.sub(r"\{\w+\}", "x", path)  # noqa: PLW2901 - the request's
        assert _find(method, path, late) == _find(method, path, whole)
        assert _find("BREW", path, late) is None


def test_a_dialect_is_loaded_by_its_first_request() -> None:
    """A dialect is loaded by its first request, and by no request of another dialect."""
    loaded: list[str] = []

    def load(name: str) -> list[Dialect]:
        loaded.append(name)
        return [{"bulk": _BULK, "indexed": _INDEXED}[name]]

    routes = Routes([_PLAIN], {"bulk": ("_bulk", "x"), "indexed": ("",)}, load)
    assert _find("POST", "/ingest", routes) is not None
    assert _find("POST", "/other", routes) is None
    assert loaded == []
    assert [_find("POST", "/_bulk", routes), _find("POST", "/x/acme/_bulk", routes)] != [None, None]
    assert loaded == ["bulk"]
    found = _find("POST", "/", routes)
    assert found is not None
    assert found.dialect is _INDEXED


def test_one_slash_behind_a_path_is_taken_where_the_dialect_says_so() -> None:
    """One slash after a path is accepted if the dialect allows it, after a prefix or stage too."""
    slashed = _dialect(("POST", "/in/{key}"), ("POST", "/{index}/{type}"))._replace(takes_slash=True)
    routes = Routes([slashed, _PLAIN])
    for path, parameters in (
        ("/in/k/", {"key": "k"}),
        ("/t/acme/in/k/", {"key": "k", "tenant": "acme"}),
        ("/a/b/", {"index": "a", "type": "b"}),
    ):
        found = _find("POST", path, routes)
        assert found is not None
        assert (found.dialect, found.path, found.parameters) == (slashed, found.path.rstrip("/"), parameters)
    assert _find("POST", "/prod/in/k/", routes, stage="prod") is not None
    assert _find("POST", "/base/in/k/", routes, proxy="in/k/") is not None
    for path in ("/in/k//", "/in//", "/ingest/", "//"):
        assert _find("POST", path, routes) is None
