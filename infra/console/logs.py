"""The view of the logs: a search, its histogram, its rows page by page or as they come, and one log whole."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumer.item import Item, Key
from consumer.query import cursor
from consumer.query.ask import Ask
from consumer.query.page import MAX_LIMIT, Reads, read_page
from consumer.timestamps import epoch_ms
from infra.console import histogram, moments, rows, search
from infra.console.failures import NoSuchLogError, told
from infra.console.following import Following
from infra.console.pages import Pages
from infra.console.places import Places
from infra.console.search import Search
from infra.console.weight import PAGE_BYTES, Weight
from infra.erasure.of_log import ErasureOfLog
from infra.terminal.log_lines import as_json
from infra.terminal.text import printable_json
from ingest.contract.log_ids import received_ms
from ingest.contract.message import SEVERITIES

_PAGE: Final = 100
_COUNTED: Final = 5_000
"""Logs that the histogram counts at most, in so many reads and of so many bytes: then it says how far back it was."""
_COUNTED_READS: Final = 5
_COUNTED_BYTES: Final = 4 * PAGE_BYTES

_MS: Final = re.compile("[0-9]{1,15}", re.ASCII)


class Logs(NamedTuple):
    """What the view touches. `erasure_of(key)` returns the erasure of a log that is not stored, None without one."""

    pages: Pages
    places: Places
    following: Following
    now: Callable[[], datetime]
    zone: tzinfo
    raw: bool
    erasure_of: Callable[[Key], ErasureOfLog | None]


def routes(logs: Logs) -> list[Route]:
    """Return what the view answers to."""
    return [
        Route("/logs", told(logs.pages, partial(_page, logs))),
        Route("/logs/more", told(logs.pages, partial(_more, logs))),
        Route("/logs/histogram", told(logs.pages, partial(_histogram, logs))),
        Route("/logs/whole", told(logs.pages, partial(_whole, logs))),
        Route("/logs/json", told(logs.pages, partial(_json, logs))),
        Route("/logs/new", told(logs.pages, partial(_new, logs))),
    ]


def _page(logs: Logs, request: Request) -> Response:
    """Answer with the form; where it names a tenant also with the newest logs, or the place where they come."""
    typed = search.typed(request.query_params)
    context: dict[str, Any] = {"search": typed, "severities": SEVERITIES, "problem": None, "chunk": None, "fixed": ""}
    context |= {"has_lake": logs.places.lake is not None, "note": None}
    if not typed.tenant:
        return logs.pages.answer("logs", **context)
    try:
        ask = _ask(logs, typed)
        context["note"] = logs.places.note(typed, ask)
    except search.BadSearchError as error:
        return logs.pages.answer("logs", status=400, **context | {"problem": error})
    context["fixed"] = _fixed(typed, ask).query
    if not typed.follow:
        context["chunk"] = _chunk(logs, typed, ask, after=None)
    return logs.pages.answer("logs", **context)


def _more(logs: Logs, request: Request) -> Response:
    """Answer with the next rows behind a cursor."""
    typed = search.typed(request.query_params)
    ask, after, _ = cursor.decode(_ask(logs, typed), request.query_params.get("cursor", ""))
    return logs.pages.answer("chunk", chunk=_chunk(logs, typed, ask, after=after))


def _chunk(logs: Logs, typed: Search, ask: Ask, *, after: str | None) -> Mapping[str, object]:
    """Return what the template `chunk` shows. `more` is the query of the next page, "" after the last."""
    page = read_page(logs.places.reads(typed, ask), ask, limit=_PAGE, after=after, is_full=Weight().is_full)
    back_ms = None if page.after is None else received_ms(page.after)
    return {
        "rows": rows.rows(
            page.items, zone=logs.zone, raw=logs.raw, in_lake=logs.places.lake_of(typed, ask) is not None
        ),
        "more": "" if page.after is None else f"{typed.query}&cursor={cursor.encode(ask, page.after)}",
        "back_to": "" if back_ms is None else moments.shown(back_ms, logs.zone),
        "is_first": after is None,
        "is_future": ask.since_ms is not None and ask.since_ms > int(logs.now().timestamp() * 1000),
        "wider": "" if typed == (wider := Search(tenant=typed.tenant)) else wider.query,
    }


def _histogram(logs: Logs, request: Request) -> Response:
    """Answer with the bars of the search: of all of it, or of as much of its newest logs as may be read."""
    typed = search.typed(request.query_params)
    ask = _ask(logs, typed)
    arrivals, back_ms = _arrivals(logs.places.reads(typed, ask), ask)
    now_ms = int(logs.now().timestamp() * 1000)
    until_ms = now_ms + 1 if ask.until_ms is None else ask.until_ms
    # A log's time may be in the future, by a wrong clock or an invented id.
    until_ms = max(until_ms, max((at_ms for at_ms, _ in arrivals), default=0) + 1)
    oldest_ms = min((at_ms for at_ms, _ in arrivals), default=until_ms - 1)
    since_ms = oldest_ms if ask.since_ms is None else ask.since_ms
    since_ms = min(since_ms if back_ms is None else back_ms, oldest_ms, until_ms - 1)
    found = histogram.bars(arrivals, since_ms=since_ms, until_ms=until_ms)
    return logs.pages.answer(
        "histogram",
        search=typed,
        bars=found,
        most=max((bar.logs for bar in found), default=0),
        total=len(arrivals),
        times=[moments.shown(bar.since_ms, logs.zone) for bar in found],
        marks=[moments.sent(bar.since_ms) for bar in found] + [moments.sent(bar.until_ms) for bar in found[-1:]],
        back_to="" if back_ms is None else moments.shown(back_ms, logs.zone),
    )


def _arrivals(reads: Reads, ask: Ask) -> tuple[list[tuple[int, bool]], int | None]:
    """Return (ms since the epoch, is it grave) of the newest logs, and how far back that was, None where it was all."""
    arrivals: list[tuple[int, bool]] = []
    after: str | None = None
    read_bytes = 0
    for _ in range(_COUNTED_READS):
        weight = Weight()
        limit = min(MAX_LIMIT, _COUNTED - len(arrivals))
        page = read_page(reads, ask, limit=limit, after=after, is_full=weight.is_full)
        arrivals += [(epoch_ms(item.received_at), item.severity in {"error", "fatal"}) for item in page.items]
        after = page.after
        read_bytes += weight.bytes
        if after is None or len(arrivals) >= _COUNTED or read_bytes >= _COUNTED_BYTES:
            break
    return arrivals, received_ms(after) if after else None


def _whole(logs: Logs, request: Request) -> Response:
    """Answer with everything of one log."""
    item = _one(logs, request)
    return logs.pages.answer(
        "whole",
        tenant=item.tenant_id,
        members=list(rows.members(item, zone=logs.zone, raw=logs.raw)),
        text=rows.text_of(item, raw=logs.raw),
        query=rows.query_of(item.key),
        json_query=request.url.query,
    )


def _json(logs: Logs, request: Request) -> Response:
    """Answer with one log as `rdp logs --json` prints it."""
    line = printable_json(as_json(_one(logs, request), raw=logs.raw))
    return Response(line + "\n", media_type="application/json")


def _one(logs: Logs, request: Request) -> Item:
    """Return the log that the address names.

    Raises:
        NoSuchLogError: it is not stored, or no more.
    """
    key = Key(request.query_params.get("tenant", ""), request.query_params.get("log_id", ""))
    reads = logs.places.reads_of(key.tenant_id, request.query_params.get("received_at", ""))
    item = reads.get([key]).get(key) if all(key) else None
    if item is None:
        erasure = logs.erasure_of(key) if all(key) else None
        why = f" {erasure.sentence}" if erasure else ""
        raise NoSuchLogError(f"Tenant {key.tenant_id!r} has no stored log {key.log_id!r} any more.{why}")
    return item


def _new(logs: Logs, request: Request) -> Response:
    """Answer a page that follows with what was stored since its last answer, and with what to ask for next."""
    typed = search.typed(request.query_params)
    since = request.query_params.get("looked", "")
    since_ms = min(int(since), moments.LAST_MS) if _MS.fullmatch(since) else None
    look = logs.following.look(_ask(logs, typed), name=request.query_params.get("name", ""), since_ms=since_ms)
    gap = None
    if look.gap is not None:
        since_ms, until_ms = look.gap
        within = replace(typed, follow="", since=moments.sent(since_ms), until=moments.sent(until_ms))
        gap = (moments.shown(since_ms, logs.zone), moments.shown(until_ms, logs.zone), within.query, look.name)
    return logs.pages.answer(
        "new",
        rows=rows.rows(look.items[::-1], zone=logs.zone, raw=logs.raw),
        gap=gap,
        next=f"{typed.query}&{urlencode({'name': look.name, 'looked': look.looked_ms})}",
    )


def _ask(logs: Logs, typed: Search) -> Ask:
    return search.ask_of(typed, now=logs.now(), zone=logs.zone, raw=logs.raw)


def _fixed(typed: Search, ask: Ask) -> Search:
    """Return the search with relative times made absolute: `2h` means another time tomorrow."""
    times = [
        "" if at_ms is None or not text else moments.sent(at_ms)
        for text, at_ms in ((typed.since, ask.since_ms), (typed.until, ask.until_ms))
    ]
    return replace(typed, since=times[0], until=times[1])
