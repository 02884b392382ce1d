"""No parameter of any view ends in a defect: what cannot be is a sentence, whatever stands in an address."""

from datetime import UTC
from pathlib import Path

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from consumer.query.cursor import encode
from consumer.redact import build
from consumer.timestamps import rfc3339
from infra.console import flow_page, letters, life_page, logs, reports, runbook
from infra.console.flow import Traffic
from infra.console.following import Following
from infra.console.pages import Pages, Shown
from infra.console.places import Lake, Places
from infra.console.search import ask_of, typed
from infra.console.server import of_routes
from infra.console.watch import Look
from infra.counts import Counts
from infra.dead_letter import DeadLetter
from infra.dead_letters import Redriven
from infra.function_log import Entry
from infra.log_life import Traces
from infra.options.zone import named
from ingest.contract.log_ids import MAX_MS, generator
from tests.messages import message
from tests.unit.infra.console.stored import NOW, NOW_MS, Stored, log

_ZONE = named("Pacific/Kiritimati")  # 14 hours ahead: the last day of 9999 is beyond its calendar.
_LAST = "9999-12-31T23:59:59.999Z"
_TIMES = ["9999-12-31", _LAST, "0001-01-01", "1970-01-01", "1969-12-31T23:59:59Z", "10000-01-01", "9999-12-31T23:59-12"]
_IDS = [generator(at_ms, 0)(0) for at_ms in (0, 253_402_300_799_999, 253_402_300_800_000, MAX_MS)]
_HOSTILE = [
    *_TIMES,
    *_IDS,
    f"s07.{_IDS[-1]}",
    "",
    " ",
    "acme",
    "0",
    "-1",
    "1e400",
    str(1 << 62),
    "9" * 400,
    "999999w",
    "٣h",
    "NaN",
    "\x00",
    "\ud7ff\ufffe",
    "'\"<b>",
    "{{ 7 }}",
    "../../etc/passwd",
    "=" * 50,
    '"' * 50,
    "%",
    "a=b " * 400,
    "purge",
    "redrive",
]
_QUERY = {
    "/logs": ("tenant", "since", "until", "words", "severity", "fields", "follow", "source"),
    "/logs/more": ("tenant", "since", "until", "words", "severity", "fields", "cursor"),
    "/logs/histogram": ("tenant", "since", "until", "words", "severity", "fields", "source"),
    "/logs/new": ("tenant", "since", "until", "words", "follow", "name", "looked"),
    "/logs/whole": ("tenant", "log_id", "received_at"),
    "/logs/json": ("tenant", "log_id", "received_at"),
    "/life": ("tenant", "log_id"),
    "/dead-letters": ("tenant", "reason", "id"),
    "/dead-letters/preview": ("tenant", "reason", "id", "action"),
    "/bench": ("run",),
    "/bench/report": ("run",),
    "/runbook": (),
    "/flow": (),
    "/flow/now": (),
}
_OTHERS = {"tenant": "acme", "log_id": "x"}


def _letter(received_at: str) -> DeadLetter:
    log_of = message(tenant_id="acme", received_at=received_at)
    return DeadLetter("m", "r", "{", {}, 1, 1, (log_of,))


def _app(tmp_path: Path) -> tuple[TestClient, set[str]]:
    """Return a client of all views, over logs of every time, and the paths that there are."""
    stored = Stored([replace(log(1, "now"), log_id=log_id, severity="error") for log_id in _IDS])
    pages = Pages(Shown("here", raw=False, allow_changes=True))
    found = [_letter(at) for at in ("", "soon", "0001-01-01T00:00:00Z", _LAST)]
    entries = [Entry(1, "ingest", "[]"), Entry(2, "consumer", "{")]
    routes = [
        *logs.routes(
            logs.Logs(
                pages=pages,
                places=Places(stored, Lake(lambda _: stored, "here"), lambda: 30, lambda: NOW_MS),
                following=Following(stored, lambda _: lambda: NOW_MS),
                now=lambda: NOW,
                zone=_ZONE,
                raw=False,
                erasure_of=lambda _: None,
            )
        ),
        *letters.routes(
            letters.Letters(
                pages=pages,
                look=lambda: found,
                redrive=lambda _: Redriven(0, {}),
                purge=lambda _: (Redriven(0, {}), ""),
                redactor=build,
                allow_changes=True,
                plans={},
            )
        ),
        *life_page.routes(pages, lambda key: Traces(key, stored.get([key]).get(key), found[2:3], (), entries)),
        *life_page.routes(pages, lambda key: Traces(key, None, (), (), entries)),
        *reports.routes(pages, tmp_path),
        *runbook.routes(pages),
        *flow_page.routes(
            flow_page.Flow(
                pages, lambda: Look(Counts(0, 0, 0, 0), Traffic().hour(NOW_MS), 60, [], "", [0]), lambda: NOW, UTC
            )
        ),
    ]
    client = TestClient(of_routes(pages, routes), raise_server_exceptions=False)
    return client, {route.path for route in routes if "GET" in (route.methods or ())}


def test_no_parameter_is_a_defect(tmp_path: Path) -> None:
    """Each hostile value in each parameter of each view; a beginning also with an end behind all calendars."""
    client, paths = _app(tmp_path)
    assert paths == set(_QUERY)
    defects = [
        (path, asked)
        for path, names in _QUERY.items()
        for name in names
        for value in _HOSTILE
        for beside in ([{}, {"until": _LAST}] if name in {"since", "looked"} else [{}])
        if client.get(path, params=(asked := _OTHERS | beside | {name: value})).status_code == 500
    ]
    assert defects == []


@pytest.mark.parametrize("after", _IDS)
def test_no_cursor_is_a_defect(tmp_path: Path, after: str) -> None:
    """Of any place: also one behind the last year."""
    client, _ = _app(tmp_path)
    ask = ask_of(typed({"tenant": "acme", "until": _LAST}), now=NOW, zone=_ZONE, raw=False)
    asked = {"tenant": "acme", "until": _LAST, "cursor": encode(ask, after)}
    assert client.get("/logs/more", params=asked).status_code == 200


@pytest.mark.parametrize("received_at", ["", "soon", "0001-01-01T00:00:00Z", _LAST, rfc3339(NOW_MS)])
def test_a_letter_with_any_time_of_receipt_has_a_life(received_at: str) -> None:
    """A dead letter may be anybody's message."""
    pages = Pages(Shown("here", raw=False, allow_changes=True))
    routes = life_page.routes(pages, lambda key: Traces(key, None, [_letter(received_at)], (), ()))
    client = TestClient(of_routes(pages, routes))
    assert client.get("/life", params=_OTHERS).status_code == 200
