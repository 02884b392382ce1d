"""Which dialect a request speaks: its method and path alone decide. Pure.

Any dialect's path may have the prefix `/t/{tenant}` or `/t/{tenant}/k/{key}`, for clients that can set no header.
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
    """A request's route. A `handshake`, if there is one, answers it at once. `path` is without stage and prefix."""

    dialect: Dialect
    handshake: Callable[[Request], Response] | None
    path: str
    parameters: Mapping[str, str]


class _Pattern(NamedTuple):
    place: int  # Of the dialect's file in the lists. The first one wins, in whatever order they were loaded.
    method: str
    segments: list[str]
    match: Match


class Routes:
    """The table of all dialects' routes. Raises ValueError when two dialects claim one route.

    A route without parameters wins over one with parameters. A route of parameters alone (`/{index}/{type}` of old
    Elasticsearch clients) takes a path only if no other route does, and only if each segment begins with a letter or
    digit and is no first segment of another route: `/v1/traces` is no index, `/prod/ingest` is somebody's mistake, and
    `/shop/_search` is no type.

    `later` names files of dialects, with the first segments of their routes' paths (`{}`: any segment). `load` loads
    such a file for the first request whose path begins so, unless a loaded route without parameters has that path.
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
        """Load the dialects whose routes may match the path, if they are not loaded yet."""
        head = path.split("/", 2)[1] if "/" in path else ""
        for name in [name for name, (_, heads) in self._later.items() if head in heads or _ANY in heads]:
            place, _ = self._later.pop(name)
            for dialect in self._load(name):
                self._add(dialect, place)

    def find(self, event: HttpEvent) -> Match | None:
        """Return the request's route, or None when no dialect answers it.

        A stage other than `$default` stands before the path and is taken off. Nothing in the event names a custom
        domain's base path; behind one, the path is the value of `proxy` in the gateway's own route `/{proxy+}`.
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
        """Return the route of a path that ends with a slash, if its dialect's server ignores that slash."""
        if not path.endswith("/"):
            return None
        found = self._lookup(method, path[:-1]) or self._left_over(method, path[:-1])
        return found if found is not None and found.dialect.takes_slash else None

    def _lookup(self, method: str, path: str) -> Match | None:
        """Return a path's route. `/t/...` is read as a prefix before any route's own parameters can match it."""
        path_behind, prefix = _without_prefix(path)
        self._load_for(path)
        self._load_for(path_behind)
        found = self._exact.get((method, path))
        if found is not None:
            return found
        found = self._of_path(method, path_behind) if prefix else None
        # If the route has a `{tenant}` of its own, nobody knows which of the two tenants is meant.
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
    """Return the path behind its prefix and the prefix's parameters, which are empty if there is no prefix."""
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
