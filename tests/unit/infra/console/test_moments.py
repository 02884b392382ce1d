"""Times as the page shows and sends them."""

from datetime import UTC, datetime

import pytest

from infra.console import moments
from infra.options.zone import named
from ingest.contract.log_ids import MAX_MS


def test_no_time_is_behind_the_last() -> None:
    """Whatever a log id says: what is sent can be read again, and what is shown is a time or says that it is none."""
    assert moments.sent(0) == "1970-01-01T00:00:00.000Z"
    assert moments.sent(MAX_MS) == moments.sent(moments.LAST_MS) == "9999-12-31T23:59:59.999Z"
    assert moments.shown(MAX_MS, UTC) == "after the year 9999"
    assert moments.shown(0, named("Europe/Berlin")) == "1970-01-01 01:00:00"
    assert moments.shown(moments.LAST_MS, named("Pacific/Kiritimati")) == "9999-12-31T23:59:59"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "UTC"),
        ("Europe/Berlin", "Europe/Berlin (now UTC+01:00)"),
        ("America/St_Johns", "America/St_Johns (now UTC-03:30)"),
    ],
)
def test_a_zone_has_its_name(zone: str, name: str) -> None:
    """With its distance from UTC, which nobody knows of every zone."""
    assert moments.zone_name(named(zone), datetime(2026, 11, 28, tzinfo=UTC)) == name
