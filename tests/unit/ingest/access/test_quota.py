"""Quotas per minute, each counted by one conditional update."""

import threading
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from ingest.access.quota import Quota, take
from ingest.contract.errors import Rejected

_NOW_S = 1_795_498_118.25  # 38.25 s into its minute.


class Counters:
    """A table of counters that does what `take` asks of DynamoDB: an atomic conditional ADD on one item."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Add, or refuse as DynamoDB does."""
        values = {name: int(value["N"]) for name, value in request["ExpressionAttributeValues"].items()}
        with self._lock:
            item = self.items.setdefault(request["Key"]["id"]["S"], {"logs": 0, "bytes": 0})
            for name in ("logs", "bytes"):
                if item[name] > values.get(f":{name}_left", 1 << 62):
                    raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
            item["logs"] += values[":logs"]
            item["bytes"] += values[":bytes"]
        return {}


class Failing:
    """A table that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def update_item(self, **_request: Any) -> dict[str, Any]:
        """Raise."""
        raise self._error


def _take(client: Any, quota: Quota, *, logs: int = 1, body_bytes: int = 10, now_s: float = _NOW_S) -> str | None:
    return take(client, "access", quota, tenant_id="acme", logs=logs, body_bytes=body_bytes, now_s=now_s)


def test_over_quota_is_exact_to_the_last_log() -> None:
    """In a minute, exactly as many logs are taken as the quota allows."""
    table = Counters()
    for _ in range(10):
        assert _take(table, Quota(10, 0)) is None
    with pytest.raises(Rejected, match="over_quota"):
        _take(table, Quota(10, 0))


def test_retry_after_is_the_next_minute() -> None:
    """Retry-After points into the next minute, in which the request is taken."""
    table = Counters()
    _take(table, Quota(1, 0))
    with pytest.raises(Rejected, match="over_quota") as caught:
        _take(table, Quota(1, 0))
    assert caught.value.retry_after_s == 22
    assert _take(table, Quota(1, 0), now_s=_NOW_S + caught.value.retry_after_s) is None


def test_bytes_have_a_quota_of_their_own() -> None:
    """The quota of bytes refuses a request that the quota of logs would allow."""
    table = Counters()
    _take(table, Quota(100, 1000), body_bytes=990)
    with pytest.raises(Rejected, match="over_quota"):
        _take(table, Quota(100, 1000), body_bytes=11)
    assert _take(table, Quota(100, 1000), body_bytes=10) is None


def test_refused_request_counts_nothing() -> None:
    """A refused request uses up no quota, so a smaller request still fits."""
    table = Counters()
    _take(table, Quota(10, 0), logs=8)
    with pytest.raises(Rejected, match="over_quota"):
        _take(table, Quota(10, 0), logs=3)
    assert _take(table, Quota(10, 0), logs=2) is None


@pytest.mark.parametrize(("logs", "body_bytes"), [(11, 1), (1, 101)])
def test_larger_than_quota(logs: int, body_bytes: int) -> None:
    """A request larger than a whole minute's quota is a 413, because a 429 would be repeated for ever."""
    with pytest.raises(Rejected) as caught:
        _take(Counters(), Quota(10, 100), logs=logs, body_bytes=body_bytes)
    assert (caught.value.reason, caught.value.status) == ("larger_than_quota", 413)


def test_a_request_without_logs_counts_its_bytes() -> None:
    """A request without a valid log uses up its bytes, because they were read, but no logs."""
    counters = Counters()
    _take(counters, Quota(10, 100), logs=0, body_bytes=90)
    with pytest.raises(Rejected, match="over_quota"):
        _take(counters, Quota(10, 100), logs=0, body_bytes=20)
    assert _take(Failing(AssertionError("called")), Quota(10, 0), logs=0) is None


def test_no_quota_calls_nothing() -> None:
    """Without a quota the table is not called."""
    assert _take(Failing(AssertionError("called")), Quota(0, 0), logs=10**6) is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReadTimeoutError(endpoint_url="http://x"), "ReadTimeoutError"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"), "ThrottlingException"),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateItem"), "AccessDeniedException"),
    ],
)
def test_table_that_does_not_answer_refuses_nobody(error: Exception, code: str) -> None:
    """If the quota table fails, the request is let through and the failure is reported."""
    assert _take(Failing(error), Quota(1, 0)) == code


def test_bug_is_not_taken_for_an_outage() -> None:
    """An exception that does not come from AWS is raised."""
    with pytest.raises(KeyError):
        _take(Failing(KeyError("x")), Quota(1, 0))


@given(requests=st.lists(st.integers(1, 7), max_size=40), limit=st.integers(1, 30))
def test_concurrent_requests_never_exceed_the_quota(requests: list[int], limit: int) -> None:
    """Requests of any sizes take at most the quota in a minute, and the counter holds exactly what they took."""
    table = Counters()
    taken: list[int] = []

    def send(logs: int) -> None:
        try:
            _take(table, Quota(limit, 0), logs=logs)
        except Rejected:
            return
        taken.append(logs)

    threads = [threading.Thread(target=send, args=(logs,)) for logs in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) <= limit
    assert sum(item["logs"] for item in table.items.values()) == sum(taken)


def test_expressions_are_dynamodbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB, as moto has it, accepts the update: it counts, refuses by the condition, and sets a TTL."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="access",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert _take(client, Quota(3, 1000), logs=2) is None
        with pytest.raises(Rejected, match="over_quota"):
            _take(client, Quota(3, 1000), logs=2)
        (item,) = client.scan(TableName="access")["Items"]
        client.close()
    assert item["logs"] == {"N": "2"}
    assert item["bytes"] == {"N": "10"}
    assert _NOW_S < int(item["expires_at"]["N"]) < _NOW_S + 2 * 3600
