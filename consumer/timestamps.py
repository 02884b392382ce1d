"""Converts between RFC 3339 (in UTC, with milliseconds and `Z`) and milliseconds since the epoch."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@lru_cache(maxsize=64)  # All logs of a batch are stored at the same time.
def rfc3339(epoch_ms: int) -> str:
    """Return the instant as in `2026-11-24T05:36:13.042Z`."""
    return (_EPOCH + epoch_ms * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(timestamp: str) -> datetime:
    """Return a timestamp that names its offset, in UTC.

    Raises:
        ValueError: it is not ISO 8601, names no offset, or is in UTC before the year 1 or after 9999, which no reader
            of a log could state.
    """
    named = datetime.fromisoformat(timestamp)
    if named.tzinfo is None:
        raise ValueError("a timestamp without an offset")
    try:
        return named.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a timestamp that is outside the years 1 to 9999 in UTC") from error


@lru_cache(maxsize=64)  # All logs of a request were received at the same time.
def epoch_ms(timestamp: str) -> int:
    """Return the milliseconds since the epoch of a timestamp that names its offset.

    Raises:
        ValueError: `instant` refuses it.
    """
    return (instant(timestamp) - _EPOCH) // _MILLISECOND
