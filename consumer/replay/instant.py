"""Points in time as an operator types them: `2h` and `3d` ago, or ISO 8601."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_AGO: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse(text: str, now: datetime) -> datetime:
    """Return the instant that `text` names, in UTC: so long before `now`, or a date or time (UTC where it says none).

    Raises:
        ValueError: it is neither.
    """
    try:
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        instant = datetime.fromisoformat(text)
        # In UTC, so that a year beyond 1 to 9999 is found here and not where the instant is used.
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is neither a time such as 2026-11-24T05:00:00Z nor an age such as 2h or 3d"
        ) from None
