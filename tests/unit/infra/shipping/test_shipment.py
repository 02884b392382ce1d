"""Lines to requests and answers to verdicts."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from infra.shipping import shipment
from infra.shipping.log_file import Line, Place
from infra.shipping.shipment import Answer, Shipment

_END = Place(0, 0, b"")


def _line(number: int, log_id: str, text: str) -> Line:
    return Line(number, log_id, text, _END)


def _lines(count: int, text: str = "x") -> list[Line]:
    return [_line(number, f"id-{number}", text) for number in range(1, count + 1)]


def _answer(sent: Shipment, status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    return shipment.read_answer(sent, status, headers or {}, json.dumps(body).encode())


def _numbers(sent: Sequence[Line]) -> list[int]:
    return [line.number for line in sent]


def test_one_line_is_plain_text_with_its_id() -> None:
    """A request of one line has the line as its body, untouched."""
    sent = shipment.request([_line(7, "id", " Zoë\t")], "acme")
    assert sent.body == " Zoë\t".encode()
    assert sent.headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Tenant-ID": "acme",
        "X-Log-ID": "id",
    }


def test_several_lines_are_ndjson_records_in_order() -> None:
    """A batch has a record a line with text and log_id."""
    sent = shipment.request([_line(1, "a", "x\n"), _line(2, "b", '"\x00')], "acme")
    assert [json.loads(record) for record in sent.body.split(b"\n")[:-1]] == [
        {"text": "x\n", "log_id": "a"},
        {"text": '"\x00', "log_id": "b"},
    ]
    assert sent.headers == {"Content-Type": "application/x-ndjson", "X-Tenant-ID": "acme"}


@pytest.mark.parametrize(("count", "size", "batches"), [(0, 5, []), (5, 1, [1] * 5), (5, 2, [2, 2, 1]), (4, 9, [4])])
def test_batches_hold_so_many_lines(count: int, size: int, batches: list[int]) -> None:
    """Every line is in exactly one request, in order, up to the batch size in each."""
    sent = list(shipment.requests(_lines(count), "acme", size))
    assert [len(request.lines) for request in sent] == batches
    assert [n for request in sent for n in _numbers(request.lines)] == list(range(1, count + 1))


def test_batches_stay_below_the_body_limit() -> None:
    """Long lines close a batch before ingest's limit; one too long by itself goes alone."""
    long = [
        _line(1, "a", "x" * 400_000),
        _line(2, "b", "x" * 400_000),
        _line(3, "c", "x" * 400_000),
        _line(4, "d", "y"),
    ]
    sent = list(shipment.requests([*long, _line(5, "e", "z" * 1_048_577)], "acme", 100))
    assert [_numbers(request.lines) for request in sent] == [[1, 2], [3, 4], [5]]
    assert all(len(request.body) <= 1_048_576 for request in sent[:2])


def test_a_202_accepts_every_line() -> None:
    """A single request's 202 has no list; all of it is accepted."""
    sent = shipment.request(_lines(1), "t")
    assert _answer(sent, 202, {"status": "enqueued"}) == (sent.lines, [], (), "", None, False)


def test_a_batchs_202_names_what_it_refused() -> None:
    """The refused records are told by index, the others are accepted."""
    answer = _answer(shipment.request(_lines(3), "t"), 202, {"rejected": [{"index": 1, "reason": "text_too_large"}]})
    assert len(answer.accepted) == 2
    assert [(line.number, reason) for line, reason in answer.rejected] == [(2, "text_too_large")]
    assert not answer.again


def test_a_4xx_rejects_every_line_with_its_reason() -> None:
    """A whole request that is refused is not sent again."""
    answer = _answer(shipment.request(_lines(2), "t"), 413, {"detail": "large", "reason": "body_too_large"})
    assert not answer.accepted
    assert [(line.number, reason) for line, reason in answer.rejected] == [(1, "body_too_large"), (2, "body_too_large")]
    assert not answer.again


def test_a_4xx_of_a_batch_keeps_each_lines_own_reason() -> None:
    """When every record was refused, each has its own reason."""
    refusals = [{"index": 0, "reason": "empty_text"}, {"index": 1, "reason": "text_too_large"}]
    answer = _answer(
        shipment.request(_lines(2), "t"), 400, {"reason": "no_valid_records", "detail": "", "rejected": refusals}
    )
    assert [reason for _, reason in answer.rejected] == ["empty_text", "text_too_large"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_sent_again(status: int) -> None:
    """Throttling and server errors ask for the same lines again, after the time that the server names."""
    answer = _answer(shipment.request(_lines(2), "t"), status, {"detail": "later"}, {"retry-after": "7"})
    assert _numbers(answer.again) == [1, 2]
    assert answer.retry_after_s == 7
    assert answer.cause == f"HTTP {status} later"
    assert (answer.accepted, answer.rejected) == ([], [])


def test_a_batchs_500_asks_only_for_what_is_not_durable() -> None:
    """The enqueued records count as accepted and the refused ones as rejected; only the failed are sent again."""
    body = {
        "detail": "Failed to enqueue message",
        "failed": [{"index": 2, "log_id": "id-3"}],
        "rejected": [{"index": 0, "reason": "empty_text"}],
    }
    answer = _answer(shipment.request(_lines(4), "t"), 500, body)
    assert len(answer.accepted) == 2
    assert [line.number for line, _ in answer.rejected] == [1]
    assert _numbers(answer.again) == [3]


def test_a_500_that_names_no_failed_records_asks_for_all() -> None:
    """Then nothing is known to be durable, and what it calls rejected is judged when all are sent again."""
    body = {"detail": "d", "rejected": [{"index": 0, "reason": "empty_text"}]}
    answer = _answer(shipment.request(_lines(2), "t"), 500, body)
    assert (answer.accepted, answer.rejected, _numbers(answer.again)) == ([], [], [1, 2])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7"])
def test_a_gateways_own_page_is_understood(body: bytes) -> None:
    """An error that ingest did not write has no reason: the status is."""
    sent = shipment.request(_lines(1), "t")
    assert shipment.read_answer(sent, 431, {}, body).rejected == [(sent.lines[0], "HTTP 431")]
    assert shipment.read_answer(sent, 502, {}, body).cause == "HTTP 502"


def test_a_refusal_is_counted_by_its_reason() -> None:
    """The reason is short; the sentence for HTTP clients, which speaks of headers, is not shown."""
    body = {"detail": "Send it as X-Api-Key.", "reason": "missing_credentials"}
    assert _answer(shipment.request(_lines(1), "t"), 401, body).cause == "HTTP 401 missing_credentials"


@pytest.mark.parametrize("value", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-1"])
def test_a_retry_after_that_is_no_number_is_left_out(value: str) -> None:
    """Then the sender's own backoff applies."""
    assert _answer(shipment.request(_lines(1), "t"), 429, {}, {"retry-after": value}).retry_after_s is None


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_who_is_not_let_in_is_told_apart_from_a_line_that_is_refused(status: int) -> None:
    """The answer says nothing about the lines, so none counts as rejected; API Gateway's reason is in `message`."""
    answer = _answer(shipment.request(_lines(2), "t"), status, {"message": "Forbidden"})
    assert answer.hopeless
    assert (answer.accepted, answer.rejected, _numbers(answer.again)) == ((), (), [1, 2])
    assert answer.cause == f"HTTP {status} Forbidden"
