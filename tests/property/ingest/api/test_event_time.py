"""Any instant, in any form that clients have, is read back to the nanosecond."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingest.api.event_time import event_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From 1974 on a number's size says its unit; before, only a protocol can.
_seconds = st.integers(min_value=126_230_400, max_value=32_503_679_999)
_fractions = st.text("0123456789", max_size=9)
_offsets = st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59)


def _expected(seconds: int, fraction: str) -> str:
    at = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{at}.{fraction}Z" if fraction else f"{at}Z"


@given(_seconds, _fractions, _offsets, st.tuples(*map(st.sampled_from, ("Tt ", ["", ":"], ".,"))))
def test_rfc_3339(seconds: int, fraction: str, offset: int, signs: tuple[str, str, str]) -> None:
    """Any zone, any number of digits."""
    between, colon, point = signs
    local = _EPOCH + timedelta(seconds=seconds, minutes=offset)
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{colon}{abs(offset) % 60:02}"
    said = f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{point + fraction if fraction else ''}{zone}"
    assert event_at(said) == _expected(seconds, fraction)


@given(_seconds, st.sampled_from([0, 3, 6, 9]), st.data())
def test_epochs(seconds: int, exponent: int, data: st.DataObject) -> None:
    """Seconds to nanoseconds, as a number and as its text; the digits are the unit's."""
    fraction = data.draw(st.text("0123456789", min_size=exponent, max_size=exponent))
    number = int(f"{seconds}{fraction}")
    assert event_at(number) == event_at(str(number)) == _expected(seconds, fraction)


@given(_seconds, _fractions)
def test_seconds_with_a_fraction(seconds: int, fraction: str) -> None:
    """As text and as JSON's number, decoded without loss."""
    said = f"{seconds}.{fraction}" if fraction else str(seconds)
    assert event_at(said) == event_at(Decimal(said)) == _expected(seconds, fraction)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.decimals(), st.none(), st.booleans(), st.lists(st.none())))
def test_anything_else_costs_nothing(said: object) -> None:
    """Whatever stands there, the answer is a time or None."""
    read = event_at(said)
    assert read is None or (read[-1] == "Z" and read[10] == "T")
