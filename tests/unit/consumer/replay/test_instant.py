"""Times as an operator types them."""

from datetime import UTC, datetime, timedelta

import pytest

from consumer.replay.instant import parse

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("5m", NOW - timedelta(minutes=5)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T10:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00+02:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
    ],
)
def test_ages_and_times(text: str, instant: datetime) -> None:
    """Ages count back from now; a time without an offset is UTC."""
    assert parse(text, NOW) == instant


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2", "h", "-2h", "2y", "2026-13-01", "9999999d", "999999w", "0001-01-01T00:00:00+23:59"]
)
def test_what_is_neither_is_refused(text: str) -> None:
    """The message names both forms."""
    with pytest.raises(ValueError, match=r"neither a time such as .* nor an age such as"):
        parse(text, NOW)
