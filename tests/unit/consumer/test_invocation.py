"""One invocation with fakes: the order of its steps, one outcome for each log, and an answer that loses nothing."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consumer.crash import CrashPoint, SimulatedCrash, draw
from tests.unit.consumer.fakes import FakeDynamoDB, FakeSqs, World, body, client_error, delivery, sqs_event

EVENTS = Path(__file__).parents[2] / "events"


def golden(name: str) -> Any:
    """Return a golden event."""
    return json.loads((EVENTS / f"sqs_{name}.json").read_text(encoding="utf-8"))


def batch(count: int, text: str = "hello", **event: Any) -> dict[str, Any]:
    """Return an event of so many logs with message ids m-0, m-1 and so on."""
    return sqs_event(*((f"m-{n}", body(f"log-{n}", text)) for n in range(count)), **event)


def crashing_ids(count: int, probability: float, receive_count: int = 1) -> list[str]:
    """Return which of m-0, m-1 and so on draw a crash with the empty seed."""
    return [f"m-{n}" for n in range(count) if draw("", delivery(f"m-{n}", receive_count=receive_count)) < probability]


def test_a_healthy_batch_is_stored_and_acknowledged() -> None:
    """A healthy batch is stored by one call to the table, and its answer names no failures."""
    world = World()
    assert world.consume(batch(10)) == []
    assert len(world.dynamodb.items) == 10
    assert len(world.dynamodb.calls) == 1
    assert world.counts() == {"stored": 10}
    item = world.dynamodb.items["acme", "log-0"]
    assert (item["modified_data"], item["processed_at"]) == ({"S": "HELLO"}, {"S": "2025-11-24T16:00:00.000Z"})


def test_poison_among_healthy_logs_goes_to_the_dlq_and_costs_them_nothing() -> None:
    """Of five messages, four logs are stored, and the poison is in the DLQ with its reason and acknowledged."""
    world = World()
    assert world.consume(golden("poison_among_healthy")) == []
    assert len(world.dynamodb.items) == 4
    assert ("globex", "log-3") in world.dynamodb.items
    assert world.sqs.dead == [
        (
            '{"tenant_id": "acme", "text"',
            {"reason": "undecodable", "original_message_id": "c80e8021-a70a-42c7-a470-796e1186f753"},
        )
    ]
    assert [message.log_id for message in world.stream] == ["log-4"]
    assert world.counts() == {"stored": 4, "quarantined": 1}


def test_two_copies_and_a_conflict_of_one_batch() -> None:
    """In one batch, a copy is a duplicate and another text is stored beside the first; none is dead-lettered."""
    world = World()
    assert world.consume(golden("two_copies_and_a_conflict")) == []
    assert sorted(world.dynamodb.texts().values()) == ["another text", "call 555-0199"]
    assert world.sqs.dead == []
    assert world.counts() == {"stored": 1, "duplicate": 1, "conflict": 1}
    line = json.loads(world.lines[0])
    assert (line["level"], line["event"]) == ("warning", "log_id_conflict")
    assert world.dynamodb.texts()[line["tenant_id"], line["stored_as"]] == "another text"
    assert world.dynamodb.texts()[line["tenant_id"], line["log_id"]] == "call 555-0199"
    assert "another text" not in "".join(world.lines)


def test_a_delivery_again_is_a_duplicate() -> None:
    """A log that is delivered again is acknowledged as a duplicate, and the table has one item."""
    world = World()
    world.consume(batch(3))
    assert world.consume(batch(3, receive_count=2)) == []
    assert world.counts() == {"duplicate": 3}


def test_the_batch_waits_once_for_its_longest_log() -> None:
    """Ten logs of 100 characters at 0.05 s wait once for five seconds, which their latency includes."""
    world = World()
    assert world.consume(batch(10, "x" * 100), seconds_per_char=0.05) == []
    assert world.clock.sleeps == [5.0]
    assert json.loads(world.lines[-1])["end_to_end_ms"] == [65_000.0] * 10


def test_a_log_beyond_the_remaining_time_is_deferred_before_the_wait() -> None:
    """A log that needs 300 s in a 50 s function is hidden and reported at once, and stored when it comes back."""
    world = World()
    event = sqs_event(("long", body("long", "x" * 6_000)), ("short", body("short", "x" * 20)))
    assert world.consume(event, seconds_per_char=0.05) == ["long"]
    assert world.sqs.hidden == {"handle-long": 300}
    assert world.clock.sleeps == [1.0]
    assert world.counts() == {"stored": 1, "deferred": 1}

    world.clock.elapsed_s = 300
    again = sqs_event(("long", body("long", "x" * 6_000)), receive_count=2)
    assert world.consume(again, seconds_per_char=0.05) == []
    assert world.counts() == {"stored": 1}


def test_a_deferral_that_sqs_refuses_is_still_reported() -> None:
    """A log whose deferral SQS refuses is reported, so that it comes back, and the log line has the reason."""
    world = World(sqs=FakeSqs(hide_error=client_error("AccessDenied")))
    assert world.consume(sqs_event(("long", body(text="x" * 6_000))), seconds_per_char=0.05) == ["long"]
    assert world.counts() == {"deferred": 1}
    assert json.loads(world.lines[0])["cause"] == "AccessDenied"


def test_no_crash_is_drawn_for_a_deferred_log() -> None:
    """A deferred log never crashes, and only its visibility is changed."""
    world = World()
    event = sqs_event(("long", body(text="x" * 6_000)))
    assert world.consume(event, seconds_per_char=0.05, crash_probability=1.0) == ["long"]
    assert world.counts() == {"deferred": 1}


def test_a_healthy_long_log_needs_two_of_its_five_receives() -> None:
    """The longest text at the default delay is deferred once and then stored, whatever the queue's timing."""
    world = World()
    longest = body(text="x" * 170_000)
    receives = 0
    kept = ["long"]
    while kept:
        receives += 1
        kept = world.consume(sqs_event(("long", longest), receive_count=receives), seconds_per_char=0.05)
        world.clock.elapsed_s += world.sqs.hidden.pop("handle-long", 0)
    assert receives == 2
    assert world.clock.elapsed_s == 8_500


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_a_crash_costs_only_the_crashing_logs(point: CrashPoint) -> None:
    """Of a hundred logs at 10 %, only those that crash are reported, and each other is stored by one write."""
    crashing = crashing_ids(100, 0.1)
    assert 0 < len(crashing) < 30
    world = World()
    assert world.consume(batch(100), crash_probability=0.1, crash_point=point) == crashing
    assert world.counts() == {"stored": 100 - len(crashing), "retried": len(crashing)}
    written = [key for call in world.dynamodb.calls for key in call]
    assert len(written) == len(set(written))
    stored = 100 if point == "after_write" else 100 - len(crashing)
    assert len(world.dynamodb.items) == stored


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_every_log_is_stored_once_however_often_it_crashes(point: CrashPoint) -> None:
    """300 logs that crash at 30 % and are delivered until acknowledged become 300 items."""
    world = World()
    bodies = {f"m-{n}": body(f"log-{n}", f"text {n}") for n in range(300)}
    left = list(bodies)
    receive_count = 0
    while left:
        receive_count += 1
        event = sqs_event(*((message_id, bodies[message_id]) for message_id in left), receive_count=receive_count)
        left = world.consume(event, crash_probability=0.3, crash_point=point)
    assert world.dynamodb.texts() == {("acme", f"log-{n}"): f"text {n}" for n in range(300)}
    assert world.sqs.dead == []
    assert receive_count > 1


def test_probability_one_reports_every_log_at_every_receive() -> None:
    """At probability 1 each log is reported at each receive, so that SQS dead-letters it after the fifth."""
    world = World()
    for receive_count in range(1, 6):
        assert world.consume(batch(5, receive_count=receive_count), crash_probability=1.0) == [
            f"m-{n}" for n in range(5)
        ]
    assert world.dynamodb.items == {}


def test_mode_exit_ends_the_process_in_mid_batch() -> None:
    """In mode exit the process ends with an error code before there is an answer, so that nothing is deleted."""

    class Ended(BaseException):
        """Stands for the end of the process."""

    def end(code: int) -> None:
        raise Ended(code)

    world = World()
    outside = world.outside()._replace(end_process=end)
    world.outside = lambda: outside  # type: ignore[method-assign] # the same world, whose process can end
    with pytest.raises(Ended, match="1"):
        world.consume(batch(5), crash_probability=1.0, crash_mode="exit")
    assert world.lines == []


def test_a_batch_that_came_before_ends_no_process() -> None:
    """In a batch with a suspect, a log that exits ends only a child process: it alone is reported."""
    world = World()
    outside = world.outside()._replace(end_process=os._exit)
    world.outside = lambda: outside  # type: ignore[method-assign] # the same world, whose process can end
    doomed = crashing_ids(10, 0.2, receive_count=2)
    assert 0 < len(doomed) < 5
    assert world.consume(batch(10, receive_count=2), crash_probability=0.2, crash_mode="exit") == doomed
    assert world.counts() == {"stored": 10 - len(doomed), "retried": len(doomed)}


def test_a_suspect_that_ends_its_child_is_kept_and_named() -> None:
    """The line of a log that ended its child says how, so that an operator finds the log."""
    world = World()
    event = sqs_event(("m-0", body("log-0")), ("m-1", body("log-1", "exit")), receive_count=2)
    assert world.consume(event) == ["m-1"]
    assert json.loads(world.lines[0])["cause"] == "EndedProcess 1"
    assert world.counts() == {"stored": 1, "retried": 1}


def test_a_log_that_is_not_on_the_stream_is_neither_stored_nor_acknowledged() -> None:
    """A log that the stream refuses is neither stored nor acknowledged, since the stream must hold every 202."""
    world = World()
    world.off_stream = lambda message: message.log_id == "p"
    event = sqs_event(("m-p", body("p", stream_pending=True)), ("m-q", body("q", stream_pending=True)))
    assert world.consume(event) == ["m-p"]
    assert [message.log_id for message in world.stream] == ["q"]
    assert list(world.dynamodb.items) == [("acme", "q")]
    assert world.counts() == {"stored": 1, "retried": 1}


def test_a_pending_conflict_is_on_the_stream_and_in_the_table() -> None:
    """A pending log with another text under a used id is on the stream (I5) and beside the first (I6)."""
    world = World()
    world.consume(sqs_event(("m-1", body(text="first"))))
    assert world.consume(sqs_event(("m-2", body(text="second", stream_pending=True)))) == []
    assert [message.text for message in world.stream] == ["second"]
    assert sorted(world.dynamodb.texts().values()) == ["first", "second"]


def test_poison_that_the_dlq_refuses_is_reported_instead() -> None:
    """Poison that the DLQ refuses is reported and comes back; a conflict needs no DLQ."""
    world = World(
        FakeDynamoDB(statement_error=lambda key: "ValidationError" if key[1] == "refused" else None),
        FakeSqs(refuse=lambda text: client_error("KmsThrottled") if "keep" not in text else None),
    )
    world.consume(sqs_event(("m-0", body("taken", "first"))))
    event = sqs_event(
        ("m-1", "{junk"),
        ("m-2", body("refused")),
        ("m-3", body("taken", "second")),
        ("m-4", body("fine")),
        ("m-5", "{junk to keep"),
    )
    assert world.consume(event) == ["m-1", "m-2"]
    assert [text for text, _ in world.sqs.dead] == ["{junk to keep"]
    assert world.counts() == {"stored": 1, "conflict": 1, "quarantined": 1, "retried": 2}
    causes = {json.loads(line).get("cause") for line in world.lines[-6:-1]}
    assert "dlq_refused: KmsThrottled" in causes


def test_one_row_that_breaks_the_whole_call_is_isolated_and_quarantined() -> None:
    """If one row makes the table refuse the whole call without naming it, bisect finds it."""
    dynamodb = FakeDynamoDB()
    dynamodb.call_error = lambda: (
        client_error("ValidationException") if ("acme", "log-6") in dynamodb.calls[-1] else None
    )
    world = World(dynamodb)
    assert world.consume(batch(10)) == []
    assert len(dynamodb.items) == 9
    assert world.sqs.dead[0][1] == {
        "reason": "refused_by_table",
        "tenant_id": "acme",
        "log_id": "log-6",
        "original_message_id": "m-6",
    }
    assert world.counts() == {"stored": 9, "quarantined": 1}


def test_a_table_that_stays_away_keeps_every_message() -> None:
    """If the table keeps failing, writes are retried until the time is nearly over, and all messages are reported."""
    world = World(FakeDynamoDB(call_error=lambda: client_error("ThrottlingException")))
    assert len(world.consume(batch(5))) == 5
    assert world.clock.elapsed_s < 45
    assert world.counts() == {"retried": 5}


def test_an_outage_of_hours_dead_letters_no_healthy_log() -> None:
    """In an outage a log is hidden for longer each time, so its fifth receive is after ten hours, not 20 minutes."""
    dynamodb = FakeDynamoDB(call_error=lambda: client_error("ThrottlingException"))
    world = World(dynamodb)
    world.off_stream = lambda _message: True
    received_at_s: list[float] = []
    for receive_count in range(1, 6):
        received_at_s.append(world.clock.elapsed_s)
        if receive_count == 5:
            dynamodb.call_error = lambda: None
            world.off_stream = lambda _message: False
        event = sqs_event(("m-1", body("a")), ("m-2", body("b", stream_pending=True)), receive_count=receive_count)
        kept = world.consume(event)
        assert kept == ([] if receive_count == 5 else ["m-1", "m-2"])
        hidden = {world.sqs.hidden.pop(f"handle-{message_id}", None) for message_id in kept}
        world.clock.elapsed_s = max(world.clock.elapsed_s, received_at_s[-1] + 300)  # The queue's own time-out.
        if receive_count > 1 and kept:
            (seconds,) = hidden
            assert seconds is not None
            world.clock.elapsed_s = received_at_s[-1] + seconds
    assert received_at_s[1] == 300
    assert received_at_s[4] > 9 * 3600
    assert len(dynamodb.items) == 2


def test_no_backoff_is_asked_for_when_the_time_is_over() -> None:
    """If a table hangs to the end, there is an answer but no backoff, and the queue's own timeout applies."""
    dynamodb = FakeDynamoDB()
    world = World(dynamodb)

    def hang() -> Exception:
        world.clock.elapsed_s += 48
        return client_error("ThrottlingException")

    dynamodb.call_error = hang
    world.clock.elapsed_s = 300
    assert world.consume(batch(2, receive_count=2)) == ["m-0", "m-1"]
    assert world.sqs.hidden == {}


def test_a_crash_is_no_outage() -> None:
    """A log that crashed comes back after the queue's own timeout, however often it crashed."""
    world = World()
    world.clock.elapsed_s = 1_200
    assert world.consume(batch(3, receive_count=4), crash_probability=1.0) == ["m-0", "m-1", "m-2"]
    assert world.sqs.hidden == {}


def test_a_backoff_that_sqs_refuses_changes_nothing_else() -> None:
    """If SQS refuses a backoff, the message is reported all the same."""
    world = World(
        FakeDynamoDB(call_error=lambda: client_error("AccessDeniedException")),
        FakeSqs(hide_error=client_error("AccessDenied")),
    )
    world.clock.elapsed_s = 300
    assert world.consume(batch(2, receive_count=2)) == ["m-0", "m-1"]
    assert world.counts() == {"retried": 2}


def test_a_short_time_out_still_processes() -> None:
    """A function of 3 s waits for at most half of it, and writes."""
    world = World()
    event = sqs_event(("m-1", body("a", "x" * 20)), ("m-2", body("b", "x" * 40)))
    assert world.consume(event, remaining_s=3, seconds_per_char=0.05) == ["m-2"]
    assert world.counts() == {"stored": 1, "deferred": 1}


def test_every_log_that_was_not_stored_has_a_line_without_its_text() -> None:
    """Each log that was not stored has a line with its ids, outcome, and reason or cause, without its text."""
    world = World()
    world.off_stream = lambda _message: True
    event = sqs_event(
        ("m-1", body("p", "a secret", stream_pending=True)), ("m-2", "a secret"), ("m-3", body("b", "a secret"))
    )
    world.consume(event)
    lines = [json.loads(line) for line in world.lines[:-1]]
    assert [(line["message_id"], line["outcome"]) for line in lines] == [("m-1", "retried"), ("m-2", "quarantined")]
    assert (lines[0]["tenant_id"], lines[0]["log_id"], lines[0]["cause"]) == ("acme", "p", "not_on_stream")
    assert "secret" not in "".join(world.lines)


def broken(world: World, part: str) -> None:
    """Make one of the parts that an invocation uses raise an unforeseen exception."""

    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise ZeroDivisionError(part)

    replacement: Any = fail if part != "quarantine" else SimpleNamespace(put=fail)
    outside = world.outside()._replace(**{part: replacement})
    world.outside = lambda: outside  # type: ignore[method-assign] # the same world, broken


@pytest.mark.parametrize("part", ["hide", "now_ms", "monotonic", "sleep", "quarantine", "write_line"])
def test_what_nobody_foresaw_fails_the_batch(part: str) -> None:
    """An unforeseen exception reaches Lambda, which then deletes no message."""
    world = World()
    broken(world, part)
    event = sqs_event(("m-1", body("a", "x" * 20)), ("m-2", body("b", "x" * 4_000)), ("m-3", "{"))
    with pytest.raises(ZeroDivisionError):
        world.consume(event, seconds_per_char=0.05)


@pytest.mark.parametrize("part", ["put_on_stream", "end_process"])
def test_what_nobody_foresaw_in_the_work_keeps_the_message(part: str) -> None:
    """An unforeseen exception in the isolated work fails only the log that caused it."""
    world = World()
    broken(world, part)
    event = sqs_event(("m-1", body(stream_pending=True)))
    assert world.consume(event, crash_probability=float(part == "end_process"), crash_mode="exit") == ["m-1"]


@pytest.mark.parametrize("text", ["bug", "hello"])
def test_a_bug_in_the_redaction_keeps_the_one_message(text: str) -> None:
    """A log on which the redaction fails is reported, and the logs beside it are stored."""
    world = World()
    kept = world.consume(sqs_event(("m-1", body("a")), ("m-2", body("b", text))))
    assert kept == (["m-2"] if text == "bug" else [])
    assert world.counts() == ({"stored": 1, "retried": 1} if text == "bug" else {"stored": 2})


@pytest.mark.parametrize("name", ["no_records", "same_message_twice", "record_without_first_receive"])
def test_a_malformed_event_fails_the_batch(name: str) -> None:
    """A malformed event is an exception, after which nothing was called or answered."""
    world = World()
    with pytest.raises(ValueError, match="not an SQS event"):
        world.consume(golden(name))
    assert (world.dynamodb.calls, world.sqs.dead, world.lines) == ([], [], [])


def test_a_simulated_crash_is_told_in_the_line() -> None:
    """A simulated crash's line says that it is one, so that nobody takes it for a fault."""
    world = World()
    world.consume(batch(1), crash_probability=1.0)
    assert json.loads(world.lines[0])["cause"] == SimulatedCrash.__name__
