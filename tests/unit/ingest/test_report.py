"""The log lines of a request."""

import json
from pathlib import Path

import pytest

from ingest import report
from ingest.api.parse import Parsed, RejectedRecord
from ingest.contract.errors import REJECT_REASONS, Rejected, RejectReason
from ingest.sinks.publish import Published
from tests.unit.ingest.emf_schema import violations
from tests.unit.ingest.fakes import message

_GOLDEN = Path(__file__).parents[2] / "golden" / "ingest_lines.jsonl"
_NOW_MS = 1_795_498_800_000
_PROPERTIES = {"request_id": "request-1", "lambda_request_id": "lambda-1"}


def _lines(parsed: Parsed, published: Published) -> list[str]:
    return report.accepted_lines(
        parsed, published, stack="rdp", timestamp_ms=_NOW_MS, latency_ms=12.34567, properties=_PROPERTIES
    )


def _parsed(tenants: list[str], rejected: list[RejectReason]) -> Parsed:
    messages = [message(f"log-{i}", tenant_id=tenant) for i, tenant in enumerate(tenants)]
    refused = [RejectedRecord(len(messages) + i, reason) for i, reason in enumerate(rejected)]
    return Parsed(messages, list(range(len(messages))), refused, is_batch=True)


def test_the_golden_lines() -> None:
    """A batch with every outcome leaves exactly the golden lines, and CloudWatch accepts each."""
    parsed = _parsed(["acme", "acme", "other"], ["empty_text", "invalid_json", "empty_text"])
    lines = _lines(parsed, Published(frozenset({2}), frozenset({0, 1}), 300))
    assert lines == _GOLDEN.read_text().splitlines()
    assert [violations(line) for line in lines] == [[], [], []]


@pytest.mark.parametrize(
    ("not_enqueued", "stream_pending", "level"),
    [(set(), {0}, "warning"), ({0}, set(), "error"), ({0}, {0}, "error")],
)
def test_level_says_what_is_wrong(not_enqueued: set[int], stream_pending: set[int], level: str) -> None:
    """A refusal by the queue is an error, and a refusal by the stream a warning."""
    (line,) = _lines(_parsed(["acme"], []), Published(frozenset(not_enqueued), frozenset(stream_pending), 0))
    root = json.loads(line)
    assert (root["event"], root["level"], root["lambda_request_id"]) == ("ingest", level, "lambda-1")


def test_the_line_of_a_healthy_request_is_short() -> None:
    """A healthy request's line has only counts, duration, tenant and request id, because each byte costs."""
    (line,) = _lines(_parsed(["acme"], []), Published(frozenset(), frozenset(), 458))
    assert violations(line) == []
    said = json.loads(line)
    assert said.pop("_aws")["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "accepted"}]
    assert said == {
        "service": "ingest",
        "stack": "rdp",
        "tenants": {"acme": 1},
        "request_id": "request-1",
        "bytes": 458,
        "ingest_latency_ms": 12.3,
        "accepted": 1,
    }
    assert len(line) < 300


def test_accepted_is_what_sqs_acknowledged() -> None:
    """The metric `accepted` counts only logs that SQS acknowledged."""
    (line,) = _lines(_parsed(["a", "a", "a"], []), Published(frozenset({0, 2}), frozenset(), 100))
    root = json.loads(line)
    assert (root["accepted"], root["enqueue_failures"], root["bytes"]) == (1, 2, 100)


def test_refusals_stand_in_the_line() -> None:
    """The line has the errors of SQS and Kinesis, for operators to search."""
    (line,) = _lines(_parsed(["a"], []), Published(frozenset({0}), frozenset(), 0, {"sqs:AccessDenied": 2}))
    assert json.loads(line)["refusals"] == {"sqs:AccessDenied": 2}


def test_a_line_names_at_most_ten_tenants() -> None:
    """A line names the ten tenants with the most logs, with their counts."""
    tenants = [f"t{i}" for i in range(50) for _ in range(i)]
    (line,) = _lines(_parsed(tenants, []), Published(frozenset(), frozenset(), 0))
    assert json.loads(line)["tenants"] == {f"t{i}": i for i in range(49, 39, -1)}


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_refused_request_leaves_a_line_with_its_reason(reason: RejectReason) -> None:
    """The line of a refused request has the reason as a dimension of the metric `rejected`."""
    (line,) = report.rejected_lines(Rejected(reason), stack="rdp", timestamp_ms=_NOW_MS, properties=_PROPERTIES)
    assert violations(line) == []
    root = json.loads(line)
    assert root["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service", "stack", "reason"]]
    assert (root["service"], root["reason"], root["rejected"]) == ("ingest", reason, 1)
    assert root["request_id"] == "request-1"


def test_no_line_holds_a_text() -> None:
    """No line has a text, a field or a log_id."""
    parsed = Parsed(
        [message("secret-id", "secret text", fields={"secret": "secret"})],
        [0],
        [RejectedRecord(1, "empty_text")],
        is_batch=True,
    )
    assert "secret" not in "".join(_lines(parsed, Published(frozenset({0}), frozenset({0}), 0)))
