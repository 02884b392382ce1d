"""The times of a search, and what a person is told of them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from infra.search_times import BadTimeError, hint, read

_NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
_NOW_MS = int(_NOW.timestamp()) * 1000


@pytest.mark.parametrize("ms", range(0, 1000, 37))
def test_a_time_is_read_to_the_millisecond(ms: int) -> None:
    """No millisecond is lost to floating point."""
    assert read(f"2026-11-28T09:30:00.{ms:03}Z", None, _NOW, UTC) == (_NOW_MS + ms, None)


def test_an_order_that_holds_nothing_is_told() -> None:
    """`since` is before `until`."""
    with pytest.raises(BadTimeError, match="1h is not before 2h"):
        read("1h", "2h", _NOW, UTC)


def test_a_search_that_begins_in_the_future_is_told() -> None:
    """If it is a time of day still to come, the hint asks for yesterday; any other time is only reported."""
    berlin = ZoneInfo("Europe/Berlin")
    since_ms, _ = read("14:00", None, _NOW, berlin)
    told = hint(since_ms, _NOW, berlin)
    assert told is not None
    assert "'yesterday 14:00'" in told
    assert "2026-11-28T13:00:00.000Z" in told
    tomorrow = hint(_NOW_MS + 86_400_000, _NOW, UTC)
    assert tomorrow is not None
    assert "yesterday" not in tomorrow
    assert hint(read("9999-12-31", None, _NOW, UTC)[0], _NOW, UTC) is not None


def test_a_search_of_the_past_is_not() -> None:
    """Nor one without a beginning."""
    assert hint(None, _NOW, UTC) is None
    assert hint(_NOW_MS, _NOW, UTC) is None
