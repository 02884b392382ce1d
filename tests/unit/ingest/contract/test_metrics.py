"""Metric names and the EMF line."""

import json
from typing import get_args

import pytest

from ingest.contract.metrics import METRICS, NAMESPACE, MetricName, emf_line, log_line
from tests.unit.ingest.emf_schema import violations


def test_every_metric_name_has_a_unit_and_a_meaning() -> None:
    """The closed list of names and the table of units and meanings agree."""
    assert set(METRICS) == set(get_args(MetricName))
    assert all(metric.meaning.endswith(".") for metric in METRICS.values())


@pytest.mark.parametrize("name", get_args(MetricName))
def test_every_metric_makes_a_valid_line(name: MetricName) -> None:
    """CloudWatch accepts each metric, as one value and as a list of 100 values."""
    for value in (1, [0.5] * 100):
        line = emf_line({name: value}, timestamp_ms=1_795_498_800_000, dimensions={"service": "x"}, properties={})
        assert violations(line) == []
        assert json.loads(line)[name] == value


def test_the_golden_line() -> None:
    """A line has exactly the golden bytes, without counts that are 0 and without units."""
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
    """A line whose counts are all 0 names the first metric, because CloudWatch requires one."""
    line = emf_line(
        {"accepted": 0, "enqueue_failures": 0},
        timestamp_ms=1_795_498_800_000,
        dimensions={"service": "x"},
        properties={},
    )
    assert violations(line) == []
    assert json.loads(line)["accepted"] == 0


def test_properties_cannot_hide_a_metric() -> None:
    """A property with a metric's name does not replace the metric's value."""
    line = emf_line({"accepted": 2}, timestamp_ms=1_795_498_800_000, dimensions={}, properties={"accepted": "text"})
    assert json.loads(line)["accepted"] == 2


def test_violations_are_seen() -> None:
    """The schema checker that the other tests use refuses invalid lines."""
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
    """A line is JSON with level, event and properties; values that are not JSON are written as text."""
    line = log_line("error", "engine_stopped", {"count": 1, "path": pytest.raises, "text": "a\nb"})
    assert "\n" not in line
    assert json.loads(line) | {"path": ""} == {
        "level": "error",
        "event": "engine_stopped",
        "count": 1,
        "path": "",
        "text": "a\nb",
    }
