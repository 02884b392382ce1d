"""A log's severity, from its sender's own word or number. Pure."""

import re
from typing import Any, Final, Literal

from ingest.contract.message import SEVERITIES, Severity

Scale = Literal["level", "severity", "pino", "syslog", "otlp", "python", "dotnet", "appinsights"]
"""Whose numbers: pino and bunyan (10 to 60), syslog (7 to 0, RFC 5424), OpenTelemetry (1 to 24), Python's levelno,
LogLevel of .NET (0 to 5), severityLevel of Application Insights (0 to 4). Several loggers put their own numbers into
members named `level` and `severity`, which have scales of their own: DIALECTS.md has the table."""

SEVERITY_KEYS: Final = (
    "severity",
    "level",
    "severity_text",
    "severityText",
    "log.level",
    "lvl",
    "log_level",
    "loglevel",
    "logLevel",
    "levelname",
    "@l",
    "Level",
    "status",
    "priority",
    "PRIORITY",
    "severity_number",
    "severityNumber",
    "levelno",
    "level_name",
    "levelName",
    "LogLevel",
    "SeverityText",
    "SeverityNumber",
    "severityLevel",
    "error_severity",
)
"""Members that may hold a record's level: the first of these that can be read wins. After them come the `s` of mongod's
lines, and the `level` in an object `log` (Elastic Common Schema)."""

_KEYS: Final = frozenset({*SEVERITY_KEYS, "s"})
_SCALE_OF_KEY: Final[dict[str, Scale]] = {
    "severity": "severity",
    "level": "level",
    "priority": "syslog",
    "PRIORITY": "syslog",
    "severity_number": "otlp",
    "severityNumber": "otlp",
    "SeverityNumber": "otlp",
    "levelno": "python",
    "LogLevel": "dotnet",
    "severityLevel": "appinsights",
}
_WORDS_ONLY: Final = frozenset({"status"})  # A number there, even as a text, is an HTTP status or an exit status.

_WORDS_OF: Final[dict[Severity, str]] = {
    "trace": "trace verbose vrb silly finest all",
    "debug": "debug dbg fine finer config d",
    "info": "info information informational notice inf log i http success ok default",
    "warn": "warn warning wrn w deprecated",
    "error": "error err eror e failure",
    "fatal": "fatal critical crit alert emergency emerg panic dpanic severe fault f c ftl",
}
_WORDS: Final[dict[str, Severity]] = {word: severity for severity, words in _WORDS_OF.items() for word in words.split()}

_STEPS: Final = re.compile(r"(trace|debug|info|warn|error|fatal|d)[1-5]", re.ASCII)
"""Steps within a level: OpenTelemetry's `INFO2`, PostgreSQL's `DEBUG1`, mongod's `D1`."""
_SLOG: Final = re.compile(r"(debug|info|warn|error)([+-][0-9]{1,4})", re.ASCII)
"""Steps between the levels of Go's slog, which are four apart (`ERROR+2`)."""
_SLOG_LEVELS: Final = {"debug": -4, "info": 0, "warn": 4, "error": 8}
_SLOG_STEP: Final = 4
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")  # winston's colorize puts it into the level.

_MONGOD: Final = frozenset({"F", "E", "W", "I", "D", "D1", "D2", "D3", "D4", "D5"})
_MAX_NUMBER_CHARS: Final = 3
_MAX_CHARS: Final = 100
"""No level is longer. A label can have megabytes, and is read for each of a stream's entries."""

_SYSLOG: Final[dict[int, Severity]] = dict(
    enumerate(("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"))
)
_OTLP: Final[dict[int, Severity]] = {number: SEVERITIES[(number - 1) // 4] for number in range(1, 25)}
_PINO: Final[dict[int, Severity]] = {number: SEVERITIES[number // 10 - 1] for number in range(10, 70)}
"""A number between two levels is the lower level (pino's customLevels)."""
# Monolog's Level (PHP) and Google Cloud's LogSeverity.
_MONOLOG: Final[dict[int, Severity]] = {
    100: "debug",
    **dict.fromkeys((200, 250), "info"),
    300: "warn",
    400: "error",
    **dict.fromkeys((500, 550, 600), "fatal"),
}
_GOOGLE: Final[dict[int, Severity]] = {
    100: "debug",
    **dict.fromkeys((200, 300), "info"),
    400: "warn",
    500: "error",
    **dict.fromkeys((600, 700, 800), "fatal"),
}
_NUMBERS: Final[dict[Scale | None, dict[int, Severity]]] = {
    None: _SYSLOG | _PINO,
    "level": _SYSLOG | _PINO | _MONOLOG,
    "severity": _OTLP | _SYSLOG | {number: read for number, read in _PINO.items() if number not in _OTLP} | _GOOGLE,
    "pino": _PINO,
    "syslog": _SYSLOG,
    "otlp": _OTLP,
    "python": {number: SEVERITIES[number // 10] for number in range(1, 60)},  # Libraries name 5 TRACE.
    "dotnet": dict(enumerate(SEVERITIES)),
    "appinsights": dict(enumerate(("trace", "info", "warn", "error", "fatal"))),
}


def of_record(record: dict[str, Any]) -> Severity | None:
    """Return the severity that a record's members name, or None when none of `SEVERITY_KEYS` holds a known one."""
    if not _KEYS.isdisjoint(record):
        for key in SEVERITY_KEYS:
            value = record.get(key)
            if value is None or (key in _WORDS_ONLY and not _is_word(value)):
                continue
            if (read := severity(value, scale=_SCALE_OF_KEY.get(key))) is not None:
                return read
        if isinstance(mongod := record.get("s"), str) and mongod in _MONGOD and "ctx" in record:
            return severity(mongod)
    inner = record.get("log")
    return severity(inner.get("level"), scale="level") if isinstance(inner, dict) else None


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_CHARS and not value.strip().lstrip("+-").isdecimal()


def severity(value: Any, *, scale: Scale | None = None) -> Severity | None:
    """Return the severity that a word or a number names, or None.

    Without a `scale`, 0 to 7 are syslog's numbers and 10 to 60 pino's. An object's `name` counts (log4j2, loguru).
    """
    if isinstance(value, str):
        if len(value) > _MAX_CHARS:
            return None
        word = value.strip().lower().strip("[]")
        if not word.isdecimal():
            return _WORDS.get(word) or _of_unusual(word)
        value = int(word) if len(word) <= _MAX_NUMBER_CHARS else None
    if isinstance(value, dict):
        name = value.get("name")
        return severity(name) if isinstance(name, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _NUMBERS[scale].get(int(value)) if value == value // 1 else None


def _of_unusual(word: str) -> Severity | None:
    if step := _STEPS.fullmatch(word):
        return _WORDS[step[1]]
    if slog := _SLOG.fullmatch(word):
        # Levels are four apart from trace (-8) on. Lower numbers are trace, too, and higher ones fatal.
        place = (_SLOG_LEVELS[slog[1]] + int(slog[2])) // _SLOG_STEP + 2
        read: Severity = SEVERITIES[min(max(place, 0), len(SEVERITIES) - 1)]
        return read
    return _WORDS.get(_COLOUR.sub("", word)) if "\x1b" in word else None
