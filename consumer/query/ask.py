"""A reader's search, and which logs it finds. Pure."""

import unicodedata
from functools import lru_cache, partial
from itertools import starmap
from typing import Any

import msgspec

from consumer.item import Item
from ingest.api import severity
from ingest.contract import exact_json
from ingest.contract.message import SEVERITIES, Severity


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant's logs with `since_ms` <= time of receipt < `until_ms` (since the epoch; None: without an end).

    The text holds all of `contains` and none of `lacks`, whatever their case and however Unicode composes their
    letters. The text is the redacted one, unless `raw`. `severity` is the lowest severity that is wanted. A log has all
    of `fields` and none of `not_fields`: names (dots lead into objects and lists) and the texts of their values. A name
    may begin with `fields.`, as it does where a whole log is shown.
    """

    tenant_id: str
    since_ms: int | None = None
    until_ms: int | None = None
    newest_first: bool = True
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    severity: Severity | None = None
    fields: tuple[tuple[str, str], ...] = ()
    not_fields: tuple[tuple[str, str], ...] = ()
    raw: bool = False


def is_filtered(ask: Ask) -> bool:
    """Return whether the search leaves out some logs of its time."""
    return bool(ask.contains or ask.lacks or ask.severity or ask.fields or ask.not_fields)


def least_grave(said: str) -> Severity:
    """Return the severity that a word or a number of a logger means: `warn`, `WARNING`, syslog's 4, pino's 40.

    Raises:
        ValueError: it means none; the message says which severities there are.
    """
    found = severity.severity(said)
    if found is None:
        raise ValueError(f"Give one of {', '.join(SEVERITIES)}, or what a logger calls it, such as WARNING or 40.")
    return found


def takes(ask: Ask, item: Item) -> bool:
    """Return whether the log is wanted, apart from its time. A log without a severity is below every severity."""
    if ask.severity is not None and (
        item.severity is None or SEVERITIES.index(item.severity) < SEVERITIES.index(ask.severity)
    ):
        return False
    if ask.contains or ask.lacks:
        text = folded(item.original_text if ask.raw else item.modified_data)
        if not all(word in text for word in _all_folded(ask.contains)):
            return False
        if any(word in text for word in _all_folded(ask.lacks)):
            return False
    has = partial(_has_shown, item.fields or {})
    return all(starmap(has, ask.fields)) and not any(starmap(has, ask.not_fields))


def folded(text: str) -> str:
    """Return the text as it is compared: without case, each letter composed (`e` and an accent is one letter)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@lru_cache(maxsize=64)  # The same for every log of a read.
def _all_folded(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(folded, words))


def _has_shown(fields: Any, name: str, value: str) -> bool:
    """Return whether a field of that name has that text; the name may be the one that readers see."""
    return _has(fields, name, value) or (
        name.startswith("fields.") and _has(fields, name.removeprefix("fields."), value)
    )


def _has(inside: Any, name: str, value: str) -> bool:
    """Return whether a field of that name has that text: a text as it is, all else as JSON.

    A name may itself contain dots at any depth, so each way to split it is tried. A list's elements are named by their
    place.
    """
    if isinstance(inside, list):
        inside = {str(place): element for place, element in enumerate(inside)}
    if not isinstance(inside, dict):
        return False
    if name in inside and _is(inside[name], value):
        return True
    dot = name.find(".")
    while dot >= 0:
        head, rest = name[:dot], name[dot + 1 :]
        if head in inside and _has(inside[head], rest, value):
            return True
        dot = name.find(".", dot + 1)
    return False


def _is(found: Any, value: str) -> bool:
    text = found if isinstance(found, str) else exact_json.encode(found).decode()
    return text == value or unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", value)
