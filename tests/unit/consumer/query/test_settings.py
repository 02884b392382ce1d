"""The reader's settings: there is no reader without authentication."""

import pytest

from consumer.query.settings import from_environ

_ENVIRON = {"TABLE_NAME": "t", "ACCESS_TABLE_NAME": "a", "AUTHENTICATION": "api_key"}


def test_defaults() -> None:
    """By default there is no quota and one bucket."""
    chosen = from_environ(_ENVIRON | {"OTHER": "x"})
    assert (chosen.tenant_reads_per_minute, chosen.log_id_buckets) == (0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUTHENTICATION", "none"), ("LOG_ID_BUCKETS", "0"), ("TENANT_READS_PER_MINUTE", "-1"), ("TABLE_NAME", None)],
)
def test_what_is_wrong_is_named(name: str, value: str | None) -> None:
    """A reader without authentication does not start, and the error names the setting."""
    environ = {key: text for key, text in (_ENVIRON | {name: value}).items() if text is not None}
    with pytest.raises(ValueError, match=name):
        from_environ(environ)
