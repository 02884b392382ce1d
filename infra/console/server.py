"""The console's composition root: its application over a stack, and the server on this machine's own address."""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra import stored_logs
from infra.console import logs, pages
from infra.console.door import Door, Guarded
from infra.console.pages import Pages, Shown
from infra.stack import Stack, StackError


def application(stack: Stack, shown: Shown, zone: tzinfo) -> Starlette:
    """Return the console of a stack, without its door."""
    made = Pages(shown)
    table = stored_logs.table(stack)
    return of_routes(
        made,
        logs.routes(
            logs.Logs(
                pages=made,
                reads=table,
                looks=lambda ask, before, wait: stored_logs.looks(stack, table, ask, before=before, wait=wait),
                now=lambda: datetime.now(UTC),
                zone=zone,
                raw=shown.raw,
            )
        ),
    )


def of_routes(made: Pages, routes: list[Route]) -> Starlette:
    """Return the application of these views, with its assets, its first page, and pages for what it does not have."""
    files = pages.assets()

    def asset(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        return found or made.answer("problem_page", status=404, problem="There is no such file.")

    def missing(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return made.answer("problem_page", status=status, problem="There is no such page.")

    def first(_request: Request) -> Response:
        return RedirectResponse(routes[0].path, status_code=303)

    own = [Route("/", first), Route("/assets/{name}", asset)]
    return Starlette(routes=[*own, *routes], exception_handlers={HTTPException: missing})


def listen(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1 alone; port 0 picks a free one.

    Raises:
        StackError: another program has the port.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise StackError(
            f"Port {port} of 127.0.0.1: {error.strerror}. Take another with --port, or 0 for any."
        ) from error
    listener.listen()
    return listener


def run(app: ASGIApp, listener: socket.socket, *, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Serve until `stop` is set. `tell` gets the address to open, with this start's token in it."""
    port = listener.getsockname()[1]
    door = Door(port, secrets.token_urlsafe(32))
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]  # Hypercorn closes it.
    config.graceful_timeout = 0.5  # Pages that follow never end by themselves.
    config.accesslog = config.errorlog = None
    config.include_server_header = False
    tell(f"http://127.0.0.1:{port}/?token={door.token}")

    async def stopped() -> None:
        while not stop.is_set():  # noqa: ASYNC110 - set by a signal, which knows no loop
            await asyncio.sleep(0.1)

    asyncio.run(serve(Guarded(app, door), config, shutdown_trigger=stopped))  # type: ignore[arg-type] # hypercorn's own ASGI types
