"""A search for logs as it stands in an address, read into what `consumer.query` asks, and written again. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec.structs import asdict

from consumer.query.ask import Ask
from consumer.query.request import MAX_CHARS, MAX_REPEATED
from infra import search_times
from ingest.contract.message import SEVERITIES, Severity

_WORD: Final = re.compile(r'(?:[^\s"]|"[^"]*"?)+')


class BadSearchError(Exception):
    """A part of the search is not of its form: `name` says which part, the text what is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form and in the address, as typed; "" where nothing does."""

    tenant: str = ""
    since: str = ""
    until: str = ""
    words: str = ""
    severity: str = ""
    fields: str = ""
    follow: str = ""

    @property
    def query(self) -> str:
        """The search as the query string of an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


def typed(parameters: Mapping[str, str]) -> Search:
    """Return the search that stands in an address's parameters; others are not looked at."""
    known = Search.__struct_fields__
    return Search(**{name: value.strip() for name, value in parameters.items() if name in known})


def ask_of(search: Search, *, now: datetime, zone: tzinfo, raw: bool) -> Ask:
    """Return what is asked of the table: the newest first, as `rdp logs` asks it.

    Raises:
        BadSearchError: a part is not of its form.
    """
    for name, value in asdict(search).items():
        if len(value) > MAX_CHARS:
            raise BadSearchError(name, f"It has more than {MAX_CHARS:,} characters.")
    if not search.tenant:
        raise BadSearchError("tenant", "Whose logs? A search is within one tenant.")
    try:
        since_ms, until_ms = search_times.read(search.since or None, search.until or None, now, zone)
    except search_times.BadTimeError as error:
        raise BadSearchError(error.name, str(error)) from error
    if search.follow and search.until:
        raise BadSearchError("until", "To follow is to see what comes now: leave it empty.")
    return Ask(
        tenant_id=search.tenant,
        since_ms=since_ms,
        until_ms=until_ms,
        contains=_several("words", search.words),
        severity=_severity(search.severity),
        fields=tuple(_field(part) for part in _several("fields", search.fields)),
        raw=raw,
    )


def _several(name: str, text: str) -> tuple[str, ...]:
    """Return the parts between spaces; what stands in double quotes is one."""
    parts = tuple(part for found in _WORD.findall(text) if (part := found.replace('"', "")))
    if len(parts) > MAX_REPEATED:
        raise BadSearchError(name, f"These are more than {MAX_REPEATED}. Words that belong together go in quotes.")
    return parts


def _severity(text: str) -> Severity | None:
    severity: Severity
    for severity in SEVERITIES:
        if severity == text:
            return severity
    if text:
        raise BadSearchError("severity", f"It is one of {', '.join(SEVERITIES)}.")
    return None


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadSearchError("fields", f'{text} is not name=value, as in user.name=bob or note="two words".')
    return name, value
