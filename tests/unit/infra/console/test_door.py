"""Who comes in, and who does not."""

import html
import re
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from infra.console.door import HEADERS, Door, Guarded

_DOOR = Door(8642, "the-token")
_OWN = "http://127.0.0.1:8642"


def _client() -> TestClient:
    def said(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"in {request.method}")

    app = Starlette(routes=[Route("/{path:path}", said, methods=["GET", "POST"])])
    return TestClient(Guarded(app, _DOOR), base_url=_OWN, follow_redirects=False)


def _leads_to(page: str) -> str:
    found = re.search(r'<a href="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def _inside() -> TestClient:
    client = _client()
    client.cookies.set(_DOOR.cookie, _DOOR.token)
    return client


def test_the_token_opens_and_leaves_the_address() -> None:
    """The printed address sets a cookie that no script reads and no other site sends, and leads on without it."""
    answer = _client().get("/logs?token=the-token&tenant=a%26b")
    assert (answer.status_code, _leads_to(answer.text)) == (200, "/logs?tenant=a%26b")
    assert "the-token" not in answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("rdp_console_8642=the-token;")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert _inside().get("/logs").text == "in GET"


@pytest.mark.parametrize("path", ["/", "/logs", "/assets/console.js", "/logs?token=wrong", "/logs?token=", "/?token=ä"])
def test_without_the_token_nobody_comes_in(path: str) -> None:
    """No page, no asset, no wrong token; nor a cookie of an earlier start."""
    client = _client()
    assert client.get(path).status_code == 403
    client.cookies.set(_DOOR.cookie, "earlier")
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8642.evil.example", ""])
def test_a_foreign_host_is_refused(host: str) -> None:
    """DNS rebinding: also with the token."""
    assert _inside().get("/logs?token=the-token", headers={"host": host}).status_code == 403
    assert _inside().get("/logs", headers={"host": "localhost:8642"}).status_code == 200


def test_port_80_is_not_named_by_a_browser() -> None:
    """Then both names come in without a port, and a foreign one does not."""
    door = Door(80, "the-token")
    app = Guarded(PlainTextResponse("in"), door)
    for host, status in (("127.0.0.1", 200), ("localhost", 200), ("127.0.0.1:80", 200), ("evil.example", 403)):
        client = TestClient(app, base_url="http://127.0.0.1", cookies={door.cookie: door.token})
        own = {"host": host, "origin": f"http://{host}"}
        assert client.get("/", headers=own).status_code == status


def test_a_link_on_another_page_is_asked_once() -> None:
    """The browser sends no cookie with it: the refusal leads on to the same place, which sends it; a form is not."""
    client = _client()
    refused = client.get("/logs?tenant=a%26b", headers={"sec-fetch-mode": "navigate"})
    assert (refused.status_code, _leads_to(refused.text)) == (403, "/logs?tenant=a%26b")
    assert "No token" in refused.text
    assert "<a" not in client.get("/logs").text


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8642", "http://127.0.0.1:80"])
def test_a_foreign_origin_is_refused(origin: str) -> None:
    """CSRF: a foreign page neither reads nor changes, also with the cookie."""
    for method in ("GET", "POST"):
        assert _inside().request(method, "/logs", headers={"origin": origin}).status_code == 403


def test_a_change_says_where_it_comes_from() -> None:
    """A POST without an origin is no browser's form of ours; the token in its address is no cookie."""
    assert _inside().post("/logs").status_code == 403
    assert _inside().post("/logs", headers={"origin": _OWN}).text == "in POST"
    assert _client().post("/logs?token=the-token", headers={"origin": _OWN}).status_code == 403


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "///evil.example", "/a%22%3E<b>"])
def test_the_way_in_leads_to_no_other_host(path: str) -> None:
    """Where the page leads on, with the token or without, is a path of ours, and no markup."""
    found = _client().get(f"{_OWN}{path}?token=the-token")
    refused = _client().get(f"{_OWN}{path}", headers={"sec-fetch-mode": "navigate"})
    assert (found.status_code, refused.status_code) == (200, 403)
    for answer in (found, refused):
        location = _leads_to(answer.text)
        assert urlsplit(location).netloc == ""
        assert location.replace("\\", "/")[:2] != "//"
        assert "<b>" not in answer.text


def test_every_answer_forbids_what_the_page_does_not_need() -> None:
    """Inline scripts, foreign hosts, frames and caches, in refusals too."""
    for answer in (_client().get("/"), _inside().get("/")):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("origin", [_OWN, "http://evil.example"])
def test_a_socket_is_refused(origin: str) -> None:
    """The console has none: whoever asks, with the cookie at hand, is refused before anything is said, and told so."""
    with (
        pytest.raises(WebSocketDisconnect),
        _inside().websocket_connect("/logs/new", headers={"origin": origin}),
    ):
        pytest.fail("It was accepted.")
