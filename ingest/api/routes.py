"""Which dialect a request speaks: by its method and path, and by nothing else. Pure.

Before every dialect's path may stand `/t/{tenant}`, and behind it `/k/{key}`: for clients that can set no header.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from ingest.api.dialect import Dialect, Route
from ingest.api.events import HttpEvent, Response
from ingest.api.request import Request

_DEFAULT_STAGE: Final = "$default"
_NONE: Final[Mapping[str, str]] = {}
_NO_OTHERS: Final[Mapping[str, Sequence[str]]] = {}
_ANY: Final = "{}"
_FIRST: Final = -1
_OF_PREFIX: Final = "t"
_ONE_SEGMENT: Final = 2  # What "/a" splits into.
_PREFIX: Final = re.compile(r"/t/(?P<tenant>[A-Za-z0-9][^/]*)(?:/k/(?P<key>[^/]+))?(?=/|\Z)")


class Match(NamedTuple):
    """Where a request goes. `handshake` answers it at once, if there is one. `path` is without stage and prefix."""

    dialect: Dialect
    handshake: Callable[[Request], Response] | None
    path: str
    parameters: Mapping[str, str]


class _Pattern(NamedTuple):
    place: int  # Of its file in the lists: the first that takes a path has it, whichever was loaded first.
    method: str
    segments: list[str]
    match: Match


class Routes:
    """The table of all dialects' routes.

    A path without parameters wins over one with. One of parameters alone (an old Elasticsearch client's
    `/{index}/{type}`) takes what is left: no path with a segment with which another route begins (`/v1/traces` is no
    index, and `/prod/ingest` somebody's mistake), and none with one that begins with a sign (`/shop/_search`).
    Raises ValueError when two dialects claim one route.

    `later` are files of dialects that `load` gives, with the first segments of their routes' paths (`{}` for any): each
    is loaded by the first request that begins so and that none of the dialects has that are there.
    """

    def __init__(
        self,
        dialects: Iterable[Dialect],
        later: Mapping[str, Sequence[str]] = _NO_OTHERS,
        load: Callable[[str], Iterable[Dialect]] = lambda _: (),
    ) -> None:
        self._exact: dict[Route, Match] = {}
        self._patterns: list[_Pattern] = []
        self._catch_alls: list[_Pattern] = []
        self._starts = {_OF_PREFIX, *chain.from_iterable(later.values())}
        self._claimed: set[tuple[str, str]] = set()
        self._load = load
        self._later = {name: (place, heads) for place, (name, heads) in enumerate(later.items())}
        for dialect in dialects:
            self._add(dialect, _FIRST)

    def _add(self, dialect: Dialect, place: int) -> None:
        for route in (*dialect.routes, *dialect.handshakes):
            method, path = route
            form = "/".join("{}" if segment[:1] == "{" else segment for segment in path.split("/"))
            if (method, form) in self._claimed:
                raise ValueError(f"Two dialects claim {method} {path}. Take the route out of one of them.")
            self._claimed.add((method, form))
            match = Match(dialect, dialect.handshakes.get(route), path, _NONE)
            segments = path.split("/")
            self._starts.add(segments[1])
            if "{" not in path:
                self._exact[route] = match
                continue
            is_all_parameters = all(segment[:1] == "{" for segment in segments[1:]) and len(segments) > _ONE_SEGMENT
            patterns = self._catch_alls if is_all_parameters else self._patterns
            patterns.append(_Pattern(place, method, segments, match))
            patterns.sort(key=lambda pattern: pattern.place)

    def _load_for(self, path: str) -> None:
        """Load the dialects that may claim the path and are not there yet."""
        head = path.split("/", 2)[1] if "/" in path else ""
        for name in [name for name, (_, heads) in self._later.items() if head in heads or _ANY in heads]:
            place, _ = self._later.pop(name)
            for dialect in self._load(name):
                self._add(dialect, place)

    def find(self, event: HttpEvent) -> Match | None:
        """Return where the request goes, or None when no dialect answers it.

        A stage other than `$default` stands before the path and is no part of it. Behind a custom domain's base path,
        which nothing in the event names, it is what the gateway's own route, `/{proxy+}`, took for `proxy`.
        """
        context = event["requestContext"]
        method, path = context["http"]["method"], context["http"]["path"]
        found = self._exact.get((method, path))
        if found is not None:
            return found
        stage = context.get("stage", _DEFAULT_STAGE)
        if stage != _DEFAULT_STAGE:
            path = path.removeprefix(f"/{stage}")
        found = self._lookup(method, path)
        if found is None:
            proxy = (event.get("pathParameters") or {}).get("proxy")
            on_gateway = f"/{proxy}" if proxy else path
            found = (self._lookup(method, on_gateway) if proxy else None) or self._left_over(method, on_gateway)
            found = found or self._without_slash(method, path) or self._without_slash(method, on_gateway)
        return found

    def _without_slash(self, method: str, path: str) -> Match | None:
        """Return the route of a path that ends with a slash, where its dialect's server looks at none."""
        if not path.endswith("/"):
            return None
        found = self._lookup(method, path[:-1]) or self._left_over(method, path[:-1])
        return found if found is not None and found.dialect.takes_slash else None

    def _lookup(self, method: str, path: str) -> Match | None:
        """Return the route of a path with or without a prefix, which no route's own parameter takes for its own."""
        path_behind, prefix = _without_prefix(path)
        self._load_for(path)
        self._load_for(path_behind)
        found = self._exact.get((method, path))
        if found is not None:
            return found
        found = self._of_path(method, path_behind) if prefix else None
        # Two words for one thing (a route's own `{tenant}` and the prefix): which one is meant is not to be guessed.
        if found is not None and prefix.keys().isdisjoint(found.parameters):
            return found._replace(parameters={**found.parameters, **prefix})
        return self._of_path(method, path)

    def _left_over(self, method: str, path: str) -> Match | None:
        path, prefix = _without_prefix(path)
        _, *segments = path.split("/")
        if not self._starts.isdisjoint(segments) or not all(segment[:1].isalnum() for segment in segments):
            return None
        found = _matching(self._catch_alls, method, path)
        return found and found._replace(parameters={**found.parameters, **prefix})

    def _of_path(self, method: str, path: str) -> Match | None:
        found = self._exact.get((method, path))
        if found is not None:
            return found
        return _matching(self._patterns, method, path)


def _matching(patterns: list[_Pattern], method: str, path: str) -> Match | None:
    segments = path.split("/")
    for pattern in patterns:
        if pattern.method == method and len(pattern.segments) == len(segments):
            parameters = _parameters(pattern.segments, segments)
            if parameters is not None:
                return pattern.match._replace(path=path, parameters=parameters)
    return None


def _without_prefix(path: str) -> tuple[str, dict[str, str]]:
    """Return the path behind its prefix, and what that says: nothing where no tenant's name stands there."""
    found = _PREFIX.match(path)
    if found is None:
        return path, {}
    return path[found.end() :] or "/", {name: value for name, value in found.groupdict().items() if value is not None}


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected[:1] == "{" and segment:
            parameters[expected[1:-1]] = segment
        elif expected != segment:
            return None
    return parameters
