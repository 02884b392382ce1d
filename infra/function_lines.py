"""Parses a line of a function's log: its level, its event, and the text to show. Pure."""

import json
import re
from typing import Final, Literal, NamedTuple, get_args

Level = Literal["info", "warning", "error"]

LEVELS: Final = get_args(Level)

# Lambda's own lines as text: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html; its lines as JSON, which
# report failures: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
_PLATFORM: Final = re.compile(r"(?:START|END|REPORT) RequestId: |INIT_START |EXTENSION\t|XRAY TraceId: ")
_SHOWN_APART: Final = frozenset({"_aws", "level", "event", "service", "stack"})


class FunctionLine(NamedTuple):
    """One line. `text` is its content; `platform`: Lambda itself wrote it, and it reports no failure."""

    level: Level
    event: str
    text: str
    platform: bool = False


def read(message: str) -> FunctionLine:
    """Return the parsed message.

    A line that is neither a JSON object nor Lambda's own is an `error`: a traceback, a timeout, a crash of the runtime.
    """
    message = message.rstrip("\n")
    if _PLATFORM.match(message):
        return FunctionLine("info", "platform", message, platform=True)
    try:
        members = json.loads(message)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        return FunctionLine("error", "unstructured", message)
    if str(members.get("type")).startswith("platform."):
        record = members.get("record")
        status = record.get("status", "success") if isinstance(record, dict) else "success"
        went_well = status == "success"
        return FunctionLine("info" if went_well else "error", "platform", message, platform=went_well)
    level: Level = members["level"] if members.get("level") in LEVELS else "info"
    if "errorType" in members:  # The runtime reports an exception that the function raised.
        level = "error"
    event = str(members.get("event") or ("metrics" if "_aws" in members else "log"))
    shown = {name: value for name, value in members.items() if name not in _SHOWN_APART}
    text = "  ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for name, value in shown.items()
    )
    return FunctionLine(level, event, text)


def at_least(level: Level, line: FunctionLine) -> bool:
    """Say whether the line has this level or a more severe one."""
    return LEVELS.index(line.level) >= LEVELS.index(level)
