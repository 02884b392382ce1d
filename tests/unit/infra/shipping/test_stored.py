"""The wait until logs are stored."""

from typing import Any, cast

from infra.shipping import stored
from infra.shipping.stored import LogIds


def _ids(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


class _Table:
    """Answers BatchGetItem; a log is stored at its time. Its own clock goes on by the pauses."""

    def __init__(self, at_s: dict[str, float], *, stop_after: int = 10**9) -> None:
        self.at_s = at_s
        self.now_s = 0.0
        self.asked: list[int] = []
        self.pauses = 0
        self._stop_after = stop_after

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        asked = RequestItems["table"]
        assert asked["ConsistentRead"]
        ids = [key["log_id"]["S"] for key in asked["Keys"]]
        assert {key["tenant_id"]["S"] for key in asked["Keys"]} == {"acme"}
        self.asked.append(len(ids))
        found = [log_id for log_id in ids if self.at_s.get(log_id, 1e9) <= self.now_s]
        return {"Responses": {"table": [{"log_id": {"S": log_id}} for log_id in found]}}

    def pause(self, seconds: float) -> bool:
        assert seconds > 0
        self.now_s += seconds
        self.pauses += 1
        return self.pauses >= self._stop_after


def _wait(table: _Table, ids: list[str], timeout_s: float = 60) -> tuple[int, int]:
    told: list[int] = []
    with LogIds() as log_ids:
        log_ids.add(ids)
        result = stored.wait(
            cast("Any", table),
            "table",
            "acme",
            log_ids,
            timeout_s=timeout_s,
            monotonic=lambda: table.now_s,
            pause=table.pause,
            tell=told.append,
        )
    assert sum(told) == result[0]
    return result


def test_ids_come_back_in_order_and_in_groups_of_a_call() -> None:
    """Any number of them; only the groups are in memory."""
    with LogIds() as log_ids:
        for log_id in _ids(100_001):
            log_ids.add([log_id])
        groups = list(log_ids.groups())
        assert len(log_ids) == 100_001
    assert [log_id for group in groups for log_id in group] == _ids(100_001)
    assert max(map(len, groups)) == 100


def test_a_records_own_ids_are_waited_for() -> None:
    """`--ndjson` takes ids of any length and form, and one that came twice is one key of a call and two logs."""
    own = ["order-17", "AB" * 16, "7", "~" * 256, "order-17"]
    table = _Table(dict.fromkeys(own, 0.0))
    assert _wait(table, own) == (5, 0)
    assert table.asked == [4]


def test_what_is_there_is_asked_for_once() -> None:
    """A hundred a call, without a pause."""
    table = _Table(dict.fromkeys(_ids(250), 0.0))
    assert _wait(table, _ids(250)) == (250, 0)
    assert table.asked == [100, 100, 50]
    assert table.pauses == 0


def test_it_waits_for_the_late_ones_alone() -> None:
    """What was found is not asked for again; the pauses grow."""
    table = _Table(dict.fromkeys(_ids(250), 0.0) | {_ids(250)[7]: 5.0})
    assert _wait(table, _ids(250)) == (250, 0)
    assert table.asked[1] == 1
    assert table.pauses < 10


def test_one_that_never_comes_ends_the_wait_and_hides_no_other() -> None:
    """After the time-out each of the rest is asked for once: what is stored is counted."""
    table = _Table(dict.fromkeys(_ids(250)[1:], 0.0))
    assert _wait(table, _ids(250), timeout_s=30) == (249, 1)
    assert 30 <= table.now_s < 31


def test_no_time_is_one_look() -> None:
    """`--wait-timeout 0` asks once."""
    table = _Table({})
    assert _wait(table, _ids(3), timeout_s=0) == (0, 3)
    assert table.pauses == 0


def test_a_stop_ends_it() -> None:
    """Ctrl-C, in the midst of the first pause."""
    table = _Table({}, stop_after=1)
    assert _wait(table, _ids(250)) == (0, 250)
