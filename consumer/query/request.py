"""Reads a request for logs: turns its query string into a search, and where to go on. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from consumer import instant
from consumer.query.ask import Ask, least_grave
from consumer.query.cursor import InvalidCursorError, Typed, decode
from consumer.query.page import MAX_LIMIT
from ingest.contract.log_ids import MAX_MS

PARAMETERS: Final = (
    *("since", "until", "contains", "not_contains", "severity", "field", "not_field", "limit", "cursor", "order"),
)

DEFAULT_LIMIT: Final = 100

MAX_REPEATED: Final = 10
"""How often `contains`, `field` and their `not_` may each be given: each costs time for every log that is read."""

MAX_CHARS: Final = 1_000
"""Characters of a value; the gateway takes 10 KB of request line and headers (HTTP API quotas, November 2026)."""

_ELSEWHERE: Final = "tenant_id"  # `ingest.api.tenant` reads this one: it must name the credentials' tenant.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPACE_FOR_PLUS: Final = re.compile(r"[0-9] [0-9]{2}(?::?[0-9]{2})?\Z")

T = TypeVar("T")


class BadParameterError(Exception):
    """A parameter of the query is not what it must be; the text says what that is."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter} {problem}")
        self.parameter = parameter


class Wanted(NamedTuple):
    """The page asked for: its search, its number of logs, the arrival it begins after, and its times as `typed`."""

    ask: Ask
    limit: int
    after: str | None
    typed: Typed = Typed()


def read(query: str, *, tenant_id: str, now: datetime) -> Wanted:
    """Return what the query string, as it was sent, asks of the tenant's logs.

    Raises:
        BadParameterError: a parameter is unknown, given too often, or not of its form.
    """
    given = _given(query)
    since_ms, until_ms = (_one(given, name, lambda text: _epoch_ms(text, now)) for name in ("since", "until"))
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise BadParameterError("since", "must be before until.")
    ask = Ask(
        tenant_id=tenant_id,
        since_ms=since_ms,
        until_ms=until_ms,
        newest_first=_one(given, "order", _order) != "oldest",
        contains=_several(given, "contains", _word),
        lacks=_several(given, "not_contains", _word),
        severity=_one(given, "severity", least_grave),
        fields=_several(given, "field", _field),
        not_fields=_several(given, "not_field", _field),
    )
    limit = _one(given, "limit", _limit) or DEFAULT_LIMIT
    typed = Typed(*(given.get(name, [None])[0] for name in Typed._fields))
    place = _one(given, "cursor", lambda text: decode(ask, text, typed))
    return Wanted(ask, limit, None, typed) if place is None else Wanted(place.ask, limit, place.after, place.typed)


def _given(query: str) -> dict[str, list[str]]:
    """Return the values of each parameter, in their order."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise BadParameterError("The query string", "must be UTF-8.") from error
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name == _ELSEWHERE:
            continue
        if name not in PARAMETERS:
            raise BadParameterError(
                name[:MAX_CHARS], f"is not a parameter. The parameters are {', '.join((*PARAMETERS, _ELSEWHERE))}."
            )
        if len(value) > MAX_CHARS:
            raise BadParameterError(name, f"must have at most {MAX_CHARS} characters.")
        given.setdefault(name, []).append(value)
    return given


def _several(given: Mapping[str, Sequence[str]], name: str, convert: Callable[[str], T]) -> tuple[T, ...]:
    values = given.get(name, ())
    if len(values) > MAX_REPEATED:
        raise BadParameterError(name, f"must not be given more than {MAX_REPEATED} times.")
    return tuple(_converted(name, value, convert) for value in values)


def _one(given: Mapping[str, Sequence[str]], name: str, convert: Callable[[str], T]) -> T | None:
    values = given.get(name, ())
    if len(values) > 1:
        raise BadParameterError(name, "must be given once.")
    return _converted(name, values[0], convert) if values else None


def _converted(name: str, value: str, convert: Callable[[str], T]) -> T:
    try:
        return convert(value)
    except (ValueError, InvalidCursorError) as error:
        raise BadParameterError(name, f"is wrong. {error}") from error


def _epoch_ms(text: str, now: datetime) -> int:
    try:
        at_ms = (instant.parse(text, now) - _EPOCH) // timedelta(milliseconds=1)
    except ValueError as error:
        raise ValueError(f"{error}, in UTC unless it names a zone.{_about_plus(text)}") from error
    return min(max(at_ms, 0), MAX_MS)


def _about_plus(text: str) -> str:
    """Return a hint if the `+` of a zone arrived as a space, which is what it means in a query; else ""."""
    return " A + in a query is a space: write it as %2B." if _SPACE_FOR_PLUS.search(text) else ""


def _order(text: str) -> str:
    if text not in {"newest", "oldest"}:
        raise ValueError("Give newest or oldest, for the logs that come first.")
    return text


def _word(text: str) -> str:
    if not text:
        raise ValueError("It is empty, and every text contains that. Give a word.")
    return text


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError("Give name=value, as in user.name=bob.")
    return name, value


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise ValueError(f"Give a number from 1 to {MAX_LIMIT}.")
    return int(text)
