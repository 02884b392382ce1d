"""The console's composition root: its application over a stack, and the server on this machine's own address."""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from consumer import redact
from consumer.redact import Redactor
from consumer.settings import Settings, from_environ
from infra import dead_letters, log_life, log_traces, stored_logs
from infra.console import flow_page, letters, life_page, logs, pages, reports, runbook
from infra.console.door import Door, Guarded
from infra.console.following import Following
from infra.console.pages import Pages, Shown
from infra.console.places import Lake, Places
from infra.console.watch import Watch
from infra.dead_letter import Filter
from infra.dead_letters import Redriven
from infra.erasure import of_log
from infra.purge import purge
from infra.stack import Stack, StackError


def application(stack: Stack, shown: Shown, zone: tzinfo, bench_reports: Path, lake: Lake | None) -> Starlette:
    """Return the console of a stack, without its door. `bench_reports` is a folder of runs, and need not be there."""
    settings = cache(lambda: consumer_settings(stack))

    def kept_days() -> int:
        found = settings()
        return 0 if found is None else found.retention_days

    made = Pages(shown)
    table = stored_logs.table(stack)
    place = stack.place
    _ = place.lambda_, place.logs, place.sqs, place.kinesis, place.cloudwatch  # boto3 makes clients in one thread only.

    def redriven(message_ids: Collection[str]) -> Redriven:
        wanted = Filter(message_ids=frozenset(message_ids))
        return dead_letters.redrive(place.sqs, dlq_url=stack.dlq_url, queue_url=stack.queue_url, wanted=wanted)

    def purged(message_ids: Collection[str]) -> tuple[Redriven, str]:
        kept_in = Path(f"dead-letters-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.ndjson")
        return purge(stack, message_ids, kept_in), str(kept_in)

    return of_routes(
        made,
        [
            *flow_page.routes(flow_page.Flow(made, Watch(stack).look, lambda: datetime.now(UTC), zone)),
            *logs.routes(
                logs.Logs(
                    pages=made,
                    places=Places(table, lake, kept_days, lambda: int(time.time() * 1000)),
                    following=Following(table, partial(stored_logs.aws_clock, stack)),
                    now=lambda: datetime.now(UTC),
                    zone=zone,
                    raw=shown.raw,
                    erasure_of=lambda key: of_log.find(
                        place.dynamodb,
                        stack.table_name,
                        key,
                        log_life.receipt_ms(key, item=None, letters=()),
                    ),
                )
            ),
            *letters.routes(
                letters.Letters(
                    pages=made,
                    look=lambda: dead_letters.look(place.sqs, stack.dlq_url),
                    redrive=redriven,
                    purge=purged,
                    redactor=cache(lambda: None if shown.raw else _redactor(settings())),
                    allow_changes=shown.allow_changes,
                    plans={},
                )
            ),
            *life_page.routes(made, lambda key: log_traces.gather(stack, key)),
            *reports.routes(made, bench_reports),
            *runbook.routes(made),
        ],
    )


def consumer_settings(stack: Stack) -> Settings | None:
    """Return the consumer's settings, None where they may not be read, or the stack does not name the function."""
    try:
        configuration = stack.place.lambda_.get_function_configuration(
            FunctionName=stack.outputs["ConsumerFunctionName"]
        )
        return from_environ(configuration.get("Environment", {}).get("Variables", {}))
    except (BotoCoreError, ClientError, KeyError, ValueError):
        return None


def _redactor(settings: Settings | None) -> Redactor:
    """Return what the consumer redacts with; where its settings may not be read, all rules there are."""
    if settings is None:
        return redact.build(redact.RULE_NAMES)
    return redact.build(settings.redaction_rules, settings.redaction_patterns)


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

    async def alive(_request: Request) -> Response:
        return Response(status_code=204)

    own = [Route("/", first), Route("/alive", alive), Route("/assets/{name}", asset)]
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
    config.graceful_timeout = 0.5  # A browser keeps its connections open.
    config.accesslog = config.errorlog = None
    config.include_server_header = False
    tell(f"http://127.0.0.1:{port}/?token={door.token}")

    async def stopped() -> None:
        while not stop.is_set():  # noqa: ASYNC110 - set by a signal, which knows no loop
            await asyncio.sleep(0.1)

    async def served() -> None:
        asyncio.get_running_loop().set_exception_handler(_told)
        await serve(Guarded(app, door), config, shutdown_trigger=stopped)  # type: ignore[arg-type] # hypercorn's own ASGI types

    asyncio.run(served())


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print what went wrong in the loop, but not that the end cut a connection (Python 3.11 tells it)."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)
