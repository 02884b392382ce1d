"""Unusual forms of a time: what programs print for people, and the objects in which loggers put one. Pure.

`ingest.api.event_time` loads this module for the first time that has none of the usual forms.
"""

import re
from typing import Any, Final, NamedTuple


class Clock(NamedTuple):
    """A time as its text has it; `zone` is an offset, `Z`, or None if the text names no zone or an ambiguous one."""

    date: tuple[int, int, int]
    minute: tuple[int, int]
    second: str
    fraction: str
    zone: str | None


class Seconds(NamedTuple):
    """Seconds since the epoch, and nanoseconds of the next one."""

    seconds: int
    nanos: int


class Milliseconds(NamedTuple):
    """Milliseconds since the epoch."""

    number: int


class Inner(NamedTuple):
    """A text or a number that an object wraps; a number is of milliseconds."""

    value: Any


_DAY_NAME: Final = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +)?"
_MONTH: Final = r"(?P<month>[A-Za-z]{3,9})"
_YEAR: Final = "(?P<year>[0-9]{4})"
_MM: Final = "(?P<month>[0-9]{2})"
_DD: Final = "(?P<day>[0-9]{2})"
_DAY: Final = "(?P<day>[0-9]{1,2})"
_COMPACT_TIME: Final = r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})(?:[.,]?(?P<fraction>[0-9]{1,40}))?"
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,40}))?)?"
_ZONE: Final = r"(?P<zone>Z|UTC?|GMT|[ECMP][SD]T|(?:UTC|GMT)?[+-][0-9]{2}:?[0-9]{2})"

_REMARK: Final = r"(?: \([^()]{1,60}\))?"
_GO_OR_JAVA: Final = (
    r"(?: [A-Z]{2,5}| [+-][0-9]{2,4})?(?: m=[+-][0-9]+\.[0-9]+)?(?:\[[A-Za-z0-9_/+-]{1,40}\])?"  # Zone, clock, region.
)

_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        # Mail (RFC 5322), HTTP, cookies (RFC 850), Apache's and nginx's access logs, in brackets or not.
        rf"\[?{_DAY_NAME}{_DAY}[ /-]{_MONTH}[ /-](?P<year>[0-9]{{4}}|[0-9]{{2}})[ :]{_TIME}(?: ?{_ZONE})?{_REMARK}\]?",
        # C's ctime, date(1), Ruby's Time, Apache's error log: the year at the end.
        rf"\[?{_DAY_NAME}{_MONTH} +{_DAY} {_TIME}(?: {_ZONE})? {_YEAR}\]?",
        # JavaScript's Date: the year before the time.
        rf"{_DAY_NAME}{_MONTH} +{_DAY},? {_YEAR},? {_TIME}(?: {_ZONE})?{_REMARK}",
        # nginx's error log; Go's Time.String, with its monotonic clock; Java's ZonedDateTime, with its region.
        rf"\[?{_YEAR}(?P<sign>[/-]){_MM}(?P=sign){_DD}[T :]{_TIME}(?: ?{_ZONE}{_GO_OR_JAVA})?\]?",
        # LDAP's GeneralizedTime, and the times in names of files.
        rf"{_YEAR}{_MM}{_DD}{_COMPACT_TIME}(?: ?{_ZONE})?",
    )
)
_ASP_NET: Final = re.compile(r"\\?/Date\((-?[0-9]{1,18})(?:[+-][0-9]{4})?\)\\?/", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# RFC 5322, section 4.3: no other names have offsets from a standard.
_NAMED: Final = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT"), "Z"),
    "EDT": "-04:00",
    **dict.fromkeys(("EST", "CDT"), "-05:00"),
    **dict.fromkeys(("CST", "MDT"), "-06:00"),
    **dict.fromkeys(("MST", "PDT"), "-07:00"),
    "PST": "-08:00",
}
_CENTURY_FROM: Final = 50  # RFC 5322, section 4.3: years of two digits below this are 20xx.
_SHORT_YEAR: Final = 2
_MAX_NANOS: Final = 1_000_000_000
_MAX_SECONDS: Final = 10**12  # Beyond the year 9999.


def of_text(text: str) -> Clock | Milliseconds | None:
    """Return the time that the text says in one of these forms, or None."""
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _clock(found)
    found = _ASP_NET.fullmatch(text)
    return Milliseconds(int(found[1])) if found else None


def _clock(found: re.Match[str]) -> Clock | None:
    month = _month(found["month"])
    if month is None:
        return None
    year = int(found["year"])
    if len(found["year"]) == _SHORT_YEAR:
        year += 2000 if year < _CENTURY_FROM else 1900
    zone = found["zone"]
    if zone is not None:
        zone = _NAMED.get(zone) or zone.removeprefix("UTC").removeprefix("GMT")
    return Clock(
        (year, month, int(found["day"])),
        (int(found["hour"]), int(found["minute"])),
        found["second"] or "00",
        found["fraction"] or "",
        zone,
    )


def _month(name: str) -> int | None:
    if name.isdecimal():
        return int(name)
    for names in (_MONTHS, _LONG_MONTHS):
        if name.title() in names:
            return names.index(name.title()) + 1
    return None


def of_object(value: dict[str, Any]) -> Seconds | Inner | None:
    """Return the time in an object: log4j2's instant, a protobuf Timestamp (Google Cloud), MongoDB's extended JSON.

    None for an object with any other member.
    """
    match value:
        case {"epochSecond": seconds, "nanoOfSecond": nanos, **others} | {"seconds": seconds, "nanos": nanos, **others}:
            pass
        case {"$date": {"$numberLong": inner, **others}, **beside} if not beside:
            return None if others else Inner(inner)
        case {"$date": str() | int() as inner, **others}:
            return None if others else Inner(inner)
        case _:
            return None
    whole, part = _integer(seconds), _integer(nanos)
    if others or whole is None or part is None or not 0 <= part < _MAX_NANOS or abs(whole) > _MAX_SECONDS:
        return None
    return Seconds(whole, part)


def _integer(value: Any) -> int | None:
    """Return the value of a whole number or of its text, in which protobuf's JSON writes 64-bit numbers; else None."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
