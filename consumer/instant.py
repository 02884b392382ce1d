"""Points in time as people type them: `2h` or `90 min ago`, `yesterday 14:00`, `09:30`, ISO 8601, or epoch numbers."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

_MAX_CHARS: Final = 64
_AGE: Final = re.compile(
    r"(\d{1,6}(?:\.\d{1,3})?) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z]) *", re.ASCII
)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}  # By a unit's first letter.
_TIME: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_DAY: Final = re.compile(
    rf"(?:(today|yesterday)|(\d{{4}}-)?(\d{{2}})(?:-(\d{{2}}))?)?(?:[ T]*(?: at )? *({_TIME}))?(?: *(today|yesterday))?"
    r"(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?",
    re.IGNORECASE | re.ASCII,
)
_EPOCH: Final = re.compile(r"@?(\d{10})(\d{3})?", re.ASCII)  # From 2001 to 2286, in seconds or milliseconds.


def parse(text: str, now: datetime, *, zone: tzinfo = UTC) -> datetime:
    """Return the instant that `text` names, in UTC: an age before `now`, a day, or a time of day.

    A text that names no zone is a time in `zone`. An hour that the clock shows twice means the first one; an hour that
    the clock skips is read as if the clock had not moved yet. A day without a year is the latest one up to today.

    Raises:
        ValueError: `text` has none of these forms; the message says which forms there are.
    """
    try:
        # Converted to UTC, so that a year outside 1 to 9999 fails here and not where the instant is used.
        return _instant(text, now, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is neither a time such as 2026-11-24T05:00:00Z, 09:30 or 'yesterday 14:00', "
            "nor an age such as 2h, 1h30m or '90 min ago'"
        ) from None


def _instant(text: str, now: datetime, zone: tzinfo) -> datetime:
    if len(text) > _MAX_CHARS:
        raise ValueError("longer than any time")
    text = text.strip()
    if text.lower() == "now":
        return now
    if (age := _age(text)) is not None:
        return now - age
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC) + timedelta(milliseconds=int(epoch[2] or 0))
    found = _of_day(text, now.astimezone(zone)) or datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _age(text: str) -> timedelta | None:
    """Return the sum of the parts of `1h30m` or `90 min ago`, None for any other text."""
    rest = text.removesuffix("ago").strip()
    age = timedelta()
    while part := _AGE.match(rest):
        age += timedelta(**{_UNITS[part[2][0]]: float(part[1])})
        rest = rest[part.end() :]
        if not rest:
            return age
    return None


def _of_day(text: str, now: datetime) -> datetime | None:
    """Return a time of day, a named day, a day without a year, or a month without a day; None for any other text."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    named, year, month, day, time, named_behind, offset = found.groups()
    if not any((named, month, time, named_behind)) or (named_behind and (named or month)) or (month and year and day):
        return None
    on = _day_of(named or named_behind, year, month, day, now.date())
    if on is None:
        return None
    hour, _, rest = (time or "00:00").partition(":")
    zone = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get((offset or "").upper(), offset or "")
    return datetime.fromisoformat(f"{on.isoformat()}T{hour:0>2}:{rest}{zone}")


def _day_of(named: str | None, year: str | None, month: str | None, day: str | None, today: date) -> date | None:
    if month is None:
        return today - timedelta(days=1) if (named or "").lower() == "yesterday" else today
    if year is not None:
        return date.fromisoformat(f"{year}{month}-01")
    if day is None:
        return None
    for years in range(8):  # 29 February may be eight years ago.
        try:
            on = date(today.year - years, int(month), int(day))
        except ValueError:
            continue
        if on <= today:
            return on
    return None
