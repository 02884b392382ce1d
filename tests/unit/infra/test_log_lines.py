"""A function's log lines as a person reads them."""

import json

import pytest

from infra import log_lines
from infra.log_lines import Line


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
    assert log_lines.read(message + "\n") == Line("warning", "ingest", 'tenants={"acme":1}  accepted=1')


def test_a_line_of_metrics_alone_is_info() -> None:
    """The consumer's summary has neither level nor event."""
    assert log_lines.read('{"_aws": {}, "stored": 5}') == Line("info", "metrics", "stored=5")


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 9187a462 Version: $LATEST",
        "END RequestId: 9187a462",
        "REPORT RequestId: 9187a462\tDuration: 861 ms",
        "INIT_START Runtime Version: python:3.13",
    ],
)
def test_lambdas_own_lines_are_told_apart(message: str) -> None:
    """They are hidden unless asked for."""
    assert log_lines.read(message).platform


@pytest.mark.parametrize(
    "message", ["Traceback (most recent call last):", "Task timed out after 50.00 seconds", "[1, 2]", "", "3"]
)
def test_what_is_no_structured_line_is_an_error(message: str) -> None:
    """A traceback or a time-out must not be filtered away by a level."""
    line = log_lines.read(message)
    assert (line.level, line.platform) == ("error", False)
    assert log_lines.at_least("error", line)


def test_levels_are_ordered() -> None:
    """A level shows itself and what is graver; an unknown level counts as info."""
    lines = [log_lines.read(json.dumps({"level": level})) for level in ("info", "warning", "error", "odd")]
    assert [log_lines.at_least("warning", line) for line in lines] == [False, True, True, False]
    assert all(log_lines.at_least("info", line) for line in lines)
