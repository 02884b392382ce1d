"""A place in a read, as text that a client keeps: it survives restarts and new arrivals, and fits one search only."""

import base64
import binascii
from hashlib import blake2b
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from consumer.query.ask import Ask
from ingest.contract.log_ids import MAX_MS, received_ms


class InvalidCursorError(Exception):
    """The text is no cursor, or one of another search."""


_Ms = Annotated[int, msgspec.Meta(ge=0, le=MAX_MS)]


class Typed(NamedTuple):
    """The times of a search as its reader wrote them, None where nothing was written."""

    since: str | None = None
    until: str | None = None


_NOTHING_TYPED: Final = Typed()


class Place(NamedTuple):
    """Where to go on: the search with the first page's times, the arrival to go on after, and the times as typed."""

    ask: Ask
    after: str
    typed: Typed


class _Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The times are those of the first page: an age (`2h`) must not move on with the clock from page to page."""

    search: str
    after: str
    since_ms: _Ms | None
    until_ms: _Ms | None
    since: str | None = None
    until: str | None = None


def encode(ask: Ask, after: str, typed: Typed = _NOTHING_TYPED) -> str:
    """Return the cursor to the logs after the one that arrived at `after`."""
    cursor = _Cursor(_search(ask), after, ask.since_ms, ask.until_ms, *typed)
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(ask: Ask, text: str, typed: Typed = _NOTHING_TYPED) -> Place:
    """Return the place that the text names in this search.

    A time that is `typed` again must be the first page's: the same text (an age names another instant by now), or the
    same instant. For a time that is left out, the first page's is used.

    Raises:
        InvalidCursorError: the text is no cursor, or of another search: another tenant, order, filter or time.
    """
    try:
        encoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(encoded, type=_Cursor)
    except (binascii.Error, ValueError, UnicodeError, msgspec.MsgspecError) as error:
        raise InvalidCursorError("The cursor is not one that this API gave. Start again without it.") from error
    if cursor.search != _search(ask) or received_ms(cursor.after) is None:
        raise InvalidCursorError(
            "The cursor belongs to another search. Send the tenant, the order and the filters that it came with."
        )
    of_first = ((cursor.since, cursor.since_ms), (cursor.until, cursor.until_ms))
    for name, now, now_ms, (then, then_ms) in zip(
        Typed._fields, typed, (ask.since_ms, ask.until_ms), of_first, strict=True
    ):
        if now is not None and now != then and now_ms != then_ms:
            raise InvalidCursorError(
                f"The cursor belongs to a search with another {name}. Send the times that it came with, or start again "
                "without it."
            )
    first = replace(ask, since_ms=cursor.since_ms, until_ms=cursor.until_ms)
    return Place(first, cursor.after, Typed(cursor.since, cursor.until))


def _search(ask: Ask) -> str:
    timeless = replace(ask, since_ms=None, until_ms=None)
    return blake2b(msgspec.json.encode(timeless), digest_size=12).hexdigest()
