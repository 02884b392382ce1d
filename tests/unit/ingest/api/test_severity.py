"""The sender's level: words and numbers of the loggers that are in use."""

from typing import Any

import pytest

from ingest.api.severity import SEVERITY_KEYS, Scale, of_record, severity
from ingest.contract.message import SEVERITIES, Severity


@pytest.mark.parametrize(
    ("said", "read"),
    [
        *(("TRACE", "trace"), ("Verbose", "trace"), ("silly", "trace")),
        *(("debug", "debug"), ("DBG", "debug")),
        *(("INFO", "info"), ("Information", "info"), ("notice", "info"), ("informational", "info")),
        *(("WARNING", "warn"), ("Warn", "warn"), (" wrn ", "warn")),
        *(("ERROR", "error"), ("err", "error"), ("[error]", "error")),
        *(("CRITICAL", "fatal"), ("emerg", "fatal"), ("panic", "fatal"), ("alert", "fatal"), ("FATAL", "fatal")),
        # pino and bunyan
        *((10, "trace"), (20, "debug"), (30, "info"), (35, "info"), (40, "warn"), (50, "error"), (60, "fatal")),
        *(("30", "info"), (30.0, "info")),
        # syslog
        *((0, "fatal"), (1, "fatal"), (2, "fatal"), (3, "error"), (4, "warn"), (5, "info"), (6, "info"), (7, "debug")),
    ],
)
def test_a_level_is_read(said: Any, read: Severity) -> None:
    """Whatever the case, and as a number or its text."""
    assert severity(said) == read


@pytest.mark.parametrize("said", [None, True, "", "hello", 8, 9, 70, 200, -1, "200", 3.5, [], {}])
def test_what_is_no_level_is_none(said: Any) -> None:
    """A status code or a word of another meaning is no level."""
    assert severity(said) is None


@pytest.mark.parametrize(
    ("scale", "levels"),
    [
        ("otlp", [(1, "trace"), (4, "trace"), (5, "debug"), (9, "info"), (13, "warn"), (17, "error"), (24, "fatal")]),
        ("python", [(5, "trace"), (10, "debug"), (20, "info"), (30, "warn"), (40, "error"), (50, "fatal")]),
        ("syslog", [(3, "error"), (7, "debug")]),
    ],
)
def test_a_scale_may_be_known(scale: Scale, levels: list[tuple[int, Severity]]) -> None:
    """The same number means another level on each scale."""
    assert [severity(number, scale=scale) for number, _ in levels] == [level for _, level in levels]
    assert severity(99, scale=scale) is None


@pytest.mark.parametrize("key", SEVERITY_KEYS)
def test_every_key_is_looked_at(key: str) -> None:
    """The level is found under each of them."""
    assert of_record({"text": "a", key: "warning"}) == "warn"


def test_a_status_code_is_no_level() -> None:
    """`status` counts as a word only, so that a request's 7 or 50 is not taken for one."""
    assert of_record({"status": 50, "text": "a"}) is None
    assert of_record({"status": 50, "level": "debug"}) == "debug"


def test_a_key_may_bring_its_scale() -> None:
    """PRIORITY is syslog's, levelno Python's, severityNumber OpenTelemetry's."""
    assert of_record({"PRIORITY": "3"}) == "error"
    assert of_record({"levelno": 20}) == "info"
    assert of_record({"severityNumber": 17}) == "error"


def test_severities_go_from_the_least_grave_to_the_gravest() -> None:
    """Readers ask for `warn` and above by this order."""
    assert SEVERITIES == ("trace", "debug", "info", "warn", "error", "fatal")
