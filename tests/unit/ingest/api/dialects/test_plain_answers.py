"""Every answer of `/ingest`, with all of its members."""

import json
from typing import Any

import pytest

from ingest.api.dialects.plain import DIALECT
from ingest.api.events import Response
from ingest.api.parse import MAX_RECORDS, Parsed, RejectedRecord
from ingest.api.request import Request
from ingest.contract.errors import REJECT_REASONS, Rejected, RejectReason
from tests.unit.ingest.fakes import message

_REQUEST = Request({}, {}, b"", id="request-1")
_SINGLE = Parsed([message("log-1")], [0], [], is_batch=False)
_BATCH = Parsed(
    [message("log-1"), message("log-2"), message("log-3")],
    [0, 2, 3],
    [RejectedRecord(1, "empty_text")],
    is_batch=True,
)
_MAX_RESPONSE_BYTES = 6_291_456
_EMPTY_TEXT = {"index": 1, "reason": "empty_text", "detail": "text is empty."}


def _body(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response["body"])
    return body


def test_202_of_a_single_log() -> None:
    """The 202 for a single log has exactly the specification's four members."""
    response = DIALECT.answer(_SINGLE, frozenset(), _REQUEST)
    assert response["statusCode"] == 202
    assert _body(response) == {
        "status": "enqueued",
        "tenant_id": "acme",
        "log_id": "log-1",
        "request_id": "request-1",
    }


def test_202_of_a_batch() -> None:
    """The 202 for a batch has the count, the log_ids in order, and each refused record with its position."""
    response = DIALECT.answer(_BATCH, frozenset(), _REQUEST)
    assert response["statusCode"] == 202
    assert _body(response) == {
        "status": "enqueued",
        "accepted": 3,
        "log_ids": ["log-1", "log-2", "log-3"],
        "rejected": [_EMPTY_TEXT],
        "request_id": "request-1",
    }


def test_202_of_a_batch_of_one_is_a_batch_s() -> None:
    """A batch with one log gets the answer of a batch."""
    response = DIALECT.answer(Parsed([message("log-1")], [0], [], is_batch=True), frozenset(), _REQUEST)
    assert _body(response)["log_ids"] == ["log-1"]
    assert _body(response)["rejected"] == []


def test_500_of_a_single_log() -> None:
    """The 500 for a single log has the specification's detail, Retry-After, and the log_id for the retry."""
    response = DIALECT.answer(_SINGLE, frozenset({0}), _REQUEST)
    assert response["statusCode"] == 500
    assert response["headers"] == {"content-type": "application/json", "retry-after": "5"}
    assert _body(response) == {
        "detail": "Failed to enqueue message",
        "reason": "enqueue_failed",
        "request_id": "request-1",
        "tenant_id": "acme",
        "log_id": "log-1",
    }


def test_500_of_a_batch_that_was_taken_in_part() -> None:
    """The 500 for a batch lists each position as stored in the queue, failed or refused."""
    response = DIALECT.answer(_BATCH, frozenset({2, 1}), _REQUEST)
    assert response["statusCode"] == 500
    assert response["headers"]["retry-after"] == "5"
    assert _body(response) == {
        "detail": "Failed to enqueue message",
        "reason": "enqueue_failed",
        "request_id": "request-1",
        "accepted": 1,
        "log_ids": ["log-1"],
        "failed": [{"index": 2, "log_id": "log-2"}, {"index": 3, "log_id": "log-3"}],
        "rejected": [_EMPTY_TEXT],
    }


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_4xx_of_a_refused_request(reason: RejectReason) -> None:
    """A refusal has the reason's status, its detail and the request id, and no Retry-After, as a retry cannot help."""
    response = DIALECT.refuse(Rejected(reason), _REQUEST)
    assert response["statusCode"] == Rejected(reason).status
    assert response["headers"] == {"content-type": "application/json"}
    assert _body(response) == {"detail": Rejected(reason).detail, "reason": reason, "request_id": "request-1"}


def test_no_valid_records() -> None:
    """A batch without a valid record is a 400 with the reason for each record."""
    refused = [RejectedRecord(0, "invalid_json"), RejectedRecord(1, "empty_text")]
    response = DIALECT.answer(Parsed([], [], refused, is_batch=True), frozenset(), _REQUEST)
    assert response["statusCode"] == 400
    assert _body(response) == {
        "detail": "No record of the batch was accepted; see rejected.",
        "reason": "no_valid_records",
        "accepted": 0,
        "rejected": [{"index": 0, "reason": "invalid_json", "detail": "Invalid JSON payload"}, _EMPTY_TEXT],
        "request_id": "request-1",
    }


def test_200_of_health() -> None:
    """The health check says that the function runs."""
    assert DIALECT.handshakes["GET", "/health"](_REQUEST) == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"status":"ok"}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    "response",
    [
        DIALECT.answer(_SINGLE, frozenset(), _REQUEST),
        DIALECT.answer(_BATCH, frozenset({0}), _REQUEST),
        DIALECT.refuse(Rejected("empty_text"), _REQUEST),
    ],
)
def test_response_is_what_api_gateway_takes(response: Response) -> None:
    """Each answer has the members and types that API Gateway requires, because any other becomes a 502."""
    assert type(response["statusCode"]) is int
    assert type(response["body"]) is str
    assert response["isBase64Encoded"] is False
    assert all(type(k) is type(v) is str for k, v in response["headers"].items())


def test_largest_answer_fits_lambda() -> None:
    """The largest answers, of 20,000 log_ids or refusals, are below Lambda's 6 MB as JSON."""
    taken = Parsed([message("~" * 256)] * MAX_RECORDS, list(range(MAX_RECORDS)), [], is_batch=True)
    answered = DIALECT.answer(taken, frozenset(), _REQUEST)
    assert len(_body(answered)["log_ids"]) == MAX_RECORDS
    assert len(json.dumps(answered)) < _MAX_RESPONSE_BYTES
    longest = max(REJECT_REASONS, key=lambda reason: len(Rejected(reason).detail))
    refused = Parsed([], [], [RejectedRecord(i, longest) for i in range(MAX_RECORDS)], is_batch=True)
    answered = DIALECT.answer(refused, frozenset(), _REQUEST)
    assert len(_body(answered)["rejected"]) == MAX_RECORDS
    assert len(json.dumps(answered)) < _MAX_RESPONSE_BYTES


@pytest.mark.parametrize(
    ("failed", "status", "left_out"),
    [(0, 202, ["log_ids"]), (MAX_RECORDS // 10, 500, ["log_ids"]), (MAX_RECORDS // 2, 500, ["log_ids", "failed"])],
)
def test_an_answer_of_ids_that_only_the_client_made_long_leaves_them_out(
    failed: int, status: int, left_out: list[str]
) -> None:
    """An answer too long for Lambda because of quotes in log_ids leaves these out instead of becoming a 502."""
    taken = Parsed([message('"' * 256)] * MAX_RECORDS, list(range(MAX_RECORDS)), [], is_batch=True)
    answered = DIALECT.answer(taken, frozenset(range(failed)), _REQUEST)
    assert answered["statusCode"] == status
    assert len(json.dumps(answered)) < _MAX_RESPONSE_BYTES
    body = _body(answered)
    assert (body["accepted"], body["left_out"]) == (MAX_RECORDS - failed, left_out)
    assert all(body[name] == [] for name in left_out)
