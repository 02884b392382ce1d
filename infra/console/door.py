"""Lets in only a browser of this machine that uses the console's own name and has the token of this start.

Checking the name keeps out a foreign site whose name was pointed at this machine (DNS rebinding). Checking the origin
keeps out a foreign site that sends a form here (CSRF). The token keeps out other users and programs of this machine.
"""

import hmac
from collections.abc import Mapping
from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final[Mapping[str, str]] = {
    # Scripts, styles and calls of our own files alone: no inline script, no other host, no frame around us.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-src 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With no-referrer a browser sends `Origin: null` with our own forms (Fetch, "append a request Origin header").
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_HTTP_PORT: Final = 80
_TOKEN: Final = "token"  # noqa: S105 - the parameter's name
_READING: Final = frozenset({"GET", "HEAD"})


_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Console</title>'
    '<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">'
)
_ENTERED: Final = (
    _PAGE + '<meta http-equiv="refresh" content="0;url={0}"></head><body><a href="{0}">Go on</a></body></html>'
)
_UNKNOWN: Final = (
    _PAGE + '</head><body><p>{0}</p><p>If you followed a link to this page, <a href="{1}">go on</a>.</p></body></html>'
)


class Door(NamedTuple):
    """What a request is checked against: the port that the console listens on, and the token of this start."""

    port: int
    token: str

    @property
    def cookie(self) -> str:
        """Return the cookie's name: browsers do not tell the ports of one host apart."""
        return f"rdp_console_{self.port}"

    def judge(self, request: HTTPConnection) -> Response | None:
        """Return the answer to a request that is refused, or None if the request may come in."""
        names = ("127.0.0.1", "localhost")
        hosts = {f"{name}:{self.port}" for name in names}
        if self.port == _HTTP_PORT:  # Browsers leave it out.
            hosts.update(names)
        host = request.headers.get("host", "")
        if host not in hosts:
            return _refusal(f"This is the console of 127.0.0.1:{self.port}, and of no other name.")
        method = request.scope["method"]
        origin = request.headers.get("origin")
        if origin not in {None, f"http://{host}"} or (origin is None and method not in _READING):
            return _refusal("Another site sent this request. It was not done.")
        given = request.query_params.get(_TOKEN)
        if given is not None and method in _READING and self._is_token(given):
            return self._enter(request)
        if not self._is_token(request.cookies.get(self.cookie, "")):
            return self._unknown(request)
        return None

    def _unknown(self, request: HTTPConnection) -> Response:
        """Refuse who has no token. A link on another page comes without our cookie, and once more with it.

        A browser sends a SameSite=Strict cookie only where our own page sends it on.
        """
        sentence = "No token, or that of an earlier start. Open the address that `rdp console` printed."
        if request.scope["method"] not in _READING or request.headers.get("sec-fetch-mode") != "navigate":
            return _refusal(sentence)
        return HTMLResponse(_UNKNOWN.format(sentence, escape(_path(request))), status_code=403)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _enter(self, request: HTTPConnection) -> Response:
        """Move the token from the address into a cookie, because an address is copied and kept.

        By a page of ours that leads on: after a redirect, a browser that came by the private file would not yet send
        the cookie. It replaces the address in the browser's history.
        """
        response = HTMLResponse(_ENTERED.format(escape(_path(request))))
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return response


class Guarded:
    """The application behind the door. Every answer gets the security headers."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # The console has none: before it is accepted, this is a 403.
            await send({"type": "websocket.close"})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._door.judge(HTTPConnection(scope)) or self._app)(scope, receive, send_with_headers)


def _path(request: HTTPConnection) -> str:
    """Return the path and query that were asked for, without the token.

    A path alone, and no second slash at its start: it must not name another host.
    """
    kept = [(name, value) for name, value in parse_qsl(request.url.query, True) if name != _TOKEN]  # noqa: FBT003 - keep_blank_values
    path = "/" + quote(request.url.path.lstrip("/\\"), safe="/%")
    return f"{path}?{urlencode(kept)}" if kept else path


def _refusal(sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status_code=403)
