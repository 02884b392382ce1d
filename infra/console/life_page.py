"""The view of one log's life: what happened to it, when and why."""

from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumer.item import Key
from infra import log_life
from infra.console.failures import told
from infra.console.pages import Pages
from infra.erasure import of_log
from infra.log_life import Traces


def routes(pages: Pages, gather: Callable[[Key], Traces]) -> list[Route]:
    """Return what the view answers to; `gather` is `infra.log_traces.gather` over the stack."""
    return [Route("/life", told(pages, partial(_page, pages, gather)))]


def _page(pages: Pages, gather: Callable[[Key], Traces], request: Request) -> Response:
    """Answer with the form; where it names a log also with its steps."""
    key = Key(*(request.query_params.get(name, "").strip() for name in ("tenant", "log_id")))
    if not all(key):
        return pages.answer("life", key=key, steps=None, problem="")
    traces = gather(key)
    steps = [log_life.told(step) for step in log_life.life(traces)]
    return pages.answer("life", key=key, steps=steps, problem=_problem(traces))


def _problem(traces: Traces) -> str:
    """Return why the life has no end; "" if it has one."""
    if traces.is_ended:
        return ""
    if traces.is_under_way:
        return log_life.NOT_YET
    return f"It has no row and no dead letter, and perhaps it was never accepted. {of_log.why_absent(traces.erasure)}"
