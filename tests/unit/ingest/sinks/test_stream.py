"""The Kinesis sink: which calls it makes, what it sends again, when it gives up, and what it says is missing."""

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
    """Keeps what it takes; each call is answered by the next of `answers`, and taken when there is none left."""

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
    """No records, no call, nothing missing."""
    fake = FakeKinesis()
    assert put(fake, []) == frozenset()
    assert fake.calls == []


def test_each_tenant_has_records_of_its_own_in_its_order() -> None:
    """Two tenants never share a record, the partition key is the tenant, and a tenant's order holds."""
    records = [record("acme" if n % 3 else "globex", n) for n in range(30)]
    fake = FakeKinesis()
    assert put(fake, records) == frozenset()
    assert [entry["PartitionKey"] for entry in fake.taken] == ["globex", "acme"]
    assert all("ExplicitHashKey" not in entry for entry in fake.taken)
    for tenant_id in ("acme", "globex"):
        assert [log for log in fake.logs() if log[0] == tenant_id] == [r for r in records if r.tenant_id == tenant_id]


def test_only_refused_entries_are_sent_again() -> None:
    """An entry that Kinesis took is not sent twice; the refused one is, after a wait, until it is taken."""
    records = [record(tenant_id, n) for n, tenant_id in enumerate(("a", "b", "c"))]
    fake = FakeKinesis(refusing(1), refusing(0))
    assert put(fake, records) == frozenset()
    assert [[entry["PartitionKey"] for entry in call] for call in fake.calls] == [["a", "b", "c"], ["b"], ["b"]]
    assert len(fake.slept_s) == 2
    assert sorted(fake.logs()) == sorted(records)


def test_waits_grow_and_are_jittered() -> None:
    """The n-th wait is anything from nothing up to a limit that doubles: two refusals rarely wait alike."""
    waits = []
    for _ in range(20):
        fake = FakeKinesis(*[refusing(0)] * 4)
        assert put(fake, [record("a", 1)]) == frozenset()
        waits.append(fake.slept_s)
    for n in range(4):
        of_n = [slept[n] for slept in waits]
        assert 0 <= min(of_n) < max(of_n) <= 0.025 * 2 ** (n + 1)


def test_what_stays_refused_is_returned_when_the_time_is_up() -> None:
    """The positions of a refused record's logs come back, within the budget, however often Kinesis refuses."""
    records = [record("a", 0), record("b", 1), record("a", 2)]
    fake = FakeKinesis(refusing(0), *[refusing(0)] * 1000, seconds_a_call=0.01)
    started_s = fake.now_s
    assert put(fake, records, budget_s=0.5) == {0, 2}
    assert fake.now_s - started_s <= 0.5 + 0.01
    assert fake.logs() == [records[1]]


def test_no_call_starts_after_the_deadline() -> None:
    """With the time already up, nothing is tried and everything is missing."""
    fake = FakeKinesis()
    assert put(fake, [record("a", 0)], budget_s=0) == {0}
    assert fake.calls == []


def test_a_hanging_kinesis_costs_one_timeout_beyond_the_budget() -> None:
    """Calls that time out are refusals; after the budget no further call is made, for no part of a large request."""
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
    """Time-outs, dead connections, throttles and 5xx are refusals of the whole call, and sent again."""
    fake = FakeKinesis(error)
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert len(fake.calls) == 2


@pytest.mark.parametrize(
    "error", [client_error("ResourceNotFoundException"), client_error("AccessDeniedException"), NoCredentialsError()]
)
def test_a_failure_that_cannot_pass_is_not_tried_again(error: Exception) -> None:
    """A missing stream or right spends no time: everything is missing at once, and nothing is raised."""
    fake = FakeKinesis(error)
    assert put(fake, [record("a", 0), record("b", 1)]) == {0, 1}
    assert (len(fake.calls), fake.slept_s) == (1, [])


def test_an_error_of_our_own_is_raised() -> None:
    """What is neither AWS's nor the network's is a defect, and no refusal."""
    with pytest.raises(ZeroDivisionError):
        put(FakeKinesis(ZeroDivisionError()), [record("a", 0)])


def test_an_answer_with_too_few_results_is_a_refusal_of_the_rest() -> None:
    """An entry without a result was not taken as far as anybody knows: it is sent again."""
    fake = FakeKinesis(lambda _: {"FailedRecordCount": 0, "Records": [TAKEN]})
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert [[entry["PartitionKey"] for entry in call] for call in fake.calls] == [["a", "b"], ["b"]]


@pytest.mark.parametrize("answer", [{}, {"Records": None}, {"Records": []}])
def test_an_answer_without_results_is_a_refusal_of_all(answer: dict[str, Any]) -> None:
    """HTTP 200 alone says nothing: a Kinesis that answers nonsense never fails a request."""
    fake = FakeKinesis(lambda _: answer)
    assert put(fake, [record("a", 0), record("b", 1)]) == frozenset()
    assert len(fake.calls) == 2


def test_the_caller_is_told_of_every_refusal() -> None:
    """`on_refusal` gets the code and the number of logs, entry by entry."""
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
    """A log beyond 1 MiB is not on the stream; its neighbours are."""
    fake = FakeKinesis()
    assert put(fake, [record("a", 0), record("a", 1, 1_048_576), record("a", 2)]) == {1}
    assert [data for _, data in fake.logs()] == [b"0", b"2"]


def test_sub_keys_spread_a_tenant_in_equal_steps_and_keep_each_ones_order() -> None:
    """With four sub-keys a tenant's logs go to four places; the same log always goes to the same one."""
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
    """Sub-key 0 is where Kinesis puts the tenant anyway; all lie within the range and a step apart."""
    keys = [int(explicit_hash_key("acme", n, 5)) for n in range(5)]
    assert keys[0] == int(hashlib.md5(b"acme", usedforsecurity=False).hexdigest(), 16)
    assert all(0 <= key < 2**128 for key in keys)
    steps = {(b - a) % 2**128 for a, b in zip(keys, [*keys[1:], keys[0]], strict=True)}
    assert max(steps) - min(steps) <= 1
