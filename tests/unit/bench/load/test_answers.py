"""Answers: what counts as unexpected, and how each log of a batch ended."""

from typing import Any

import orjson
import pytest

from bench.judge.history import NO_ANSWER
from bench.load.answers import read_answer
from bench.load.workload import PlannedLog, PlannedRequest

LOG = PlannedLog("acme", "a1", "text")
SINGLE = PlannedRequest("json", {}, b"", (LOG,))
REFUSED = PlannedRequest("text", {}, b"", (LOG._replace(reason="empty_text"),), 400, "empty_text")
BAD = PlannedLog("", None, "bad", (), "empty_text")
BATCH = PlannedRequest("batch", {}, b"", (LOG, BAD, PlannedLog("globex", None, "other")))
GOOD = {"status": "enqueued", "tenant_id": "acme", "log_id": "a1", "request_id": "r"}
GOOD_BATCH = {
    "status": "enqueued",
    "accepted": 2,
    "log_ids": ["a1", "generated"],
    "rejected": [{"index": 1, "reason": "empty_text", "detail": "d"}],
    "request_id": "r",
}


def problem(request: PlannedRequest, status: int, body: Any) -> str:
    """Return what is unexpected in an answer with this JSON body."""
    return read_answer(request, status, orjson.dumps(body), sent_ms=1).problem


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (SINGLE, 202, GOOD),
        (SINGLE._replace(logs=(LOG._replace(log_id=None),)), 202, GOOD | {"log_id": "generated"}),
        (REFUSED, 400, {"detail": "d", "reason": "empty_text"}),
        (REFUSED._replace(reason=""), 400, {"detail": "the naive baseline names no reason"}),
        (BATCH, 202, GOOD_BATCH),
    ],
)
def test_the_asked_answer_is_no_problem(request_: PlannedRequest, status: int, body: Any) -> None:
    """A 202 or the right 4xx with its members is as asked."""
    assert problem(request_, status, body) == ""


@pytest.mark.parametrize(
    ("request_", "status", "body", "expected"),
    [
        (SINGLE, 500, {"detail": "Failed to enqueue message"}, "500 instead of 202 (Failed to enqueue message)"),
        (SINGLE, 202, GOOD | {"log_id": "b2"}, "202 with another log_id than the one sent"),
        (SINGLE, 202, GOOD | {"tenant_id": "globex"}, "202 for another tenant"),
        (SINGLE, 202, GOOD | {"request_id": ""}, "202 without status or request_id"),
        (SINGLE, NO_ANSWER, None, "no answer instead of 202"),
        (REFUSED, 202, GOOD, "202 instead of 400"),
        (REFUSED, 400, {"detail": "d", "reason": "x"}, "400 with reason 'x' instead of 'empty_text'"),
        (BATCH, 202, GOOD_BATCH | {"rejected": []}, "202 with 0 rejected records, not the 1 invalid"),
        (BATCH, 202, GOOD_BATCH | {"log_ids": ["a1"]}, "202 with 2 accepted instead of 2"),
        (BATCH, 202, GOOD_BATCH | {"log_ids": ["b2", "x"]}, "202 with other log_ids than those sent"),
    ],
)
def test_everything_else_is(request_: PlannedRequest, status: int, body: Any, expected: str) -> None:
    """Each difference from what was asked is named."""
    assert problem(request_, status, body).startswith(expected)


def test_the_logs_of_a_batch_end_one_by_one() -> None:
    """Accepted logs take the answered log_ids in order, the refused record is a 400."""
    answer = read_answer(BATCH, 202, orjson.dumps(GOOD_BATCH), sent_ms=5)
    assert [(log.tenant_id, log.log_id, log.status) for log in answer.logs] == (
        [("acme", "a1", 202), ("", "", 400), ("globex", "generated", 202)]
    )
    assert answer.accepted == 2


def test_a_partial_500_says_which_logs_are_durable() -> None:
    """What a 500 lists under log_ids was accepted; what it lists as failed is uncertain."""
    body = {
        "detail": "Failed to enqueue message",
        "accepted": 1,
        "log_ids": ["a1"],
        "failed": [{"index": 2, "log_id": "generated"}],
        "rejected": [{"index": 1, "reason": "empty_text"}],
    }
    answer = read_answer(BATCH, 500, orjson.dumps(body), sent_ms=5)
    assert [log.status for log in answer.logs] == [202, 400, 500]
    assert answer.logs[2].log_id == "generated"


@pytest.mark.parametrize("status", [NO_ANSWER, 502])
def test_without_a_readable_answer_every_log_is_uncertain(status: int) -> None:
    """A timeout or a gateway's own page says nothing about any log."""
    answer = read_answer(BATCH, status, b"<html>", sent_ms=5)
    assert [log.status for log in answer.logs] == [status] * 3
