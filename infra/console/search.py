"""A search for logs as it stands in an address, read into what `consumer.query` asks, and written again. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec.structs import asdict

from consumer.query.ask import Ask
from consumer.query.request import MAX_CHARS, MAX_REPEATED
from infra import search_times
from ingest.contract.message import SEVERITIES, TENANT_ID_FORM, TENANT_ID_PATTERN, Severity

# A quote at the start of a part and its partner at the end enclose it; any other quote is part of the text.
_WORD: Final = re.compile(r"""(?:"(.*?)"|'(.*?)')(?!\S)|(\S+)""", re.DOTALL)
_FIELD: Final = re.compile(
    r"""(?:"(.*?)"|'(.*?)'|([^\s=]+?))(!?=)(?:(?:"(.*?)"|'(.*?)')(?!\S)|(\S*))|(\S+)""", re.DOTALL
)


SOURCES: Final = ("", "table", "lake")
"""Where logs are read: "" is the table, but where all of the time asked for is older than the table keeps logs."""


class BadSearchError(Exception):
    """A part of the search is not of its form: `name` says which part, the text what is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


class Field(NamedTuple):
    """A field that a log must have with this value, or with `is_wanted` false must not have."""

    name: str
    value: str
    is_wanted: bool = True


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form and in the address, as typed; "" where nothing does."""

    tenant: str = ""
    since: str = ""
    until: str = ""
    words: str = ""
    without: str = ""
    severity: str = ""
    fields: str = ""
    follow: str = ""
    source: str = ""

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
    if not re.match(TENANT_ID_PATTERN, search.tenant):
        raise BadSearchError("tenant", TENANT_ID_FORM)
    try:
        since_ms, until_ms = search_times.read(search.since or None, search.until or None, now, zone)
    except search_times.BadTimeError as error:
        raise BadSearchError(error.name, str(error)) from error
    if search.follow and search.until:
        raise BadSearchError(
            "until", "A page that follows shows new logs as they come: leave the end of the time empty."
        )
    if search.source not in SOURCES:
        raise BadSearchError("source", "Choose the table or the lake to read from.")
    if search.follow and search.source == "lake":
        raise BadSearchError(
            "source", "A page that follows reads new logs from the table: choose the table to read from."
        )
    words, without, fields = words_of(search.words), words_of(search.without), fields_of(search.fields)
    for name, parts in (("words", words), ("without", without), ("fields", fields)):
        _check_few(name, parts)
    return Ask(
        tenant_id=search.tenant,
        since_ms=since_ms,
        until_ms=until_ms,
        contains=words,
        lacks=without,
        severity=_severity(search.severity),
        fields=tuple((field.name, field.value) for field in fields if field.is_wanted),
        not_fields=tuple((field.name, field.value) for field in fields if not field.is_wanted),
        raw=raw,
    )


def words_of(text: str) -> tuple[str, ...]:
    """Return the parts between spaces. One in double or single quotes keeps its spaces, and loses these quotes alone.

    A quote stands at the beginning of a part and its partner at the end; all others are looked for as they are, so that
    JSON can be pasted: `{"level": "error"}` is two words with their quotes, `'"level": "error"'` is one.
    """
    return tuple(word for found in _WORD.finditer(text) if (word := _first(found.groups())))


def fields_of(text: str) -> tuple[Field, ...]:
    """Return the parts `name=value` or `name!=value` between spaces; either side may stand in quotes, as a word may.

    Raises:
        BadSearchError: a part is not of that form.
    """
    found: list[Field] = []
    for part in _FIELD.finditer(text):
        *name, sign, quoted, quoted_too, bare, other = part.groups()
        if other is not None:
            raise BadSearchError(
                "fields", f'{other} is not name=value or name!=value, as in user.name=bob or note="two words".'
            )
        found.append(Field(_first(name), _first((quoted, quoted_too, bare)), sign == "="))
    return tuple(found)


def field_text(field: Field) -> str:
    """Return what `fields_of` reads as this field, or "" where no quotes can hold it."""
    sign = "=" if field.is_wanted else "!="
    for left in (field.name, *(f"{quote}{field.name}{quote}" for quote in "\"'")):
        for right in (field.value, *(f"{quote}{field.value}{quote}" for quote in "\"'")):
            text = f"{left}{sign}{right}"
            if not text.isspace() and text == text.strip() and _reads(text, field):
                return text
    return ""


def _reads(text: str, field: Field) -> bool:
    try:
        # Beside others, too: what stands behind it must not become a part of it.
        return fields_of(f"{text} a=b") == (field, Field("a", "b"))
    except BadSearchError:
        return False


def _first(parts: Sequence[str | None]) -> str:
    return next((part for part in parts if part is not None), "")


def _check_few(name: str, parts: Sequence[object]) -> None:
    if len(parts) > MAX_REPEATED:
        raise BadSearchError(name, f"These are more than {MAX_REPEATED}. Words that belong together go in quotes.")


def _severity(text: str) -> Severity | None:
    severity: Severity
    for severity in SEVERITIES:
        if severity == text:
            return severity
    if text:
        raise BadSearchError("severity", f"It is one of {', '.join(SEVERITIES)}.")
    return None
