"""Conversion of timestamps between text and milliseconds."""

import pytest

from consumer.timestamps import epoch_ms, rfc3339


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("2025-11-24T16:00:00.007Z", 1_764_000_000_007),
        ("2038-01-19T03:14:08.999Z", 2_147_483_648_999),
    ],
)
def test_milliseconds_survive_both_ways(text: str, milliseconds: int) -> None:
    """A timestamp is written with three digits and Z, also for zeros, and read back the same."""
    assert rfc3339(milliseconds) == text
    assert epoch_ms(text) == milliseconds


def test_an_offset_is_honoured() -> None:
    """A timestamp with an offset is read as the same instant in UTC."""
    assert epoch_ms("2025-11-24T17:00:00+01:00") == epoch_ms("2025-11-24T16:00:00.000Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2025-11-24T16:00:00",
        "2025-13-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2025-11-24T24:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """A timestamp without an offset, a leap second, and one outside of years 1 to 9999 in UTC are refused."""
    with pytest.raises(ValueError, match=r".+"):
        epoch_ms(text)
