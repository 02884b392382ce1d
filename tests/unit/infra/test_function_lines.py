"""A function's log lines as a person reads them."""

import json

import pytest

from infra import function_lines
from infra.function_lines import FunctionLine


def test_a_structured_line_shows_its_members() -> None:
    """Level and event stand apart, the metrics' declaration is left out, the text of a value is shown as it is."""
    message = json.dumps(
        {
            "_aws": {"Timestamp": 1},
            "service": "ingest",
            "level": "warning",
            "event": "ingest",
            "tenants": {"acme": 1},
            "accepted": 1,
        }
    )
    assert function_lines.read(message + "\n") == FunctionLine("warning", "ingest", 'tenants={"acme":1}  accepted=1')


def test_a_line_of_metrics_alone_is_info() -> None:
    """The consumer's summary has neither level nor event."""
    assert function_lines.read('{"_aws": {}, "stored": 5}') == FunctionLine("info", "metrics", "stored=5")


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 9187a462 Version: $LATEST",
        "END RequestId: 9187a462",
        "REPORT RequestId: 9187a462\tDuration: 861 ms",
        "INIT_START Runtime Version: python:3.13",
        '{"time": "2026-11-28T12:00:00Z", "type": "platform.start", "record": {"requestId": "9187a462"}}',
        '{"type": "platform.report", "record": {"requestId": "9187a462", "status": "success"}}',
    ],
)
def test_lambdas_own_lines_are_told_apart(message: str) -> None:
    """They are hidden unless asked for."""
    assert function_lines.read(message).platform


@pytest.mark.parametrize(
    "message",
    [
        *("Traceback (most recent call last):", "Task timed out after 50.00 seconds", "[1, 2]", "", "3"),
        '{"type": "platform.report", "record": {"requestId": "9187a462", "status": "timeout"}}',
        '{"timestamp": "2026-11-28T12:00:00Z", "log_level": "ERROR", "errorType": "ValueError", "stackTrace": ["..."]}',
    ],
)
def test_what_is_no_structured_line_is_an_error(message: str) -> None:
    """A traceback or a time-out must not be filtered away by a level."""
    line = function_lines.read(message)
    assert (line.level, line.platform) == ("error", False)
    assert function_lines.at_least("error", line)


def test_levels_are_ordered() -> None:
    """A level shows itself and what is graver; an unknown level counts as info."""
    lines = [function_lines.read(json.dumps({"level": level})) for level in ("info", "warning", "error", "odd")]
    assert [function_lines.at_least("warning", line) for line in lines] == [False, True, True, False]
    assert all(function_lines.at_least("info", line) for line in lines)
