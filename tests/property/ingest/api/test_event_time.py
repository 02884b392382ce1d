"""Any instant in any form that clients send is read to the nanosecond."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingest.api.event_time import event_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From 1974 on, a number's size tells its unit; for earlier times, only the protocol does.
_seconds = st.integers(min_value=126_230_400, max_value=32_503_679_999)
_objects = st.dictionaries(
    st.sampled_from(["seconds", "nanos", "epochSecond", "nanoOfSecond", "$date", "$numberLong", "x"]),
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.from_regex(r"-?[0-9]+")
        ),
        lambda inner: st.dictionaries(st.sampled_from(["$date", "$numberLong"]), inner, max_size=2),
        max_leaves=3,
    ),
    max_size=3,
)
_fractions = st.text("0123456789", max_size=9)
_offsets = st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59)


def _expected(seconds: int, fraction: str) -> str:
    at = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{at}.{fraction}Z" if fraction else f"{at}Z"


@given(_seconds, _fractions, _offsets, st.tuples(*map(st.sampled_from, ("Tt ", ["", ":"], ".,"))))
def test_rfc_3339(seconds: int, fraction: str, offset: int, signs: tuple[str, str, str]) -> None:
    """A time of RFC 3339 is read with any zone and any number of digits."""
    between, colon, point = signs
    local = _EPOCH + timedelta(seconds=seconds, minutes=offset)
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{colon}{abs(offset) % 60:02}"
    said = f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{point + fraction if fraction else ''}{zone}"
    assert event_at(said) == _expected(seconds, fraction)


# Up to 2572: later milliseconds have as many digits as a written day and time (`20261124053613`).
@given(st.integers(min_value=126_230_400, max_value=18_999_999_999), st.sampled_from([0, 3, 6, 9]), st.data())
def test_epochs(seconds: int, exponent: int, data: st.DataObject) -> None:
    """An epoch in seconds to nanoseconds is read as number and as text, with the digits of its unit."""
    fraction = data.draw(st.text("0123456789", min_size=exponent, max_size=exponent))
    number = int(f"{seconds}{fraction}")
    assert event_at(number) == event_at(str(number)) == _expected(seconds, fraction)


@given(_seconds, _fractions)
def test_seconds_with_a_fraction(seconds: int, fraction: str) -> None:
    """Seconds with a fraction are read without loss, as text and as JSON's number."""
    said = f"{seconds}.{fraction}" if fraction else str(seconds)
    assert event_at(said) == event_at(Decimal(said)) == _expected(seconds, fraction)


@given(st.integers(min_value=0, max_value=253_402_300_799), _fractions, _offsets, st.integers(0, 9))
def test_what_programs_print(seconds: int, fraction: str, offset: int, form: int) -> None:
    """The forms that common programs print are read, with any zone and any number of digits."""
    local = _EPOCH + timedelta(seconds=seconds, minutes=offset if 0 < seconds < 253_402_200_000 else 0)
    offset = offset if 0 < seconds < 253_402_200_000 else 0
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{abs(offset) % 60:02}"
    point = f".{fraction}" if fraction else ""
    month, day = f"{local:%b}", f"{local:%a}"
    at, on = f"{local:%H:%M:%S}{point}", f"{local.year:04}-{local:%m-%d}"
    said: object = (
        f"[{local:%d}/{month}/{local.year:04}:{at} {zone}]",
        f"{day}, {local.day} {month} {local.year:04} {at} {zone}",
        f"{on} {at} {zone} UTC m=+0.000000001",
        f"{on}T{at}{zone[:3]}:{zone[3:]}[Europe/Berlin]",
        f"{day} {month} {local:%d} {local.year:04} {at} GMT{zone} (Anywhere Standard Time)",
        f"{day} {month} {local.day:>2} {at} {zone} {local.year:04}",
        f"{on.replace('-', '/')} {at} {zone}",
        f"{on.replace('-', '')}{local:%H%M%S}{point}{zone}",
        {"epochSecond": seconds, "nanoOfSecond": int(fraction.ljust(9, "0"))},
        {"$date": f"{on}T{at}{zone}"},
    )[form]
    nanos = fraction.ljust(9, "0") if isinstance(said, dict) and "epochSecond" in said else fraction
    utc = _EPOCH + timedelta(seconds=seconds)
    assert event_at(said) == f"{utc.year:04}-{utc:%m-%dT%H:%M:%S}{f'.{nanos}' if nanos else ''}Z"


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(), st.decimals(), st.none(), st.booleans(), st.lists(st.none()), _objects
    )
)
def test_anything_else_costs_nothing(said: object) -> None:
    """Any other value gives a time or None, and no exception."""
    read = event_at(said)
    assert read is None or (read[-1] == "Z" and read[10] == "T")
