"""The engine of every page that the project writes: the console's, and the bench's report. It needs no server."""

from importlib import resources
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from infra.terminal.text import counted, printable


def environment(*packages: str, **values: Any) -> Environment:
    """Return the engine over the `templates` of these packages and then ours, with values that every page knows.

    What stands between braces is escaped, and a name that is not there is a defect. `page.html` is the whole page,
    `parts.html` what pages are made of.
    """
    loaders = [PackageLoader(package) for package in (*packages, "infra.console")]
    made = Environment(loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.filters["printable"] = printable
    made.filters["counted"] = counted
    made.globals.update(values)
    return made


def style() -> str:
    """Return the style sheet of the console's pages, for a page that stands alone."""
    return (resources.files("infra.console") / "assets" / "console.css").read_text(encoding="utf-8")
