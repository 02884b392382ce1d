"""The ingest Lambda's settings."""

import pytest

from ingest.settings import Settings, from_environ

_REQUIRED = {"QUEUE_URL": "http://127.0.0.1/q", "STREAM_NAME": "logs"}


def test_defaults() -> None:
    """Only queue and stream must be set, and unknown variables are ignored."""
    assert from_environ(_REQUIRED | {"PATH": "/bin", "queue_url": "x"}) == Settings(
        queue_url="http://127.0.0.1/q", stream_name="logs", stream_sub_keys=1, stream_budget_ms=500
    )


def test_every_variable() -> None:
    """Each variable is read, and numbers are read from their text."""
    given = _REQUIRED | {"STREAM_SUB_KEYS": "4", "STREAM_BUDGET_MS": "250"}
    settings = from_environ(given)
    assert (settings.stream_sub_keys, settings.stream_budget_ms) == (4, 250)


@pytest.mark.parametrize("name", _REQUIRED)
def test_missing_variable_is_named(name: str) -> None:
    """The error names the missing variable, which the template must set."""
    with pytest.raises(ValueError, match=name):
        from_environ({key: value for key, value in _REQUIRED.items() if key != name})


@pytest.mark.parametrize("name", ["STREAM_SUB_KEYS", "STREAM_BUDGET_MS"])
@pytest.mark.parametrize("value", ["many", "", "1.5"])
def test_variable_of_the_wrong_type_is_named(name: str, value: str) -> None:
    """A variable that is no number fails at start, not at the first request."""
    with pytest.raises(ValueError, match=name):
        from_environ(_REQUIRED | {name: value})


def test_settings_are_frozen() -> None:
    """Settings cannot be changed after they are read."""
    with pytest.raises(AttributeError):
        from_environ(_REQUIRED).queue_url = "other"  # type: ignore[misc]
