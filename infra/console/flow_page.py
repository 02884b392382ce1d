"""The view of the flow: what stands where, the last hour, and what is wrong right now."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.console import flow, moments
from infra.console.failures import told
from infra.console.pages import Pages
from infra.console.watch import Look

_WIDTH: Final = 600
_HEIGHT: Final = 80


class Flow(NamedTuple):
    """What the view touches."""

    pages: Pages
    look: Callable[[], Look]
    now: Callable[[], datetime]
    zone: tzinfo


def routes(view: Flow) -> list[Route]:
    """Return what the view answers to."""
    return [
        Route("/flow", told(view.pages, partial(_page, view))),
        Route("/flow/now", told(view.pages, partial(_now, view))),
    ]


def _page(view: Flow, _request: Request) -> Response:
    return view.pages.answer("flow")


def _now(view: Flow, _request: Request) -> Response:
    look = view.look()
    charts = [
        (
            *flow.TOLD.get(name, (name, "log", "logs")),
            sum(values),
            max(values),
            flow.line(values[-max(look.minutes, 1) :], width=_WIDTH, height=_HEIGHT),
        )
        for name, values in look.hour.counts.items()
        if name in {"accepted", "stored"} or any(values)
    ]
    return view.pages.answer(
        "flow_now",
        look=look,
        at=moments.shown(int(view.now().timestamp() * 1000), view.zone),
        charts=charts,
        span="hour" if look.minutes >= flow.MINUTES else f"{look.minutes} minutes",
        waiting=flow.line(look.waiting, width=_WIDTH, height=_HEIGHT),
        width=_WIDTH,
        height=_HEIGHT,
    )
