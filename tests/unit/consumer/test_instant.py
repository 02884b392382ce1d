"""Times as an operator types them are read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consumer.instant import parse

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("5m", NOW - timedelta(minutes=5)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("1d 2h", NOW - timedelta(hours=26)),
        ("90 min ago", NOW - timedelta(minutes=90)),
        ("2 hours ago", NOW - timedelta(hours=2)),
        ("1.5h", NOW - timedelta(minutes=90)),
        (" 2h ", NOW - timedelta(hours=2)),
        ("now", NOW),
        ("14:00", NOW + timedelta(hours=2)),
        ("9:30:15.5", datetime(2026, 11, 24, 9, 30, 15, 500_000, tzinfo=UTC)),
        ("14:00+02:00", NOW),
        ("14:00 yesterday", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("yesterday at 14:00", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("Yesterday 14:00 UTC", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("11-23 14:00", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("12-24", datetime(2025, 12, 24, tzinfo=UTC)),
        ("02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2026-10", datetime(2026, 10, 1, tzinfo=UTC)),
        ("20261124T053613Z", datetime(2026, 11, 24, 5, 36, 13, tzinfo=UTC)),
        ("2026-11-24 05:36:13,123Z", datetime(2026, 11, 24, 5, 36, 13, 123_000, tzinfo=UTC)),
        ("2026-11-24T05:36:13.123456789Z", datetime(2026, 11, 24, 5, 36, 13, 123_456, tzinfo=UTC)),
        ("1795833985", datetime(2026, 11, 28, 2, 46, 25, tzinfo=UTC)),
        ("1795833985123", datetime(2026, 11, 28, 2, 46, 25, 123_000, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T10:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00+02:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
    ],
)
def test_ages_and_times(text: str, instant: datetime) -> None:
    """An age counts back from now, and a time without an offset is UTC."""
    assert parse(text, NOW) == instant


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "tomorrow", "2", "h", "-2h", "2y", "2026-13-01", "9999999d", "999999w", "0001-01-01T00:00:00+23:59"),
        *("1M", "ago", "1h 30", "today yesterday", "yesterday 25:00", "99-99", "13", "-05:00", "Z", f"{' ' * 64}2h"),
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    """The error for any other text names both forms."""
    with pytest.raises(ValueError, match=r"neither a time such as .* nor an age such as"):
        parse(text, NOW)


_BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("today", "2026-11-23T23:00:00+00:00"),
        ("yesterday", "2026-11-22T23:00:00+00:00"),
        ("yesterday 14:00", "2026-11-23T13:00:00+00:00"),
        ("9:30", "2026-11-24T08:30:00+00:00"),
        ("2026-07-01T10:00", "2026-07-01T08:00:00+00:00"),
        # The clock goes forward on 29 March and back on 25 October.
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T03:30", "2026-10-25T02:30:00+00:00"),
    ],
)
def test_times_of_a_zone(text: str, instant: str) -> None:
    """Days and times without an offset are of the given zone, daylight saving included."""
    assert parse(text, NOW, zone=_BERLIN) == datetime.fromisoformat(instant)


def test_today_is_the_zone_s() -> None:
    """Today is the zone's: at 23:30 UTC it is tomorrow in Berlin."""
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert parse("today", late, zone=_BERLIN) == datetime(2026, 11, 24, 23, tzinfo=UTC)
