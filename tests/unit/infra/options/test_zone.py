"""Time zones as a person names them."""

import time
from datetime import UTC, datetime

import pytest

from consumer.instant import parse
from infra.options.zone import named

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_this_machine_s_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """`local` follows the system, summer and winter."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        local = named("local")
        assert parse("2026-07-01T10:00", NOW, zone=local) == datetime(2026, 7, 1, 8, tzinfo=UTC)
        assert parse("2026-12-01T10:00", NOW, zone=local) == datetime(2026, 12, 1, 9, tzinfo=UTC)
        assert datetime(2026, 7, 1, 8, tzinfo=UTC).astimezone(local).hour == 10
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", ["", "Nowhere", "../etc/passwd", "\0", "+02:00"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    """The message names the forms."""
    with pytest.raises(ValueError, match="no time zone such as"):
        named(name)
