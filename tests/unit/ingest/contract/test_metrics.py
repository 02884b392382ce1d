"""Metric names and the EMF line."""

import json
from typing import get_args

import pytest

from ingest.contract.metrics import METRICS, NAMESPACE, MetricName, emf_line, log_line
from tests.unit.ingest.emf_schema import violations


def test_every_metric_name_has_a_unit_and_a_meaning() -> None:
    """The closed list and the table are one list."""
    assert set(METRICS) == set(get_args(MetricName))
    assert all(metric.meaning.endswith(".") for metric in METRICS.values())


@pytest.mark.parametrize("name", get_args(MetricName))
def test_every_metric_makes_a_valid_line(name: MetricName) -> None:
    """CloudWatch takes each of them, alone and as a list of 100 values."""
    for value in (1, [0.5] * 100):
        line = emf_line({name: value}, timestamp_ms=1_795_498_800_000, dimensions={"service": "x"}, properties={})
        assert violations(line) == []
        assert json.loads(line)[name] == value


def test_the_golden_line() -> None:
    """The whole line, to the byte: no count that is 0, and no unit."""
    line = emf_line(
        {"accepted": 2, "stream_failures": 0, "batch_duration_ms": 0.0},
        timestamp_ms=1_795_498_800_000,
        dimensions={"service": "ingest"},
        properties={"event": "ingest", "tenants": {"acme": 2}},
    )
    assert line == (
        '{"_aws":{"Timestamp":1795498800000,"CloudWatchMetrics":[{"Namespace":"RobustDataProcessor",'
        '"Dimensions":[["service"]],"Metrics":[{"Name":"accepted"},{"Name":"batch_duration_ms"}]}]},'
        '"service":"ingest","event":"ingest","tenants":{"acme":2},"accepted":2,"batch_duration_ms":0.0}'
    )
    assert NAMESPACE == "RobustDataProcessor"


def test_a_line_of_zeroes_names_a_metric() -> None:
    """The first one, so that CloudWatch has something to take."""
    line = emf_line(
        {"accepted": 0, "enqueue_failures": 0},
        timestamp_ms=1_795_498_800_000,
        dimensions={"service": "x"},
        properties={},
    )
    assert violations(line) == []
    assert json.loads(line)["accepted"] == 0


def test_properties_cannot_hide_a_metric() -> None:
    """A metric's value stands last, whatever a property is called."""
    line = emf_line({"accepted": 2}, timestamp_ms=1_795_498_800_000, dimensions={}, properties={"accepted": "text"})
    assert json.loads(line)["accepted"] == 2


def test_violations_are_seen() -> None:
    """The rules that the tests above rely on do refuse."""
    good = emf_line({"accepted": 1}, timestamp_ms=1_795_498_800_000, dimensions={"service": "x"}, properties={})
    for old, new in (
        ('"accepted":1', '"other":1'),
        ('"accepted":1', '"accepted":"1"'),
        ('"accepted":1', '"accepted":' + json.dumps([1] * 101)),
        ('"accepted":1', '"accepted":[]'),
        ('"service":"x"', '"service":1'),
        ('"Name":"accepted"', '"Name":"accepted","Unit":"count"'),
        ("1795498800000", "1795498800"),
        ("1795498800000", "1795498800000.5"),
    ):
        assert old in good
        assert violations(good.replace(old, new)), new


def test_log_line_is_one_line_of_json() -> None:
    """Level, event and properties; what is no JSON is written as text."""
    line = log_line("error", "engine_stopped", {"count": 1, "path": pytest.raises, "text": "a\nb"})
    assert "\n" not in line
    assert json.loads(line) | {"path": ""} == {
        "level": "error",
        "event": "engine_stopped",
        "count": 1,
        "path": "",
        "text": "a\nb",
    }
