"""An error says why the table gave nothing, and a tombstone is not read as a log."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from consumer.item import Item, Key, attributes
from consumer.query.page import TableBusyError
from consumer.query.ranges import Range
from consumer.query.table import TableReader
from ingest.aws.retry import Time
from tests.unit.consumer.query.memory_table import log


class _Refusing:
    """A client whose every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def query(self, **_: Any) -> Any:
        """Fail."""
        raise self._error

    def batch_get_item(self, **_: Any) -> Any:
        """Fail."""
        raise self._error


def _refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Query")  # type: ignore[typeddict-item] # botocore sets more


def _time() -> Time:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += max(seconds, 0.1)

    return Time(lambda: clock[0], sleep, lambda: 0.5)


@pytest.mark.parametrize(
    ("error", "told", "not_told"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "cannot be reached", "throttled"),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), "cannot be reached", "throttled"),
        (_refused("ProvisionedThroughputExceededException"), "throttled", "reached"),
        (_refused("ThrottlingException"), "throttled", "reached"),
        (_refused("InternalServerError", 500), "InternalServerError", "throttled"),
    ],
)
def test_a_table_that_gives_nothing_says_why(error: Exception, told: str, not_told: str) -> None:
    """A network failure is not reported as a throttle, so that nobody looks for the wrong cause."""
    table = TableReader(_Refusing(error), "logs", time=_time(), now_ms=lambda: 0, buckets=1)
    with pytest.raises(TableBusyError, match=told) as busy:
        table.late("acme", since_ms=0)
    assert not_told not in str(busy.value)
    with pytest.raises(TableBusyError, match=told):
        table.get([Key("acme", "l-1")])


@pytest.mark.parametrize("error", [_refused("AccessDeniedException"), BotoCoreError()])
def test_what_no_other_try_can_change_is_raised_at_once(error: Exception) -> None:
    """An error that a retry cannot change is raised unchanged at once."""
    table = TableReader(_Refusing(error), "logs", time=_time(), now_ms=lambda: 0, buckets=1)
    with pytest.raises(type(error)):
        table.late("acme", since_ms=0)


_TOMBSTONE: Any = {
    "tenant_id": {"S": "acme"},
    "log_id": {"S": "gone"},
    "erased_at": {"S": "2026-11-28T12:00:00.000Z"},
}
_STORED = log(1)
_CASES: list[tuple[list[Any], list[Item]]] = [([_TOMBSTONE, attributes(_STORED)], [_STORED]), ([_TOMBSTONE], [])]


class _Giving:
    """A client that returns these items."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def query(self, **_: Any) -> Any:
        """Return the items."""
        return {"Items": self._items}

    def batch_get_item(self, **_: Any) -> Any:
        """Return the items."""
        return {"Responses": {"logs": self._items}}


def test_a_tombstone_is_not_read_as_a_log() -> None:
    """A tombstone is returned neither in a range of keys nor under its own key."""
    for items, found in _CASES:
        reader = TableReader(_Giving(items), "logs", time=_time(), now_ms=lambda: 0, buckets=1)
        pages = reader.query("acme", Range("table", "a", "z"), newest_first=True, limit=10)
        assert [[one.item for one in page] for page in pages] == [found]
        assert list(reader.get([Key("acme", "gone")]).values()) == found


class _Slow:
    """A client that gives every log, each call after 50 ms."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def query(self, **_: Any) -> Any:
        """Nobody calls it."""

    def batch_get_item(self, **request: Any) -> Any:
        """Return the logs that are asked for."""
        self._sleep(0.05)
        keys = request["RequestItems"]["logs"]["Keys"]
        assert len(keys) <= 100, "more than BatchGetItem takes"
        return {"Responses": {"logs": [attributes(_STORED) | key for key in keys]}}


def test_many_logs_are_read_however_long_all_their_calls_take() -> None:
    """The time to give up is a call's: who follows would else never again read a backlog of thousands of late logs."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    reader = TableReader(
        _Slow(sleep),
        "logs",
        time=Time(lambda: clock[0], sleep, lambda: 0.5),
        now_ms=lambda: 0,
        buckets=1,
        give_up_s=3.0,
    )
    keys = [Key("acme", f"l-{number}") for number in range(10_050)]
    assert list(reader.get(keys)) == keys


class _Long:
    """A client of a table with a thousand logs."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    def query(self, *, Limit: int, **_: Any) -> Any:  # noqa: N803 - as boto3 calls it
        """Return so many logs, and that there are more."""
        self.limits.append(Limit)
        return {"Items": [attributes(_STORED)] * Limit, "LastEvaluatedKey": {"log_id": {"S": "more"}}}


@pytest.mark.parametrize(
    ("limit", "limits"),
    [(1, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]), (100, [100, 200, 400, 800, 1000]), (1001, [1001] * 2)],
)
def test_a_read_that_goes_on_takes_more_at_a_time(limit: int, limits: list[int]) -> None:
    """Up to a thousand: who wants one log, or searches through all, does not read others one by one."""
    client = _Long()
    reader = TableReader(client, "logs", time=_time(), now_ms=lambda: 0, buckets=1)  # type: ignore[arg-type] # its Query
    pages = reader.query("acme", Range("table", "a", "z"), newest_first=True, limit=limit)
    assert [len(next(pages)) for _ in limits] == limits
    assert client.limits == limits
