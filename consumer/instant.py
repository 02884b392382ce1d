"""Points in time as people type them: `2h` ago, `yesterday 14:00`, `09:30`, or ISO 8601."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

_AGO: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY: Final = re.compile(r"(?:(today|yesterday)(?:[ T]+)?)?(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?", re.IGNORECASE)


def parse(text: str, now: datetime, *, zone: tzinfo = UTC) -> datetime:
    """Return the instant that `text` names, in UTC: so long before `now`, or a day, or a time of day.

    Without a zone of its own it is a time of `zone`. Of an hour that the clock shows twice it is the first; an hour
    that the clock leaves out is read as if the clock had not yet moved.

    Raises:
        ValueError: it is none of these; the message says which forms there are.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        instant = _of_day(text, now.astimezone(zone).date()) or datetime.fromisoformat(text)
        # In UTC, so that a year beyond 1 to 9999 is found here and not where the instant is used.
        return (instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is neither a time such as 2026-11-24T05:00:00Z, 09:30 or 'yesterday 14:00', "
            "nor an age such as 2h or 3d"
        ) from None


def _of_day(text: str, today: date) -> datetime | None:
    found = _DAY.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    day = today - timedelta(days=1) if (found[1] or "").lower() == "yesterday" else today
    hour, _, rest = (found[2] or "00:00").partition(":")
    return datetime.fromisoformat(f"{day.isoformat()}T{hour:0>2}:{rest}")
