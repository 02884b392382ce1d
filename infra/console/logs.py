"""The view of the logs: a search, its histogram, its rows page by page or as they come, and one log whole."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, NamedTuple

from anyio import to_thread
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from consumer.item import Item, Key
from consumer.query import cursor
from consumer.query.ask import Ask
from consumer.query.page import MAX_LIMIT, Reads, arrival_of, read_page
from consumer.timestamps import rfc3339
from infra.console import histogram, rows, search
from infra.console.failures import told
from infra.console.pages import Pages
from infra.console.search import Search
from infra.terminal.log_lines import local_time
from ingest.contract.log_ids import received_ms
from ingest.contract.message import SEVERITIES

_FIRST_PAGE: Final = 100
_NEXT_PAGE: Final = 200
_COUNTED_PAGES: Final = 5
"""Pages of a thousand that the histogram counts: beyond them it says how far back it looked."""

_BEFORE: Final = 100  # As `rdp logs --follow` begins.
_MOST_FOLLOWERS: Final = 8
"""Pages that follow at once: each holds a thread."""

Looks = Callable[[Ask, int, Callable[[float], bool]], Iterator[list[Item]]]


class Logs(NamedTuple):
    """What the view touches. `looks(ask, before, wait)` is `infra.stored_logs.looks` over the stack's table."""

    pages: Pages
    reads: Reads
    looks: Looks
    now: Callable[[], datetime]
    zone: tzinfo
    raw: bool


def routes(logs: Logs) -> list[Route]:
    """Return what the view answers to."""
    followers = threading.BoundedSemaphore(_MOST_FOLLOWERS)
    return [
        Route("/logs", told(logs.pages, partial(_page, logs))),
        Route("/logs/more", told(logs.pages, partial(_more, logs))),
        Route("/logs/histogram", told(logs.pages, partial(_histogram, logs))),
        Route("/logs/whole", told(logs.pages, partial(_whole, logs))),
        Route("/logs/follow", partial(_follow, logs, followers)),
    ]


def _page(logs: Logs, request: Request) -> Response:
    """Answer with the form; where it names a tenant also with the newest logs, or the place where they come."""
    typed = search.typed(request.query_params)
    context: dict[str, Any] = {"search": typed, "severities": SEVERITIES, "problem": None, "chunk": None, "fixed": ""}
    if not typed.tenant:
        return logs.pages.answer("logs", **context)
    try:
        ask = _ask(logs, typed)
    except search.BadSearchError as error:
        return logs.pages.answer("logs", status=400, **context | {"problem": error})
    context["fixed"] = _fixed(typed, ask).query
    if not typed.follow:
        context["chunk"] = _chunk(logs, typed, ask, limit=_FIRST_PAGE, after=None)
    return logs.pages.answer("logs", **context)


def _more(logs: Logs, request: Request) -> Response:
    """Answer with the next rows behind a cursor."""
    typed = search.typed(request.query_params)
    ask, after = cursor.decode(_ask(logs, typed), request.query_params.get("cursor", ""))
    return logs.pages.answer("chunk", chunk=_chunk(logs, typed, ask, limit=_NEXT_PAGE, after=after))


def _chunk(logs: Logs, typed: Search, ask: Ask, *, limit: int, after: str | None) -> Mapping[str, object]:
    """Return what the template `chunk` shows. `more` is the query of the next page, "" after the last."""
    page = read_page(logs.reads, ask, limit=limit, after=after)
    back_ms = None if page.after is None else received_ms(page.after)
    return {
        "rows": rows.rows(page.items, zone=logs.zone, raw=logs.raw),
        "more": "" if page.after is None else f"{typed.query}&cursor={cursor.encode(ask, page.after)}",
        "back_to": "" if back_ms is None else local_time(rfc3339(back_ms), logs.zone),
        "is_first": after is None,
    }


def _histogram(logs: Logs, request: Request) -> Response:
    """Answer with the bars of the search: of all of it, or of as much of its newest logs as may be read."""
    typed = search.typed(request.query_params)
    ask = _ask(logs, typed)
    arrivals: list[tuple[int, bool]] = []
    after: str | None = None
    for _ in range(_COUNTED_PAGES):
        page = read_page(logs.reads, ask, limit=MAX_LIMIT, after=after)
        arrivals += [(received_ms(arrival_of(item)) or 0, item.severity in {"error", "fatal"}) for item in page.items]
        after = page.after
        if after is None:
            break
    now_ms = int(logs.now().timestamp() * 1000)
    until_ms = now_ms + 1 if ask.until_ms is None else ask.until_ms
    oldest_ms = min((at_ms for at_ms, _ in arrivals), default=until_ms - 1)
    back_ms = received_ms(after) if after else None
    since_ms = oldest_ms if ask.since_ms is None else ask.since_ms
    found = histogram.bars(arrivals, since_ms=since_ms if back_ms is None else back_ms, until_ms=until_ms)
    return logs.pages.answer(
        "histogram",
        search=typed,
        bars=found,
        most=max((bar.logs for bar in found), default=0),
        total=len(arrivals),
        times=[local_time(rfc3339(bar.since_ms), logs.zone)[:19] for bar in found],
        marks=[rfc3339(bar.since_ms) for bar in found] + [rfc3339(bar.until_ms) for bar in found[-1:]],
        back_to="" if back_ms is None else local_time(rfc3339(back_ms), logs.zone)[:19],
    )


def _whole(logs: Logs, request: Request) -> Response:
    """Answer with everything of one log."""
    key = Key(request.query_params.get("tenant", ""), request.query_params.get("log_id", ""))
    item = logs.reads.get([key]).get(key) if all(key) else None
    if item is None:
        problem = f"Tenant {key.tenant_id!r} has no stored log {key.log_id!r} any more."
        return logs.pages.answer("problem", status=404, problem=problem)
    return logs.pages.answer(
        "whole",
        members=list(rows.members(item, zone=logs.zone, raw=logs.raw)),
        text=rows.text_of(item, raw=logs.raw),
        query=rows.query_of(key),
    )


async def _follow(logs: Logs, followers: threading.BoundedSemaphore, request: Request) -> Response:
    """Answer with server-sent events: the newest rows, and then each look's, until the page is left."""
    try:
        ask = _ask(logs, search.typed(request.query_params))
    except search.BadSearchError as error:
        return logs.pages.answer("problem", status=400, problem=str(error))
    if not followers.acquire(blocking=False):
        return logs.pages.answer("problem", status=503, problem=f"{_MOST_FOLLOWERS} pages follow already. Close one.")
    return StreamingResponse(_events(logs, ask, followers), media_type="text/event-stream")


async def _events(logs: Logs, ask: Ask, followers: threading.BoundedSemaphore) -> AsyncIterator[str]:
    stop = threading.Event()
    looks = logs.looks(ask, _BEFORE, stop.wait)
    try:
        while True:
            # Left behind when the page is left: it ends with its look.
            items = await to_thread.run_sync(next, looks, None, abandon_on_cancel=True)
            if items is None:
                return
            found = rows.rows(items[::-1], zone=logs.zone, raw=logs.raw)
            yield _event("rows", logs.pages.text("rows", rows=found)) if found else ": nothing new\n\n"
    except Exception as error:  # noqa: BLE001 - the stream has begun: no status can say it any more
        yield _event("failed", f"Following ended: {error}")
    finally:
        stop.set()
        followers.release()


def _event(name: str, text: str) -> str:
    """Return a server-sent event (HTML, "Server-sent events"): a line break would end its line."""
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"


def _ask(logs: Logs, typed: Search) -> Ask:
    return search.ask_of(typed, now=logs.now(), zone=logs.zone, raw=logs.raw)


def _fixed(typed: Search, ask: Ask) -> Search:
    """Return the search with its times as they are now: `2h` is another time tomorrow."""
    times = [
        "" if at_ms is None or not text else rfc3339(at_ms)
        for text, at_ms in ((typed.since, ask.since_ms), (typed.until, ask.until_ms))
    ]
    return replace(typed, since=times[0], until=times[1])
