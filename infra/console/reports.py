"""The view of the bench's reports: the runs of one folder, one of them or two side by side."""

from functools import partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.console.pages import Pages

_REPORT: Final = "report.html"
_HEADERS: Final = {
    # The bench's page contains its styles. It runs no script, loads nothing, and is shown in a frame of our page.
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
}


def found(folder: Path) -> dict[str, Path]:
    """Return the reports of the runs in a folder, by the run's name."""
    return {path.parent.name: path for path in sorted(folder.glob(f"*/{_REPORT}"))}


def routes(pages: Pages, folder: Path) -> list[Route]:
    """Return what the view answers to. A request names one of the folder's runs, as they are then, and no file."""
    return [
        Route("/bench", partial(_page, pages, folder)),
        Route("/bench/report", partial(_report, pages, folder)),
    ]


def _page(pages: Pages, folder: Path, request: Request) -> Response:
    reports = found(folder)
    asked = [name for name in request.query_params.getlist("run") if name]
    chosen = [name for name in asked if name in reports][:2]
    missing = [name for name in asked if name not in reports]
    return pages.answer("bench", status=404 if missing else 200, names=list(reports), chosen=chosen, missing=missing)


def _report(pages: Pages, folder: Path, request: Request) -> Response:
    path = found(folder).get(request.query_params.get("run", ""))
    if path is None or not path.is_file():
        return pages.answer("problem_page", status=404, problem="There is no such report.")
    return Response(path.read_bytes(), media_type="text/html; charset=utf-8", headers=_HEADERS)
