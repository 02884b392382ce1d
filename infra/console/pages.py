"""The console's templates, rendered: every value is escaped, and none can be marked as safe."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

from starlette.responses import HTMLResponse, Response

from infra.console import templating

_ASSETS: Final[Mapping[str, str]] = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "again.js": "text/javascript; charset=utf-8",
    "near_rows.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "htmx-2.0.11.min.js": "text/javascript; charset=utf-8",
}


class Shown(NamedTuple):
    """What every page says: which stack it is of, whether texts are the original ones, whether changes are allowed.

    `zone` is the name of the zone of all times that name none.
    """

    where: str
    raw: bool
    allow_changes: bool
    zone: str = "UTC"


class Pages:
    """Renders a template by its name."""

    def __init__(self, shown: Shown) -> None:
        self._environment = templating.environment(shown=shown)

    def text(self, name: str, /, **context: Any) -> str:
        """Return the template `name` with these values."""
        return self._environment.get_template(f"{name}.html").render(context)

    def answer(self, name: str, /, *, status: int = 200, **context: Any) -> Response:
        """Return it as an answer."""
        return HTMLResponse(self.text(name, **context), status_code=status)


def assets() -> dict[str, Response]:
    """Return the files of the browser by name, each as its answer: read once, so that no request names a file."""
    folder = resources.files("infra.console") / "assets"
    headers = {"cache-control": "private, max-age=3600"}
    return {
        name: Response((folder / name).read_bytes(), media_type=media, headers=headers)
        for name, media in _ASSETS.items()
    }
