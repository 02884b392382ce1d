"""Logs that leave a batch without being stored: where they go, in which order, and their outcomes."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from consumer.carried import Carried
from consumer.leaving import Left, leave, quarantine, stored_before
from consumer.letters import Letter
from consumer.outside import Outside
from consumer.returns import Returned
from consumer.verdict import DUPLICATE, SPENT, STORED, Verdict, not_taken, retried
from tests.unit.consumer.fakes import log


class _World:
    """Two queues that may refuse, and a table with some logs; it notes each call and its deadline."""

    def __init__(self, *, queue: bool = True, dlq: bool = True, stored: frozenset[int] = frozenset()) -> None:
        self.asked: list[tuple[str, float]] = []
        self._queue, self._dlq, self._stored = queue, dlq, stored

    def _send_back(self, returned: Sequence[Returned], *, give_up_at_s: float) -> frozenset[int]:
        self.asked.append((f"queue {len(returned)}", give_up_at_s))
        return frozenset() if self._queue else frozenset(range(len(returned)))

    def _put(self, body: str, attributes: dict[str, str], *, give_up_at_s: float) -> str:
        self.asked.append((f"dlq {body} {attributes['original_message_id']}", give_up_at_s))
        return "" if self._dlq else "AccessDenied"

    def _stored_among(self, logs: Sequence[Any], *, give_up_at_s: float) -> frozenset[int]:
        self.asked.append((f"table {len(logs)}", give_up_at_s))
        return self._stored

    def outside(self) -> Outside:
        """Return the world as the invocation has it, at second 100."""
        return cast(
            "Outside",
            SimpleNamespace(
                send_back=self._send_back,
                quarantine=SimpleNamespace(put=self._put),
                table=SimpleNamespace(stored_among=self._stored_among),
                monotonic=lambda: 100.0,
            ),
        )


def _returned(*names: str, **members: Any) -> Returned:
    return Returned(names, names[0].encode(), "acme", Carried(1, 0, 0), 0, **members)


def test_what_the_queue_takes_waits_there() -> None:
    """The queue is tried for five seconds at most, or until the end of the invocation's time."""
    world = _World()
    assert leave([_returned("m/0"), _returned("m/1", "m/2")], world.outside(), 120) == Left(
        {}, frozenset({"m/0", "m/1", "m/2"})
    )
    assert leave([_returned("m/0", is_last=True)], world.outside(), 103).sent_back == {"m/0"}
    assert world.asked == [("queue 2", 105), ("queue 1", 103)]


def test_what_the_queue_refuses_stays_until_its_last_receive() -> None:
    """A log that the queue refuses is retried, and at its last receive it is dead-lettered."""
    world = _World(queue=False)
    left = leave(
        [_returned("m/0"), _returned("n/1", is_last=True), _returned("n/2", "n/3", is_last=True)], world.outside(), 120
    )
    assert left.verdicts == {"m/0": not_taken("not_sent_back"), "n/1": SPENT, "n/2": SPENT, "n/3": SPENT}
    assert left.sent_back == frozenset()
    assert world.asked[1:] == [("dlq n/1 n/1", 120), ("dlq n/2 n", 120)]


def test_what_is_spent_goes_nowhere_else() -> None:
    """A log without receives left is not sent to the queue; if the DLQ refuses it, its message is kept."""
    assert leave([_returned("m/0", is_spent=True)], _World().outside(), 120) == Left({"m/0": SPENT}, frozenset())
    world = _World(dlq=False)
    assert leave([_returned("m/0", is_spent=True)], world.outside(), 120) == Left({}, frozenset())
    assert [who for who, _ in world.asked] == ["dlq m/0 m/0"]


def test_what_neither_queue_takes_is_known_as_an_outage() -> None:
    """If both queues refuse a log, its message comes back after a longer time at each receive."""
    left = leave([_returned("m/0", is_last=True)], _World(queue=False, dlq=False).outside(), 120)
    assert left == Left({"m/0": not_taken("not_sent_back")}, frozenset())


def test_a_letter_that_is_refused_is_retried() -> None:
    """If the DLQ refuses a letter, each log in it is retried with the DLQ's error."""
    letter = Letter("body", {"original_message_id": "m"}, ["m/0", "m/1"])
    assert quarantine([letter], _World().outside(), 120) == {}
    refused = quarantine([letter], _World(dlq=False).outside(), 120)
    assert refused == dict.fromkeys(["m/0", "m/1"], retried("dlq_refused: AccessDenied"))


def test_the_table_is_asked_only_for_what_failed_at_its_last_receive() -> None:
    """Only logs that failed at their last receive are looked up: a stored one is a duplicate."""
    logs = [log("a", receive_count=5), log("b", receive_count=5), log("c", receive_count=4), log("d", receive_count=6)]
    verdicts: dict[str, Verdict] = {
        "a": STORED,
        "b": retried("SimulatedCrash"),
        "c": retried("SimulatedCrash"),
        "d": SPENT,
    }
    world = _World(stored=frozenset({1}))
    assert stored_before(logs, verdicts, 5, world.outside(), 120) == {"d": DUPLICATE}
    assert stored_before(logs[:1], verdicts, 5, world.outside(), 120) == {}
    assert world.asked == [("table 2", 101)]
