"""The work on a unit: its order, its outcomes, and what is not repeated in a smaller unit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from consumer.apart import Ended
from consumer.crash import CrashPoint
from consumer.isolate import bisect
from consumer.item import Item
from consumer.process import Edges, Work
from consumer.redact import Redactor, phone
from consumer.unpack import Log
from consumer.verdict import DUPLICATE, ERASED, STORED, Verdict, not_taken
from ingest.contract.message import InternalMessage
from tests.unit.consumer.fakes import Upper, log


class Outside:
    """Everything that the work calls; it notes the calls in order."""

    def __init__(self) -> None:
        self.did: list[tuple[str, list[str]]] = []
        self.crashing: tuple[CrashPoint, str] | None = None
        self.off_stream: set[str] = set()
        self.verdicts: dict[str, Verdict] = {}
        self.erased: str | frozenset[str] = frozenset()
        self.rows: list[Item] = []
        self.redactor: Redactor = Upper()
        self.together = True
        self.builds: Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]] | None = None

    def crash(self, point: CrashPoint, logs: Sequence[Log]) -> None:
        """Crash at the point if the log is in the unit."""
        if self.crashing and self.crashing[0] == point and self.crashing[1] in [entry.message_id for entry in logs]:
            raise InterruptedError

    def find_erased(self, messages: Sequence[InternalMessage]) -> frozenset[int] | str:
        """Return the positions of the logs in `erased`, or the error code if `erased` is one."""
        if isinstance(self.erased, str):
            return self.erased
        return frozenset(n for n, entry in enumerate(messages) if entry.log_id in self.erased)

    def put_on_stream(self, messages: Sequence[InternalMessage]) -> frozenset[int]:
        """Take all but those in `off_stream`."""
        self.did.append(("stream", [entry.log_id for entry in messages]))
        return frozenset(n for n, entry in enumerate(messages) if entry.log_id in self.off_stream)

    def insert(self, rows: Sequence[Item]) -> Iterator[tuple[int, Verdict]]:
        """Store all items, except where `verdicts` has another outcome."""
        self.did.append(("write", [entry.log_id for entry in rows]))
        self.rows += rows
        for position, entry in enumerate(rows):
            yield position, self.verdicts.get(entry.log_id, STORED)

    def work(self, retention_days: int = 0) -> Work:
        """Return the work, which calls this object."""
        edges = Edges(
            self.crash,
            self.find_erased,
            self.put_on_stream,
            self.insert,
            lambda: "2025-11-24T16:00:00.000Z",
            lambda build, each: [*map(build, each)] if self.builds is None else self.builds(build, each),
            together=self.together,
        )
        return Work(edges, self.redactor, retention_days=retention_days)


def logs(*log_ids: str, **members: Any) -> list[Log]:
    """Return logs whose message ids are their log ids."""
    return [log(log_id, log_id=log_id, **members) for log_id in log_ids]


def test_a_pending_log_goes_on_the_stream_before_it_is_written() -> None:
    """A pending log is put on the stream before it is written; other logs are only written."""
    outside = Outside()
    work = outside.work()
    work([*logs("a"), *logs("p", stream_pending=True)])
    assert outside.did == [("stream", ["p"]), ("write", ["a", "p"])]
    assert work.verdicts == {"a": STORED, "p": STORED}


def test_a_log_that_the_stream_refuses_is_not_written_and_comes_back() -> None:
    """A log that the stream refuses is not written and comes back, and its neighbours are written."""
    outside = Outside()
    outside.off_stream = {"p"}
    work = outside.work()
    work([*logs("a"), *logs("p", "q", stream_pending=True)])
    assert outside.did == [("stream", ["p", "q"]), ("write", ["a", "q"])]
    assert work.verdicts == {"a": STORED, "p": not_taken("not_on_stream"), "q": STORED}


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_a_crash_at_any_point_touches_every_healthy_log_once(point: CrashPoint) -> None:
    """Although bisect repeats healthy logs, each is put on the stream once and written once."""
    outside = Outside()
    outside.crashing = (point, "c")
    work = outside.work()
    isolation = bisect(logs("a", "b", "c", "d", "e", stream_pending=True), work)
    assert [failed.item.message_id for failed in isolation.failed] == ["c"]
    for step in ("stream", "write"):
        done = [log_id for name, ids in outside.did if name == step for log_id in ids]
        assert sorted(log_id for log_id in done if log_id != "c") == ["a", "b", "d", "e"]
    assert {log_id: verdict for log_id, verdict in work.verdicts.items() if log_id != "c"} == dict.fromkeys(
        "abde", STORED
    )


def test_a_crash_before_the_work_leaves_nothing_of_the_log() -> None:
    """A log that crashes before the work is neither on the stream nor in the table."""
    outside = Outside()
    outside.crashing = ("before_work", "c")
    bisect(logs("c", stream_pending=True), outside.work())
    assert outside.did == []


def test_a_bug_that_one_text_sets_off_costs_its_neighbours_nothing() -> None:
    """If the redaction raises on one text, only that log fails."""
    outside = Outside()
    work = outside.work()
    isolation = bisect([*logs("a"), *logs("b", text="bug"), *logs("c")], work)
    assert [(failed.item.message_id, type(failed.error)) for failed in isolation.failed] == [("b", LookupError)]
    assert work.verdicts == {"a": STORED, "c": STORED}


def test_the_tables_verdicts_are_the_logs() -> None:
    """Each log gets the table's outcome for its own row."""
    outside = Outside()
    outside.verdicts = {"b": DUPLICATE}
    work = outside.work()
    work(logs("a", "b", "c"))
    assert work.verdicts == {"a": STORED, "b": DUPLICATE, "c": STORED}


def test_what_was_erased_goes_nowhere() -> None:
    """An erased log goes neither to the stream, even if it is pending, nor to the table; its neighbours go on."""
    outside = Outside()
    outside.erased = frozenset({"gone", "pending"})
    work = outside.work()
    work([*logs("gone", "a"), *logs("pending", stream_pending=True)])
    assert outside.did == [("write", ["a"])]
    assert work.verdicts == {"gone": ERASED, "pending": ERASED, "a": STORED}


def test_while_nobody_knows_what_was_erased_nothing_goes_on() -> None:
    """While the tombstones cannot be read, all logs come back and nothing is stored."""
    outside = Outside()
    outside.erased = "ThrottlingException"
    work = outside.work()
    work([*logs("a"), *logs("p", stream_pending=True)])
    assert outside.did == []
    assert work.verdicts == dict.fromkeys("ap", not_taken("ThrottlingException"))


class Redacts(Redactor):
    """The rule for phone numbers, which counts its calls for one text and for several."""

    def __init__(self, *, is_linear: bool = True) -> None:
        super().__init__(phone.RULES, [], "phone", phones=True)
        self.is_linear = is_linear
        self.calls: list[int] = []

    def text(self, text: str) -> str:
        """Return the text redacted."""
        self.calls.append(1)
        return super().text(text)

    def texts(self, texts: Sequence[str]) -> list[str]:
        """Return the texts redacted."""
        self.calls.append(len(texts))
        return super().texts(texts)


_CALLED = [log(number, log_id=number, text=f"call {number}") for number in ("555-0199", "555-0198", "me")]


def test_the_texts_of_a_unit_are_redacted_in_one_go() -> None:
    """A unit's texts are redacted in one call, each log gets its own back, and logs with an outcome are left out."""
    outside = Outside()
    outside.redactor = redactor = Redacts()
    outside.erased = frozenset({"555-0198"})
    outside.work()([*_CALLED])
    assert redactor.calls == [2]
    assert [row.modified_data for row in outside.rows] == ["call [REDACTED]", "call me"]


@pytest.mark.parametrize("reason", ["pattern", "suspect"])
def test_texts_that_may_take_any_time_or_end_the_process_are_redacted_one_by_one(reason: str) -> None:
    """With an operator's patterns or a suspect in the unit, each text is redacted alone with its own time limit."""
    outside = Outside()
    outside.redactor = redactor = Redacts(is_linear=reason != "pattern")
    outside.together = reason != "suspect"
    outside.work()([*_CALLED])
    assert redactor.calls == [1, 1, 1]
    assert [row.modified_data for row in outside.rows] == ["call [REDACTED]", "call [REDACTED]", "call me"]


def test_texts_that_took_too_long_together_are_redacted_one_by_one() -> None:
    """If the texts together take too long, each is redacted alone, and only the slow one fails."""
    outside = Outside()
    outside.redactor = redactor = Redacts()
    outside.builds = lambda build, each: [
        Ended("TookTooLong") if isinstance(entry, list) else build(entry) for entry in each
    ]
    outside.work()([*_CALLED])
    assert redactor.calls == [1, 1, 1]
    assert [row.modified_data for row in outside.rows] == ["call [REDACTED]", "call [REDACTED]", "call me"]
