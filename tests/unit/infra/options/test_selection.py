"""The time from which a verb reads the stream, as it is typed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from infra.options.selection import since_at

_NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "instant"),
    [
        (None, None),
        ("2h", datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ("09:30", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24T09:30:00Z", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_the_zone_unless_it_names_one(since: str | None, instant: datetime | None) -> None:
    """09:30 in Berlin is 08:30 UTC in November; an age and a time with a zone are the same everywhere."""
    assert since_at(since, _NOW, ZoneInfo("Europe/Berlin")) == instant


@pytest.mark.parametrize("since", ["soon", ""])
def test_another_text_is_refused(since: str) -> None:
    """The message names the forms that a time has."""
    with pytest.raises(click.UsageError, match="neither a time such as"):
        since_at(since, _NOW, UTC)
