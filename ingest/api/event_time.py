"""The sender's own time, read from any of many forms, exact to the digit. Pure.

The result is RFC 3339 in UTC with as many fraction digits as the sender gave, down to nanoseconds. An unlikely time
(1970, 2262) is kept: only the sender knows. A time that cannot be read is None; its member stays among the log's fields
all the same.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any, Final, Literal

Unit = Literal["s", "ms", "us", "ns"]

TIME_KEYS: Final = (
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "date",
    "dt",
    "datetime",
    "event_time",
    "eventTime",
    "_time",
    "@t",
    "Timestamp",
    "created",
    "__REALTIME_TIMESTAMP",
    "Time",
    "instant",
    "timeMillis",
    "start_time",
    "t",
)
"""Members that may hold a record's time: the first of these that can be read wins."""

_KEYS: Final = frozenset(TIME_KEYS)
_UNIT_OF_KEY: Final[dict[str, Unit]] = {
    "__REALTIME_TIMESTAMP": "us",  # systemd.journal-fields(7)
    "timeMillis": "ms",  # log4j2's JsonLayout
}
_LOOSE_KEYS: Final = frozenset({"t", "start_time"})
"""These names also mean other things (a temperature, a second of a video): a number counts as a time from 2001 on."""
_LOOSE_FROM: Final = 10**9

_EXPONENTS: Final[dict[Unit, int]] = {"s": 0, "ms": 3, "us": 6, "ns": 9}

# The size alone tells the unit: of the years 1973 to 5138, no unit's number is taken for one of another.
_MAX_SECONDS: Final = 10**11
_MAX_MILLISECONDS: Final = 10**14
_MAX_MICROSECONDS: Final = 10**17

_MAX_DIGITS: Final = 50  # Before the point, and behind it. No time has more.

_MAX_FRACTION_DIGITS: Final = 9
_PRECISION: Final = 2 * _MAX_DIGITS
_MINUTE_CHARS: Final = len("2026-11-24T05:36:")
_SECOND_CHARS: Final = len("2026-11-24T05:36:13")
_MAX_CHARS: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_USUAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z", re.ASCII)
_ISO: Final = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[Tt ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]{1,40}))?)?"
    r"\ ?(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,40})?", re.ASCII)
_COMPACT_DATE: Final = re.compile(r"(?:19|20)[0-9]{6}", re.ASCII)  # A day, which is no time, and not seconds.
_COMPACT: Final = re.compile(r"(?:19|20)[0-9]{12}(?:[0-9]{3}){0,2}", re.ASCII)
_COMPACT_CHARS: Final = len("20261124053613")
# Numbers in these bounds may be a day, or a day and a time of day, which only their digits tell.
_MIN_DATE: Final = 19_000_101
_MAX_DATE: Final = 20_991_231
_MIN_COMPACT: Final = 19_000_101_000_000
_MAX_COMPACT: Final = 20_991_231_235_959_999
_MIN_MICROSECOND: Final = 19_000_101_000_000_000_000
_END_OF_MICROSECONDS: Final = 21_000_000_000_000_000_000
_HOURS: Final = 24
_MINUTES: Final = 60


def of_record(record: dict[str, Any]) -> str | None:
    """Return the time that a record's members name, or None when none of `TIME_KEYS` holds one that can be read."""
    if _KEYS.isdisjoint(record):
        return None
    for key in TIME_KEYS:
        if key not in record or (key in _LOOSE_KEYS and _is_small(record[key])):
            continue
        if (read := event_at(record[key], unit=_UNIT_OF_KEY.get(key))) is not None:
            return read
    return None


def _is_small(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("+-").partition(".")[0].isdecimal() and len(value) < len(str(_LOOSE_FROM))
    return isinstance(value, int | float | Decimal) and not value >= _LOOSE_FROM


def event_at(value: Any, *, unit: Unit | None = None, naive_is_utc: bool = False) -> str | None:
    """Return `value` as RFC 3339 in UTC, or None when it is no time.

    A number, or a text that is one, counts from the epoch in `unit`, or in the unit that its size suggests. A text
    without a zone is no time, unless `naive_is_utc`, because its zone is unknown. Fraction digits beyond nanoseconds
    are cut off. `ingest.api.time_forms.of_object` reads objects.
    """
    if isinstance(value, str):
        if _USUAL.fullmatch(value):  # Nearly every sender's form. The rest costs ten times as much.
            return value if _is_real(value) else _of_text(value, unit, naive_is_utc=False)
        return _of_text(value.strip(), unit, naive_is_utc=naive_is_utc) if len(value) <= _MAX_CHARS else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | dict):
        return None
    if isinstance(value, int):
        is_written = unit is None and (
            _MIN_DATE <= value <= _MAX_DATE
            or _MIN_COMPACT <= value <= _MAX_COMPACT
            or _MIN_MICROSECOND <= value < _END_OF_MICROSECONDS
        )
        return _of_text(str(value), None, naive_is_utc=naive_is_utc) if is_written else _of_integer(value, unit)
    if isinstance(value, dict):
        return _of_object(value)
    # A double's shortest digits are those of the JSON text.
    text = repr(value) if isinstance(value, float) else str(value)
    return _of_plain_number(text, unit) or _of_number(Decimal(text), unit)


def of_ns(at_ns: int) -> str | None:
    """Return nanoseconds since the epoch as RFC 3339, or None when the year has no four digits.

    For formats whose times are always nanoseconds. It costs a tenth of `event_at`, because the logs of a request fall
    into a few seconds, which are cached.
    """
    second, fraction = divmod(at_ns, 1_000_000_000)
    return _since_epoch(second, f"{fraction:09}")


def _is_real(text: str) -> bool:
    """Return whether the day and the time of day exist. False for a leap second, which `_of_text` reads."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _of_text(text: str, unit: Unit | None, *, naive_is_utc: bool) -> str | None:
    if _NUMBER.fullmatch(text):
        if unit is None and _COMPACT_DATE.fullmatch(text):
            return None
        if unit is None and _is_compact(text):
            return _of_unusual(text, naive_is_utc=naive_is_utc)
        return _of_plain_number(text, unit) or _of_number(Decimal(text), unit)
    if iso := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone = iso.groups()
        if zone is None and not naive_is_utc:
            return None
        date, at = (int(year), int(month), int(day)), (int(hour), int(minute))
        return _in_utc(date, at, second or "00", fraction or "", zone or "Z")
    return _of_unusual(text, naive_is_utc=naive_is_utc)


def _is_compact(text: str) -> bool:
    """Return whether the digits are a day and a time of day (`20261124053613`), and no number of milliseconds.

    As milliseconds it would be a time of the year 2573 or later; as a day it is of the years 1900 to 2099. Three or six
    more digits are milliseconds or microseconds of the second.
    """
    if _COMPACT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(f"{text[:8]}T{text[8:_COMPACT_CHARS]}")
    except ValueError:
        return False
    return True


def _of_unusual(text: str, *, naive_is_utc: bool) -> str | None:
    from ingest.api.time_forms import Milliseconds, of_text  # noqa: PLC0415 - rarely needed: keep cold starts short

    said = of_text(text)
    if said is None or isinstance(said, Milliseconds):
        return None if said is None else _of_integer(said.number, "ms")
    if said.zone is None and not naive_is_utc:
        return None
    return _in_utc(said.date, said.minute, said.second, said.fraction, said.zone or "Z")


def _of_object(value: dict[str, Any]) -> str | None:
    from ingest.api.time_forms import Seconds, of_object  # noqa: PLC0415 - as above

    said = of_object(value)
    if isinstance(said, Seconds):
        return of_ns(said.seconds * 1_000_000_000 + said.nanos)
    return None if said is None else event_at(said.value, unit="ms")


def _in_utc(date: tuple[int, int, int], minute: tuple[int, int], second: str, fraction: str, zone: str) -> str | None:
    """Return the instant in UTC. Its second and fraction stay texts, so that a leap second and every digit survive."""
    if int(second) > _MINUTES:
        return None
    at = _minute_in_utc(date, minute, zone)
    return None if at is None else _rfc3339(at + second, fraction)


@lru_cache(maxsize=1024)  # The logs of a request fall into a few minutes.
def _minute_in_utc(date: tuple[int, int, int], minute: tuple[int, int], zone: str) -> str | None:
    offset = timedelta()
    if zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
        if hours >= _HOURS or minutes >= _MINUTES:
            return None
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        at = datetime(*date, *minute, tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        return None
    return at.isoformat()[:_MINUTE_CHARS]


def _of_integer(number: int, unit: Unit | None) -> str | None:
    exponent = _EXPONENTS[unit or _unit_of_size(number)]
    seconds, fraction = divmod(number, 10**exponent)
    return _since_epoch(seconds, f"{fraction:0{exponent}}" if exponent else "")


def _of_plain_number(text: str, unit: Unit | None) -> str | None:
    """Return the time of a number written as digits with a point, by moving the point: a third of arithmetic's cost.

    None if it has a sign or an exponent, or is no time: then `_of_number` decides.
    """
    whole, point, fraction = text.partition(".")
    if (
        not whole.isdecimal()
        or not (fraction.isdecimal() or not point)
        or len(text) > _MAX_DIGITS
        or not text.isascii()
    ):
        return None
    exponent = _EXPONENTS[unit or _unit_of_size(int(whole))]
    if not exponent:
        return _since_epoch(int(whole), fraction)
    whole = whole.zfill(exponent + 1)
    return _since_epoch(int(whole[:-exponent]), whole[-exponent:] + fraction)


def _of_number(number: Decimal, unit: Unit | None) -> str | None:
    # Exponents are checked first: arithmetic on `1e-999999999` would raise, or take all memory.
    if not number.is_finite() or number.adjusted() >= _MAX_DIGITS or int(number.as_tuple().exponent) < -_MAX_DIGITS:
        return None
    exponent = _EXPONENTS[unit or _unit_of_size(number)]
    digits = max(0, exponent - int(number.as_tuple().exponent))
    with localcontext(prec=_PRECISION):
        scaled = int(number.scaleb(digits - exponent))  # Whole: every digit given is before the point.
    seconds, fraction = divmod(scaled, 10**digits)
    return _since_epoch(seconds, f"{fraction:0{digits}}" if digits else "")


def _since_epoch(seconds: int, fraction: str) -> str | None:
    second = _second(seconds)
    return None if second is None else _rfc3339(second, fraction)


@lru_cache(maxsize=1024)  # The logs of a request fall into a few seconds.
def _second(seconds: int) -> str | None:
    try:
        at = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return at.isoformat()[:_SECOND_CHARS]


def _rfc3339(second: str, fraction: str) -> str:
    return f"{second}.{fraction[:_MAX_FRACTION_DIGITS]}Z" if fraction else f"{second}Z"


def _unit_of_size(number: Decimal | int) -> Unit:
    size = number if number >= 0 else -number
    if size < _MAX_SECONDS:
        return "s"
    if size < _MAX_MILLISECONDS:
        return "ms"
    return "us" if size < _MAX_MICROSECONDS else "ns"
