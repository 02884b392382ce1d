"""How grave a log is, by its sender's own word or number. Pure."""

from typing import Any, Final, Literal

from ingest.contract.message import SEVERITIES, Severity

Scale = Literal["pino", "syslog", "otlp", "python"]
"""Whose numbers: pino and bunyan (10 to 60), syslog (7 to 0, RFC 5424), OpenTelemetry (1 to 24), Python's levelno."""

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
)
"""Where a record's level may stand: the first of these that can be read wins."""

_KEYS: Final = frozenset(SEVERITY_KEYS)
_SCALE_OF_KEY: Final[dict[str, Scale]] = {
    "priority": "syslog",
    "PRIORITY": "syslog",
    "severity_number": "otlp",
    "severityNumber": "otlp",
    "levelno": "python",
}
_WORDS_ONLY: Final = frozenset({"status"})  # A number there is an HTTP status.

_WORDS_OF: Final[dict[Severity, str]] = {
    "trace": "trace verbose silly finest all",
    "debug": "debug dbg fine finer d",
    "info": "info information informational notice inf log i http success ok default",
    "warn": "warn warning wrn w",
    "error": "error err eror e failure",
    "fatal": "fatal critical crit alert emergency emerg panic severe f c ftl",
}
_WORDS: Final[dict[str, Severity]] = {word: severity for severity, words in _WORDS_OF.items() for word in words.split()}

_SYSLOG: Final[tuple[Severity, ...]] = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
_OTLP_STEP: Final = 4  # Numbers a level: 1-4 trace, ... 21-24 fatal (OpenTelemetry logs data model).
_OTLP_MAX: Final = 24
_LEVEL_STEP: Final = 10
_PINO_MAX: Final = 60
_PYTHON: Final[tuple[Severity, ...]] = ("trace", "debug", "info", "warn", "error", "fatal")


def of_record(record: dict[str, Any]) -> Severity | None:
    """Return the severity that a record's members name, or None when none of `SEVERITY_KEYS` holds a known one."""
    if _KEYS.isdisjoint(record):
        return None
    for key in SEVERITY_KEYS:
        value = record.get(key)
        if value is None or (key in _WORDS_ONLY and not isinstance(value, str)):
            continue
        if (read := severity(value, scale=_SCALE_OF_KEY.get(key))) is not None:
            return read
    return None


def severity(value: Any, *, scale: Scale | None = None) -> Severity | None:
    """Return the severity that a word or a number names, or None.

    Without a `scale`, 0 to 7 are syslog's numbers and 10 to 60 pino's.
    """
    if isinstance(value, str):
        word = value.strip().lower().strip("[]")
        if not word.isdecimal():
            return _WORDS.get(word)
        value = int(word) if len(word) <= 2 else None  # noqa: PLR2004 - no scale has three digits
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return _of_number(value, scale or ("pino" if value >= _LEVEL_STEP else "syslog"))


def _of_number(number: int, scale: Scale) -> Severity | None:
    match scale:
        case "syslog":
            return _SYSLOG[number] if 0 <= number < len(_SYSLOG) else None
        case "otlp":
            return SEVERITIES[(number - 1) // _OTLP_STEP] if 1 <= number <= _OTLP_MAX else None
        case "pino":  # Numbers between two levels are the lower one's (pino's customLevels).
            return SEVERITIES[number // _LEVEL_STEP - 1] if _LEVEL_STEP <= number < _PINO_MAX + _LEVEL_STEP else None
        case "python":  # 5 is what libraries name TRACE; 10 DEBUG ... 50 CRITICAL.
            return _PYTHON[number // _LEVEL_STEP] if 0 < number < len(_PYTHON) * _LEVEL_STEP else None
