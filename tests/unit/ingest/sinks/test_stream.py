"""The Kinesis sink: its calls, its retries, when it stops, and which logs it reports as missing."""

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from consumer.replay.deaggregate import deaggregate
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog
from ingest.sinks.stream import MAX_ENTRIES, MAX_REQUEST_BYTES, explicit_hash_key, put_user_records

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

Entry = dict[str, Any]
Answer = Callable[[list[Entry]], dict[str, Any]]
TAKEN = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
THROTTLED = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}


class FakeKinesis:
    """Keeps the records that it takes; each call gets the next of `answers`, then all is taken."""

    def __init__(self, *answers: Answer | Exception, seconds_a_call: float = 0.0) -> None:
        self.answers = list(answers)
        self.seconds_a_call = seconds_a_call
        self.now_s = 100.0
        self.slept_s: list[float] = []
        self.calls: list[list[Entry]] = []
        self.taken: list[Entry] = []

    def put_records(self, *, StreamName: str, Records: list[Entry]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer as told."""
        assert StreamName == "logs"
        self.now_s += self.seconds_a_call
        self.calls.append(Records)
        answer = self.answers.pop(0) if self.answers else all_taken
        if isinstance(answer, Exception):
            raise answer
        response = answer(Records)
        results = response.get("Records") or []
        self.taken += [entry for entry, result in zip(Records, results, strict=False) if "ErrorCode" not in result]
        return response

    def monotonic(self) -> float:
        """Return the clock that calls and sleeps move."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.slept_s.append(seconds)
        self.now_s += seconds

    def logs(self) -> list[tuple[str, bytes]]:
        """Return what stands on the stream, by Kinesis record and then in it."""
        return [
            (piece.partition_key, piece.data)
            for entry in self.taken
            for piece in deaggregate(entry["PartitionKey"], entry["Data"])
        ]


def all_taken(entries: list[Entry]) -> dict[str, Any]:
    """Take every entry."""
    return {"FailedRecordCount": 0, "Records": [TAKEN] * len(entries)}


def refusing(*positions: int) -> Answer:
    """Refuse the entries at the positions."""
    return lambda entries: {
        "FailedRecordCount": len(positions),
        "Records": [THROTTLED if i in positions else TAKEN for i in range(len(entries))],
    }


def client_error(code: str, status: int = 400) -> ClientError:
    """Return an error that AWS answers with."""
    return ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore sets more
        "PutRecords",
    )


def put(fake: FakeKinesis, records: Sequence[EncodedLog], *, budget_s: float = 5.0, **options: Any) -> frozenset[int]:
    """Put the records within a budget."""
    return put_user_records(
        cast("KinesisClient", fake),
        "logs",
        records,
        give_up_at_s=fake.now_s + budget_s,
        time=Time(fake.monotonic, fake.sleep, random.random),
        **options,
    )


def record(tenant_id: str, number: int, size: int = 0) -> EncodedLog:
    """Return a record that shows its number."""
    return EncodedLog(tenant_id, b"%d" % number + b"." * size)


def test_nothing_to_put_makes_no_call() -> None:
    """Without records no call is made and nothing is missing."""
    fake = FakeKinesis()
    assert put(fake, []) == frozenset()
    assert fake.calls == []


def test_each_tenant_has_records_of_its_own_in_its_order() -> None:
    """Each record holds one tenant's logs in order, and its partition key is the tenant."""
    records = [record("acme" if n % 3 else "globex", n) for n in range(30)]
    fake = FakeKinesis()
    assert put(fake, records) == frozenset()
    assert [entry["PartitionKey"] for entry in fake.taken] == ["globex", "acme"]
    assert all("ExplicitHashKey" not in entry for entry in fake.taken)
    for tenant_id in ("acme", "globex"):
        assert [log for log in fake.logs() if log[0] == tenant_id] == [r for r in records if r.tenant_id == tenant_id]


def test_only_refused_entries_are_sent_again() -> None:
    """Only refused entries are sent again, after a wait, until they are taken."""
    records = [record(tenant_id, n) for n, tenant_id in enumerate(("a", "b", "c"))]
    fake = FakeKinesis(refusing(1), refusing(0))
    assert put(fake, records) == frozenset()
    assert [[entry["PartitionKey"] for entry in call] for call in fake.calls] == [["a", "b", "c"], ["b"], ["b"]]
    assert len(fake.slept_s) == 2
    assert sorted(fake.logs()) == sorted(records)


def test_waits_grow_and_are_jittered() -> None:
    """The n-th wait is random between 0 and a limit that doubles, so that two senders rarely wait alike."""
    waits = []
    for _ in range(20):
        fake = FakeKinesis(*[refusing(0)] * 4)
        assert put(fake, [record("a", 1)]) == frozenset()
        waits.append(fake.slept_s)
    for n in range(4):
        of_n = [slept[n] for slept in waits]
        assert 0 <= min(of_n) < max(of_n) <= 0.025 * 2 ** (n + 1)


def test_what_stays_refused_is_returned_when_the_time_is_up() -> None:
    """The positions of logs that Kinesis keeps refusing are returned when the time is over."""
    records = [record("a", 0), record("b", 1), record("a", 2)]
    fake = FakeKinesis(refusing(0), *[refusing(0)] * 1000, seconds_a_call=0.01)
    started_s = fake.now_s
    assert put(fake, records, budget_s=0.5) == {0, 2}
    assert fake.now_s - started_s <= 0.5 + 0.01
    assert fake.logs() == [records[1]]


def test_no_call_starts_after_the_deadline() -> None:
    """After the deadline no call is made, and all logs are missing."""
    fake = FakeKinesis()
    assert put(fake, [record("a", 0)], budget_s=0) == {0}
    assert fake.calls == []


def test_a_hanging_kinesis_costs_one_timeout_beyond_the_budget() -> None:
    """If calls time out, no further call starts after the time budget, for any part of a large request."""
    error = ReadTimeoutError(endpoint_url="")
    fake = FakeKinesis(*[error] * 50, seconds_a_call=0.5)
    records = [record(f"t{n}", n, 48_000) for n in range(400)]
    started_s = fake.now_s
    assert put(fake, records, budget_s=0.7) == set(range(400))
    assert fake.now_s - started_s <= 0.7 + 0.5


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=""),
        ConnectTimeoutError(endpoint_url=""),
        EndpointConnectionError(endpoint_url=""),
        client_error("ProvisionedThroughputExceededException"),
        client_error("InternalFailure", 500),
        client_error("SomethingNew", 503),
    ],
)
def test_a_failure_that_may_pass_is_tried_again(error: Exception) -> None:
    """A time-out, a lost connection, a throttle or a 5xx refuses the whole call, which is repeated."""
    fake = FakeKinesis(error)
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert len(fake.calls) == 2


@pytest.mark.parametrize(
    "error", [client_error("ResourceNotFoundException"), client_error("AccessDeniedException"), NoCredentialsError()]
)
def test_a_failure_that_cannot_pass_is_not_tried_again(error: Exception) -> None:
    """A missing stream or permission is not retried: all logs are missing at once, and nothing is raised."""
    fake = FakeKinesis(error)
    assert put(fake, [record("a", 0), record("b", 1)]) == {0, 1}
    assert (len(fake.calls), fake.slept_s) == (1, [])


def test_an_error_of_our_own_is_raised() -> None:
    """An exception that comes neither from AWS nor from the network is raised."""
    with pytest.raises(ZeroDivisionError):
        put(FakeKinesis(ZeroDivisionError()), [record("a", 0)])


def test_an_answer_with_too_few_results_is_a_refusal_of_the_rest() -> None:
    """An entry without a result in the answer counts as refused and is sent again."""
    fake = FakeKinesis(lambda _: {"FailedRecordCount": 0, "Records": [TAKEN]})
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert [[entry["PartitionKey"] for entry in call] for call in fake.calls] == [["a", "b"], ["b"]]


@pytest.mark.parametrize("answer", [{}, {"Records": None}, {"Records": []}])
def test_an_answer_without_results_is_a_refusal_of_all(answer: dict[str, Any]) -> None:
    """An answer without results counts as a refusal of all entries, and raises nothing."""
    fake = FakeKinesis(lambda _: answer)
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert len(fake.calls) == 2


def test_the_caller_is_told_of_every_refusal() -> None:
    """`on_refusal` gets the code and the number of logs of each refused entry."""
    told: list[tuple[str, int]] = []
    fake = FakeKinesis(refusing(0), client_error("ThrottlingException"))
    records = [record("a", 0), record("a", 1), record("b", 2)]
    put(fake, records, on_refusal=lambda code, logs: told.append((code, logs)))
    assert told == [("ProvisionedThroughputExceededException", 2), ("ThrottlingException", 2)]


def test_calls_stay_within_both_limits() -> None:
    """No call has more than 500 entries or 5 MiB, and the entries keep their order."""
    many = [record(f"t{n:04}", n) for n in range(1_201)]
    large = [record(f"t{n:04}", n, 900_000) for n in range(12)]
    for records in (many, large):
        fake = FakeKinesis()
        assert put(fake, records) == frozenset()
        assert all(len(call) <= MAX_ENTRIES for call in fake.calls)
        assert all(sum(len(e["Data"]) + len(e["PartitionKey"]) for e in c) <= MAX_REQUEST_BYTES for c in fake.calls)
        assert fake.logs() == records


def test_what_no_record_can_hold_is_missing_and_the_rest_is_not() -> None:
    """A log above 1 MiB is reported as missing, and its neighbours are on the stream."""
    fake = FakeKinesis()
    assert put(fake, [record("a", 0), record("a", 1, 1_048_576), record("a", 2)]) == {1}
    assert [data for _, data in fake.logs()] == [b"0", b"2"]


def test_sub_keys_spread_a_tenant_in_equal_steps_and_keep_each_ones_order() -> None:
    """With four sub-keys a tenant's logs have four hash keys, and a log always has the same one."""
    records = [record("acme", n) for n in range(200)]
    first, second = FakeKinesis(), FakeKinesis()
    assert put(first, records, sub_keys=4) == put(second, records[::2], sub_keys=4) == frozenset()
    keys = [explicit_hash_key("acme", n, 4) for n in range(4)]
    assert {entry["ExplicitHashKey"] for entry in first.taken} == set(keys)
    assert {entry["PartitionKey"] for entry in first.taken} == {"acme"}
    home = {piece.data: e["ExplicitHashKey"] for e in first.taken for piece in deaggregate("", e["Data"])}
    for entry in second.taken:
        pieces = [piece.data for piece in deaggregate("", entry["Data"])]
        assert {home[data] for data in pieces} == {entry["ExplicitHashKey"]}
        assert pieces == sorted(pieces, key=int)


def test_explicit_hash_keys_are_equal_steps_from_the_partition_keys_own_place() -> None:
    """Sub-key 0 has the tenant's own hash, and the others follow in equal steps within the range."""
    keys = [int(explicit_hash_key("acme", n, 5)) for n in range(5)]
    assert keys[0] == int(hashlib.md5(b"acme", usedforsecurity=False).hexdigest(), 16)
    assert all(0 <= key < 2**128 for key in keys)
    steps = {(b - a) % 2**128 for a, b in zip(keys, [*keys[1:], keys[0]], strict=True)}
    assert max(steps) - min(steps) <= 1
