"""The SQS sink: its limits, its retries, and which messages count as enqueued."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog
from ingest.sinks.queue import MAX_ENTRIES, MAX_REQUEST_BYTES, calls, send
from tests.unit.ingest.fakes import QUEUE_URL, Clock, FakeSqs, take_all

Entries = Sequence[Mapping[str, Any]]


def _logs(*sizes: int) -> list[EncodedLog]:
    return [EncodedLog(f"tenant-{i}", str(i % 10).encode() * size) for i, size in enumerate(sizes)]


def _send(
    sqs: FakeSqs,
    logs: Sequence[EncodedLog],
    clock: Clock | None = None,
    *,
    seconds: float = 60.0,
    jitter: float = 1.0,
    on_refusal: Callable[[str, int], None] | None = None,
) -> frozenset[int]:
    clock = clock or Clock()
    return send(
        sqs,  # type: ignore[arg-type] # a fake
        QUEUE_URL,
        logs,
        give_up_at_s=clock.now_s + seconds,
        time=Time(clock.monotonic, clock.sleep, lambda: jitter),
        on_refusal=on_refusal,
    )


def _failing(*ids: str, sender_fault: bool = False, code: str = "InternalError") -> Callable[[Entries], dict[str, Any]]:
    def answer(entries: Entries) -> dict[str, Any]:
        failed = [{"Id": e["Id"], "Code": code, "SenderFault": sender_fault} for e in entries if e["Id"] in ids]
        return take_all([e for e in entries if e["Id"] not in ids]) | {"Failed": failed}

    return answer


def _client_error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SendMessageBatch")


def test_entry_is_the_body_under_its_tenant_s_group() -> None:
    """An entry is the encoded message with its tenant as group id, which makes the queue fair."""
    sqs = FakeSqs()
    assert _send(sqs, [EncodedLog("acme", "{é}".encode()), EncodedLog("b", b"{}")]) == frozenset()
    assert sqs.calls == [
        [
            {"Id": "0", "MessageBody": "{é}", "MessageGroupId": "acme"},
            {"Id": "1", "MessageBody": "{}", "MessageGroupId": "b"},
        ]
    ]


def test_nothing_to_send_makes_no_call() -> None:
    """Without messages no call is made, because SQS refuses an empty batch."""
    sqs = FakeSqs()
    assert _send(sqs, []) == frozenset()
    assert sqs.calls == []


@pytest.mark.parametrize(("logs", "expected"), [(10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_ten_entries_a_call(logs: int, expected: list[int]) -> None:
    """A call has at most ten entries, SQS's limit."""
    sqs = FakeSqs()
    assert _send(sqs, _logs(*[1] * logs)) == frozenset()
    assert [len(call) for call in sqs.calls] == expected
    assert MAX_ENTRIES == 10


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([MAX_REQUEST_BYTES], [[0]]),
        ([MAX_REQUEST_BYTES, 1], [[0], [1]]),
        ([1, MAX_REQUEST_BYTES], [[0], [1]]),
        ([MAX_REQUEST_BYTES // 2] * 2, [[0, 1]]),
        ([MAX_REQUEST_BYTES // 2, MAX_REQUEST_BYTES // 2 + 1], [[0], [1]]),
        ([1, MAX_REQUEST_BYTES - 2, 1, 1], [[0, 1, 2], [3]]),
    ],
)
def test_one_mebibyte_a_call(sizes: list[int], expected: list[list[int]]) -> None:
    """A call has at most 1 MiB, SQS's limit: exactly that much fits, one byte more does not."""
    assert list(calls(_logs(*sizes), range(len(sizes)))) == expected
    assert MAX_REQUEST_BYTES == 1_048_576


def test_bytes_are_counted_not_characters() -> None:
    """The limit counts bytes of UTF-8, as SQS does."""
    logs = [EncodedLog("a", ("é" * (MAX_REQUEST_BYTES // 4)).encode())] * 3
    assert list(calls(logs, range(3))) == [[0, 1], [2]]


def test_failed_entries_alone_are_sent_again() -> None:
    """Only the entries that failed are sent again."""
    clock = Clock()
    sqs = FakeSqs(_failing("1", "3"), _failing("3"))
    assert _send(sqs, _logs(*[1] * 5), clock) == frozenset()
    assert [[entry["Id"] for entry in call] for call in sqs.calls] == [["0", "1", "2", "3", "4"], ["1", "3"], ["3"]]
    assert len(clock.slept_s) == 2


def test_failures_of_several_calls_are_sent_again_together() -> None:
    """Failed entries of several calls are sent again in as few calls as possible."""
    sqs = FakeSqs(_failing("1"), _failing("12"))
    assert _send(sqs, _logs(*[1] * 20)) == frozenset()
    assert [[entry["Id"] for entry in call] for call in sqs.calls[2:]] == [["1", "12"]]


def test_sender_fault_is_not_sent_again() -> None:
    """An entry with SenderFault is reported at once without a retry, and its neighbours are taken."""
    clock = Clock()
    sqs = FakeSqs(_failing("1", sender_fault=True, code="InvalidMessageContents"))
    assert _send(sqs, _logs(1, 1, 1), clock) == {1}
    assert len(sqs.calls) == 1
    assert clock.slept_s == []


@pytest.mark.parametrize(
    "error",
    [
        _client_error("ThrottlingException"),
        _client_error("RequestThrottled", 503),
        _client_error("InternalFailure", 500),
        ReadTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_whole_call_that_fails_for_a_moment_is_made_again(error: Exception) -> None:
    """A call is repeated after a throttle, a server error or a network error."""
    sqs = FakeSqs(error, error)
    assert _send(sqs, _logs(1, 1)) == frozenset()
    assert [len(call) for call in sqs.calls] == [2, 2, 2]


@pytest.mark.parametrize("code", ["AccessDenied", "AWS.SimpleQueueService.NonExistentQueue", "InvalidClientTokenId"])
def test_whole_call_that_fails_for_good_is_not_made_again(code: str) -> None:
    """A missing queue or permission is not retried, so that the client gets its 500 at once."""
    clock = Clock()
    sqs = FakeSqs()
    sqs.always = _client_error(code)
    assert _send(sqs, _logs(*[1] * 3), clock) == {0, 1, 2}
    assert len(sqs.calls) == 1
    assert clock.slept_s == []


def test_one_call_s_failure_does_not_cost_the_others() -> None:
    """A failed call does not affect the messages of other calls."""
    sqs = FakeSqs(_client_error("AccessDenied"))
    assert _send(sqs, _logs(*[1] * 15)) == set(range(10))
    assert [len(call) for call in sqs.calls] == [10, 5]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Successful": []},
        {"Successful": [], "Failed": []},
        {"Successful": None, "Failed": None},
        {"Successful": [{"Id": "foreign"}], "Failed": [{"Id": "7"}]},
    ],
)
def test_id_missing_from_the_answer_is_not_enqueued(answer: dict[str, Any]) -> None:
    """A message that the answer does not mention is sent again, and reported in the end."""
    sqs = FakeSqs()
    sqs.always = lambda _entries: answer
    assert _send(sqs, _logs(1, 1), seconds=1.0) == {0, 1}
    assert len(sqs.calls) > 1


def test_only_the_missing_id_is_sent_again() -> None:
    """Only the message that the answer does not mention is sent again."""
    sqs = FakeSqs(lambda entries: take_all(entries[:1]))
    assert _send(sqs, _logs(1, 1)) == frozenset()
    assert [entry["Id"] for entry in sqs.calls[1]] == ["1"]


def test_every_refusal_is_told() -> None:
    """Each refused message of each attempt is reported with SQS's error, for the log line."""
    told: list[tuple[str, int]] = []
    sqs = FakeSqs(_failing("0", code="InternalError"), _client_error("ThrottlingException"), lambda _entries: {})
    assert _send(sqs, _logs(1), on_refusal=lambda code, count: told.append((code, count))) == frozenset()
    assert told == [("InternalError", 1), ("ThrottlingException", 1), ("MissingResult", 1)]


def test_no_call_starts_after_the_deadline() -> None:
    """If the queue refuses for ever, sending ends at the deadline, and no wait goes beyond it."""
    clock = Clock()
    started: list[float] = []
    sqs = FakeSqs()
    sqs.always = _client_error("ThrottlingException")
    sqs.on_call = lambda: started.append(clock.now_s)
    end_s = clock.now_s + 5.0
    assert _send(sqs, _logs(1), clock, seconds=5.0) == {0}
    assert len(started) > 3
    assert max(started) < end_s
    assert clock.now_s < end_s


def test_deadline_falls_between_calls() -> None:
    """If slow calls use up the time, the remaining calls are not made and their messages are reported."""
    clock = Clock()
    sqs = FakeSqs()

    def take_a_second() -> None:
        clock.now_s += 1.0

    sqs.on_call = take_a_second
    assert _send(sqs, _logs(*[1] * 50), clock, seconds=2.5) == set(range(30, 50))
    assert len(sqs.calls) == 3


def test_deadline_that_is_over_already_makes_no_call() -> None:
    """After the deadline no call is made."""
    sqs = FakeSqs()
    assert _send(sqs, _logs(1), seconds=0.0) == {0}
    assert sqs.calls == []


def test_backoff_grows_within_its_bounds() -> None:
    """Waits are random, below a bound that doubles up to two seconds."""
    clock = Clock()
    sqs = FakeSqs()
    sqs.always = _client_error("ThrottlingException")
    _send(sqs, _logs(1), clock, seconds=120.0)
    bounds = [min(2.0, 0.05 * 2**attempt) for attempt in range(1, len(clock.slept_s) + 1)]
    assert all(0 <= wait_s <= bound_s for wait_s, bound_s in zip(clock.slept_s, bounds, strict=True))
    assert len(set(clock.slept_s)) > 3


def test_defect_of_ours_is_raised() -> None:
    """An exception that comes neither from AWS nor from the network is raised."""
    sqs = FakeSqs(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        _send(sqs, _logs(1))


def test_the_calls_begin_anywhere_and_go_around() -> None:
    """The first call starts at a random message, so that retries of a request cut by time reach all messages."""
    sqs = FakeSqs()
    assert _send(sqs, _logs(*[1] * 35), jitter=0.5) == frozenset()
    assert [call[0]["Id"] for call in sqs.calls] == ["20", "30", "0", "10"]


def test_logs_share_messages_and_a_refusal_is_of_all_that_share_it() -> None:
    """All logs of a refused message are reported as refused; the logs of other messages are enqueued."""
    sqs = FakeSqs()
    sqs.always = _failing("1", sender_fault=True, code="InvalidMessageContents")
    logs = [EncodedLog("acme", b"%d" % number) for number in range(7)]
    told: list[tuple[str, int]] = []
    clock = Clock()
    refused = send(
        sqs,  # type: ignore[arg-type] # a fake
        QUEUE_URL,
        logs,
        give_up_at_s=clock.now_s + 60,
        time=Time(clock.monotonic, clock.sleep, lambda: 0.0),
        logs_per_message=3,
        on_refusal=lambda code, count: told.append((code, count)),
    )
    assert refused == {3, 4, 5}
    assert told == [("InvalidMessageContents", 3)]
    assert [entry["MessageBody"] for entry in sqs.calls[0]] == [
        '{"schema_version":3,"logs":[0,1,2]}', '{"schema_version":3,"logs":[3,4,5]}', "6",
    ]  # fmt: skip
