"""The table of routes: method and whole path decide."""

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
        ("POST", "/x//_bulk"),
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


def test_base_path_of_a_custom_domain_is_no_part_of_the_path() -> None:
    """Nothing in the event names the base path, but the gateway says what its own route took for the path."""
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
    """Before every path may stand a tenant, and behind it a key, each once; nothing else is ever cut off a path."""
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
    """No path with a segment with which another route begins, and none with one that begins with a sign."""
    found = _find("POST", path, Routes([_PLAIN, _BULK, _INDEXED]))
    assert (found and found.parameters) == parameters


def test_a_base_path_is_no_index() -> None:
    """What the gateway's own route took for the path is looked at before what is left."""
    routes = Routes([_PLAIN, _BULK, _INDEXED])
    ingest = _find("POST", "/base/ingest", routes, proxy="ingest")
    assert ingest is not None
    assert ingest.dialect is _PLAIN
    document = _find("POST", "/base/shop/doc", routes, proxy="shop/doc")
    assert document is not None
    assert document.parameters == {"index": "shop", "type": "doc"}


def test_handshakes_have_the_prefix_too() -> None:
    """A client asks them under the same base address; a HEAD is its own."""
    routes = Routes([_dialect(handshakes=(("HEAD", "/"), ("GET", "/")))])
    for method in ("HEAD", "GET"):
        for path in ("/", "/t/acme/", "/t/acme"):
            found = _find(method, path, routes)
            assert found is not None
            assert found.handshake is _answer
    assert _find("POST", "/", routes) is None


@pytest.mark.parametrize("route", [("POST", "/ingest"), ("GET", "/health"), ("POST", "/{name}/_bulk")])
def test_two_dialects_cannot_claim_one_route(route: Route) -> None:
    """Which one answers must not depend on their order; a parameter's name makes no difference."""
    with pytest.raises(ValueError, match="Two dialects claim"):
        Routes([_PLAIN, _BULK, _dialect(route)])


def test_the_whole_table_has_no_route_twice() -> None:
    """All dialects in one table: what two of them claim is a ValueError, which no request would ever see."""
    Routes(dialects.ALL)


@pytest.mark.parametrize("name", dialects.LATER)
def test_a_dialect_is_listed_under_the_first_segments_of_its_routes(name: str) -> None:
    """Else a request in its words would not load it; and one that can't be its would."""
    routes = [route for dialect in dialects.load(name) for route in (*dialect.routes, *dialect.handshakes)]
    heads = {path.split("/")[1] for _, path in routes}
    assert set(dialects.LATER[name]) == ({"{}"} if any(head[:1] == "{" for head in heads) else heads)


_PATHS = sorted({route for dialect in dialects.ALL for route in (*dialect.routes, *dialect.handshakes)})


@given(st.lists(st.sampled_from(_PATHS), min_size=1), st.sampled_from(["", "/t/acme", "/t/acme/k/a.b"]))
def test_loading_late_changes_no_request(requests: list[Route], prefix: str) -> None:
    """Whatever came before, a request goes where it goes in a table that was whole from the start."""
    whole = Routes(dialects.ALL)
    late = Routes(dialects.AT_ONCE, dialects.LATER, dialects.load)
    for method, path in requests:
        path = prefix + re.sub(r"\{\w+\}", "x", path)  # noqa: PLW2901 - the request's
        assert _find(method, path, late) == _find(method, path, whole)
        assert _find("BREW", path, late) is None


def test_a_dialect_is_loaded_by_its_first_request() -> None:
    """And by nothing before it: not by the requests of another."""
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
    """Behind a prefix and a stage, too; not two, and not of another dialect."""
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
