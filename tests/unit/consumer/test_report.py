"""The answer and the log lines: every message is accounted for, and no line has a text."""

import json

import pytest

from consumer.report import metrics_lines, partial_batch_response, warning_line
from consumer.verdict import DUPLICATE, OUTCOMES, STORED, Verdict, conflict, quarantined, retried


def test_only_unfinished_messages_are_kept() -> None:
    """Deferred and retried messages are kept, and those with the other four outcomes are acknowledged."""
    verdicts: dict[str, Verdict] = {outcome: Verdict(outcome) for outcome in OUTCOMES}
    assert partial_batch_response({outcome: [outcome] for outcome in OUTCOMES}, verdicts) == {
        "batchItemFailures": [{"itemIdentifier": "deferred"}, {"itemIdentifier": "retried"}]
    }


@pytest.mark.parametrize(
    ("messages", "verdicts"),
    [
        ({"a": ["a"], "b": ["b"]}, {"a": STORED}),
        ({"a": ["a"]}, {"a": STORED, "b": STORED}),
        ({"a": ["a"]}, {"b": STORED}),
        ({"m": ["a"], "n": ["a"]}, {"a": STORED, "b": STORED}),
        ({"m": ["a"], "n": ["a"]}, {"a": STORED}),
        ({"m": ["m/0", "m/1"]}, {"m/0": STORED}),
        ({"m": ["m/0"], "n": []}, {"m/0": STORED}),
        ({}, {"a": STORED}),
        ({"a": ["a"]}, {}),
    ],
)
def test_an_answer_that_would_not_account_for_every_message_is_never_given(
    messages: dict[str, list[str]], verdicts: dict[str, Verdict]
) -> None:
    """An outcome that is missing for a message or a log raises, because the answer would delete the message."""
    with pytest.raises(RuntimeError, match="verdict"):
        partial_batch_response(messages, verdicts)


@pytest.mark.parametrize(
    ("outcomes", "sent_back", "kept"),
    [
        ("stored duplicate conflict quarantined", "", False),
        ("stored retried duplicate", "", True),
        ("stored deferred duplicate", "", True),
        ("stored retried deferred", "1", True),
        ("stored retried deferred", "12", False),
        ("retried retried", "01", False),
    ],
)
def test_a_message_is_kept_until_the_last_of_its_logs_has_an_end(outcomes: str, sent_back: str, *, kept: bool) -> None:
    """A message is kept until each of its logs has a final outcome or its own message."""
    verdicts = {f"m/{n}": Verdict(outcome) for n, outcome in enumerate(outcomes.split())}  # type: ignore[arg-type]
    answer = partial_batch_response({"m": list(verdicts)}, verdicts, {f"m/{place}" for place in sent_back})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}] if kept else []}


def lines(verdicts: dict[str, Verdict], end_to_end_ms: list[int]) -> list[dict[str, object]]:
    """Return the parsed lines of an invocation."""
    return [
        json.loads(line)
        for line in metrics_lines(
            verdicts,
            stack="other",
            splits=2,
            end_to_end_ms=end_to_end_ms,
            duration_ms=5.04,
            timestamp_ms=7,
            request_id="r",
        )
    ]


def test_one_line_counts_every_outcome() -> None:
    """One line has all counts that are not 0, in the list's order."""
    (line,) = lines({"a": STORED, "b": STORED, "c": retried("x"), "d": DUPLICATE}, [10, 20])
    assert {outcome: line[outcome] for outcome in OUTCOMES if outcome in line} == {
        "stored": 2,
        "duplicate": 1,
        "retried": 1,
    }
    assert (line["batch_splits"], line["batch_duration_ms"], line["end_to_end_ms"]) == (2, 5.0, [10, 20])
    assert (line["service"], line["stack"], line["request_id"], line["batch_size"]) == ("consumer", "other", "r", 4)


def test_the_line_of_a_healthy_batch_is_short() -> None:
    """A healthy batch's line does not name the invocation, because no other line does."""
    (line,) = lines({"a": STORED, "b": STORED}, [10, 20])
    del line["_aws"]
    assert line == {
        "service": "consumer",
        "stack": "other",
        "batch_size": 2,
        "stored": 2,
        "batch_splits": 2,
        "batch_duration_ms": 5.0,
        "end_to_end_ms": [10, 20],
    }


def test_times_beyond_a_hundred_take_further_lines_and_count_once() -> None:
    """More than 100 times, EMF's limit for a metric, take further lines, and each counts once."""
    written = lines({str(n): STORED for n in range(250)}, list(range(250)))
    assert [len(line["end_to_end_ms"]) for line in written] == [100, 100, 50]  # type: ignore[arg-type] # parsed JSON
    assert [line.get("stored") for line in written] == [250, None, None]


def test_no_times_no_metric() -> None:
    """Without times the line has no metric of times, as EMF allows no empty list."""
    (line,) = lines({"a": retried("x")}, [])
    assert "end_to_end_ms" not in line


@pytest.mark.parametrize("verdict", [conflict("secret"), quarantined("refused_by_table", "x"), retried("Timeout")])
def test_a_warning_names_the_log_and_never_its_text(verdict: Verdict) -> None:
    """A warning has the log's ids, outcome, reason and cause, and never its text."""
    line = warning_line("m-1", verdict, tenant_id="acme", log_id=None)
    parsed = json.loads(line)
    assert parsed["level"] == "warning"
    assert (parsed["message_id"], parsed["tenant_id"], parsed["outcome"]) == ("m-1", "acme", verdict.outcome)
    assert "log_id" not in parsed
    assert "secret" not in line
