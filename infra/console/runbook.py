"""The runbook as a page: its sections under the names that the troubles link to."""

import re
from collections import Counter
from functools import partial
from importlib import resources
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.console.pages import Pages

_HEADING: Final = re.compile(r"^(#{1,4}) (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]+)\]\(#([\w-]+)\)")
_ODD: Final = re.compile(r"[^\w\- ]")


class Section(NamedTuple):
    """A heading with its depth and its name in links, as GitHub makes it, and the Markdown under it."""

    depth: int
    name: str
    title: str
    text: str


def sections(markdown: str) -> list[Section]:
    """Return the sections of a Markdown text in their order."""
    parts = _HEADING.split(markdown)
    found: list[Section] = []
    seen: Counter[str] = Counter()
    for hashes, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        name = _ODD.sub("", title).strip().lower().replace(" ", "-")
        again = f"-{seen[name]}" if seen[name] else ""
        seen[name] += 1
        found.append(Section(len(hashes), name + again, title, text.strip("\n")))
    return found


def pieces(text: str) -> list[tuple[str, str]]:
    """Return the text as (words, the section that they lead to); "" where they are no link within the page."""
    parts = _LINK.split(text)
    found = zip(parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True)
    return [piece for plain, words, name in found for piece in ((plain, ""), (words, name)) if piece[0]]


def routes(pages: Pages) -> list[Route]:
    """Return what the view answers to."""
    text = (resources.files("infra") / "RUNBOOK.md").read_text(encoding="utf-8")
    return [Route("/runbook", partial(_page, pages, sections(text)))]


async def _page(pages: Pages, found: list[Section], _request: Request) -> Response:
    return pages.answer("runbook", sections=found, pieces=pieces)
