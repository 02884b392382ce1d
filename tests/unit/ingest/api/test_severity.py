"""The sender's level, in the words and numbers of common loggers."""

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
        # zap, PHP, Java, Apple, Serilog, colours of a terminal, and an object with a name
        *(("dpanic", "fatal"), ("DPANIC", "fatal"), ("Deprecated", "warn"), ("CONFIG", "debug"), ("fault", "fatal")),
        *(("VRB", "trace"), ("\x1b[32minfo\x1b[39m", "info"), ({"name": "ERROR", "no": 40}, "error")),
        # OpenTelemetry's, PostgreSQL's and mongod's steps within a level
        *(("INFO2", "info"), ("ERROR4", "error"), ("DEBUG5", "debug"), ("D1", "debug"), ("PANIC", "fatal")),
        # slog between its levels
        *(("ERROR+2", "error"), ("DEBUG-4", "trace"), ("INFO+1", "info"), ("INFO-1", "debug"), ("WARN+3", "warn")),
        *(
            ("DEBUG-1", "trace"),
            ("INFO+4", "warn"),
            ("ERROR+4", "fatal"),
            ("ERROR+9999", "fatal"),
            ("DEBUG-99", "trace"),
        ),
        # syslog
        *((0, "fatal"), (1, "fatal"), (2, "fatal"), (3, "error"), (4, "warn"), (5, "info"), (6, "info"), (7, "debug")),
    ],
)
def test_a_level_is_read(said: Any, read: Severity) -> None:
    """A level is read in any case, and as a number or the number's text."""
    assert severity(said) == read


@pytest.mark.parametrize(
    "said",
    [
        None,
        True,
        "",
        "hello",
        8,
        9,
        70,
        200,
        -1,
        "200",
        3.5,
        [],
        {},
        "info6",
        "d9",
        float("inf"),
        float("nan"),
        "INFO+",
        "X+1",
    ],
)
def test_what_is_no_level_is_none(said: Any) -> None:
    """Status codes and words of another meaning are no level."""
    assert severity(said) is None


@pytest.mark.parametrize(
    ("scale", "levels"),
    [
        ("otlp", [(1, "trace"), (4, "trace"), (5, "debug"), (9, "info"), (13, "warn"), (17, "error"), (24, "fatal")]),
        ("python", [(5, "trace"), (10, "debug"), (20, "info"), (30, "warn"), (40, "error"), (50, "fatal")]),
        ("syslog", [(3, "error"), (7, "debug")]),
        ("dotnet", [(0, "trace"), (1, "debug"), (2, "info"), (3, "warn"), (4, "error"), (5, "fatal")]),
        ("appinsights", [(0, "trace"), (1, "info"), (2, "warn"), (3, "error"), (4, "fatal")]),
    ],
)
def test_a_scale_may_be_known(scale: Scale, levels: list[tuple[int, Severity]]) -> None:
    """The same number means another level on each scale."""
    assert [severity(number, scale=scale) for number, _ in levels] == [level for _, level in levels]
    assert severity(99, scale=scale) is None


@pytest.mark.parametrize("key", SEVERITY_KEYS)
def test_every_key_is_looked_at(key: str) -> None:
    """The level is found under each known key."""
    assert of_record({"text": "a", key: "warning"}) == "warn"


@pytest.mark.parametrize("key", ["level", "status"])
def test_a_long_text_is_not_looked_through(key: str) -> None:
    """A text over 100 characters is no level. A label of 5 MB was read for each of 20,000 entries, in 94 s."""
    assert of_record({key: "info".rjust(100)}) == "info"
    assert of_record({key: "info".rjust(101)}) is None


def test_a_status_code_is_no_level() -> None:
    """`status` is read only as a word, so that a request's 7 or 50 is no level."""
    assert of_record({"status": 50, "text": "a"}) is None
    assert of_record({"status": 50, "level": "debug"}) == "debug"


@pytest.mark.parametrize("status", ["0", "1", "7", " 1 ", "-1", "200", "503", 0, 1, 3.0])
def test_a_status_in_digits_is_no_level(status: Any) -> None:
    """A status in digits, as of a shell or of HTTP, is no level, but a word is."""
    assert of_record({"status": status}) is None
    assert of_record({"status": "error"}) == "error"


@pytest.mark.parametrize(
    ("record", "read"),
    [
        ({"PRIORITY": "3"}, "error"),
        ({"PRIORITY": "crit"}, "fatal"),
        ({"levelno": 20}, "info"),
        ({"severityNumber": 17}, "error"),
        ({"severity_number": 5}, "debug"),
        ({"SeverityNumber": 21, "SeverityText": "x"}, "fatal"),
        ({"LogLevel": "Warning"}, "warn"),
        ({"LogLevel": 4}, "error"),
        ({"severityLevel": "Critical"}, "fatal"),
        ({"severityLevel": 3}, "error"),
        ({"levelName": "WARN"}, "warn"),
        # `severity`: syslog's 0 to 7, OpenTelemetry's from 8 on, pino's above 24, Google Cloud's hundreds
        ({"severity": 3}, "error"),
        ({"severity": 8}, "debug"),
        ({"severity": 9}, "info"),
        ({"severity": 10}, "info"),
        ({"severity": "13"}, "warn"),
        ({"severity": 17}, "error"),
        ({"severity": 24}, "fatal"),
        ({"severity": 30}, "info"),
        ({"severity": 500}, "error"),
        ({"severity": "NOTICE"}, "info"),
        # `level`: syslog's, pino's, Monolog's hundreds
        ({"level": 3}, "error"),
        ({"level": 17}, "trace"),
        ({"level": 50}, "error"),
        ({"level": 400, "level_name": "ERROR"}, "error"),
        ({"level_name": "EMERGENCY"}, "fatal"),
        *(({"level": number}, "info") for number in (200, 250)),
        ({"level": 300}, "warn"),
        ({"level": 550}, "fatal"),
        # Elastic Common Schema as an object, PostgreSQL's jsonlog, mongod
        ({"log": {"level": "error"}, "message": "x"}, "error"),
        ({"log": {"level": "error"}, "level": "debug"}, "debug"),
        *(({"error_severity": word}, "info") for word in ("LOG", "NOTICE", "INFO")),
        ({"error_severity": "PANIC"}, "fatal"),
        *(
            ({"s": said, "c": "NETWORK", "ctx": "conn1", "msg": "x"}, read)
            for said, read in zip(
                ("F", "E", "W", "I", "D1", "D5"), ("fatal", "error", "warn", "info", "debug", "debug"), strict=True
            )
        ),
    ],
)
def test_a_key_may_bring_its_scale(record: dict[str, Any], read: Severity) -> None:
    """A number's level depends on its key, which tells the logger and so the scale."""
    assert of_record(record) == read


@pytest.mark.parametrize(
    "record",
    [
        {"s": "E", "msg": "x"},
        {"s": "error", "ctx": "conn1"},
        {"s": ["E"], "ctx": "conn1"},
        {"s": 3, "ctx": "conn1"},
        {"log": "error"},
        {"log": {"level": {"level": "error"}}},
        {"log": {"file": "x"}},
        {"level": 8},
        {"level": 150},
        {"severity": 150},
        {"severity": 9000},
        {"level": "9" * 5_000},
    ],
)
def test_what_only_looks_like_a_level_is_none(record: dict[str, Any]) -> None:
    """An `s` that is not mongod's, a nested level and a number of no scale are no level."""
    assert of_record(record) is None


def test_severities_go_from_the_least_grave_to_the_gravest() -> None:
    """Severities are in the order that a search for `warn` and above uses."""
    assert SEVERITIES == ("trace", "debug", "info", "warn", "error", "fatal")
