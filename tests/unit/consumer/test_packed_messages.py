"""One invocation with packed messages: each log ends on its own, and only unfinished logs come back."""

import json
from collections import deque
from typing import Any

import pytest

from consumer.carried import Carried, attributes, carried_by
from consumer.crash import CrashPoint, draw
from ingest.contract.message import decode
from ingest.contract.packed import apart, is_packed
from tests.clock import START_MS
from tests.unit.consumer.fakes import FakeDynamoDB, FakeSqs, World, body, client_error, delivery, packed, sqs_event


def _message(*texts: str) -> str:
    return packed(*(body(f"log-{n}", text) for n, text in enumerate(texts)))


def _log_ids(bodies: list[str]) -> list[str]:
    return [decode(one).log_id for text in bodies for one in (apart(text) if is_packed(text) else [text])]


def _sent(world: World) -> list[str]:
    return [entry["MessageBody"] for entry in world.sqs.sent]


def test_a_healthy_message_is_stored_and_acknowledged_once() -> None:
    """A message of a hundred logs is stored by four calls to the table, and the counts are of logs."""
    world = World()
    assert world.consume(sqs_event(("m", _message(*["hello"] * 100)))) == []
    assert [len(call) for call in world.dynamodb.calls] == [25] * 4
    assert world.counts() == {"stored": 100}
    assert json.loads(world.lines[0])["batch_size"] == 100
    assert (world.sqs.sent, world.sqs.dead) == ([], [])


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_a_crash_sends_back_the_crashing_logs_alone(point: CrashPoint) -> None:
    """Each log that crashed is sent back in its own message with its receives; the first message is acknowledged."""
    crashing = [n for n in range(40) if draw("", delivery(f"m/{n}")) < 0.2]
    assert 0 < len(crashing) < 20
    world = World()
    assert world.consume(sqs_event(("m", _message(*["x"] * 40))), crash_probability=0.2, crash_point=point) == []
    assert _log_ids(_sent(world)) == [f"log-{n}" for n in crashing]
    assert not any(map(is_packed, _sent(world)))
    assert {entry["MessageAttributes"]["receives_before"]["StringValue"] for entry in world.sqs.sent} == {"1"}
    assert {entry["DelaySeconds"] for entry in world.sqs.sent} == {300}
    assert world.counts() == {"stored": 40 - len(crashing), "retried": len(crashing)}


def _deliver_all(world: World, bodies: list[str], *, batch_size: int, **settings: Any) -> int:
    """Deliver messages and what is sent back until nothing is left; return how many deliveries it took."""
    waiting = deque((f"m-{n}", text, 1, Carried(0, START_MS, START_MS)) for n, text in enumerate(bodies))
    deliveries = 0
    while waiting:
        deliveries += 1
        batch = [waiting.popleft() for _ in range(min(batch_size, len(waiting)))]
        records = []
        for message_id, text, receives, carried in batch:
            event = sqs_event((message_id, text), receive_count=receives, attributes=attributes(carried))
            records += event["Records"]
        before = len(world.sqs.sent)
        kept = world.consume({"Records": records}, **settings)
        waiting += [(m, text, receives + 1, carried) for m, text, receives, carried in batch if m in kept]
        for number, entry in enumerate(world.sqs.sent[before:], before):
            read = carried_by(
                {name: {"stringValue": value["StringValue"]} for name, value in entry["MessageAttributes"].items()},
                taken_ms=START_MS,
            )
            assert read is not None
            waiting.append((f"s-{number}", entry["MessageBody"], 1, read))
    return deliveries


@pytest.mark.parametrize("point", ["before_work", "before_write", "after_write"])
def test_300_logs_in_messages_of_100_survive_crashes(point: CrashPoint) -> None:
    """Of 300 packed logs that crash at 30 %, all are stored once and none is dead-lettered."""
    bodies = [packed(*(body(f"log-{n}", f"text {n}") for n in range(first, first + 100))) for first in (0, 100, 200)]
    world = World()
    _deliver_all(world, bodies, batch_size=2, crash_probability=0.3, crash_point=point, max_receive_count=1000)
    assert sorted(world.dynamodb.texts().values()) == sorted(f"text {n}" for n in range(300))
    assert world.sqs.dead == []
    if point != "after_write":
        written = [key for call in world.dynamodb.calls for key in call]
        assert len(written) == len(set(written)) == 300


def test_poison_leaves_its_message_alone() -> None:
    """Poison is dead-lettered as a message of one log with its reason, and its neighbours are stored at once."""
    world = World(FakeDynamoDB(statement_error=lambda key: "ValidationError" if key[1] == "log-3" else None))
    bodies = [body("log-0"), '{"text": 7}', body("log-2"), body("log-3")]
    assert world.consume(sqs_event(("m", packed(*bodies)))) == []
    assert world.sqs.dead == [
        (
            bodies[3],
            {"reason": "refused_by_table", "tenant_id": "acme", "log_id": "log-3", "original_message_id": "m/3"},
        ),
        (bodies[1], {"reason": "undecodable", "original_message_id": "m/1"}),
    ]
    assert world.counts() == {"stored": 2, "quarantined": 2}
    assert world.sqs.sent == []


def test_poison_that_the_dead_letter_queue_refuses_is_sent_back_alone() -> None:
    """Poison that the DLQ refuses is sent back in its own message, so that its neighbours do not come again."""
    world = World(sqs=FakeSqs(refuse=lambda _: client_error("KmsThrottled")))
    assert world.consume(sqs_event(("m", packed(body("log-0"), '{"text": 7}', body("log-2"))))) == []
    assert _sent(world) == ['{"text": 7}']
    assert world.counts() == {"stored": 2, "retried": 1}


def test_a_message_stays_when_a_log_of_it_cannot_be_sent_back() -> None:
    """A message is kept if one of its logs cannot be sent back; when it comes again, each log is still stored once."""
    world = World()
    world.sqs.refused_entries = lambda text: decode(text).log_id == "log-2"
    event = sqs_event(("m", _message("a", "bug", "bug")))
    assert world.consume(event) == ["m"]
    assert _log_ids(_sent(world)) == ["log-1"]
    line = next(json.loads(line) for line in world.lines if '"not_sent_back"' in line)
    assert (line["message_id"], line["log_id"]) == ("m/2", "log-2")
    world.sqs.refused_entries = lambda _: False
    assert world.consume(sqs_event(("m", _message("a", "bug", "bug")), receive_count=2)) == []
    assert _log_ids(_sent(world)) == ["log-1", "log-1", "log-2"]


def test_what_is_ready_is_stored_and_what_is_not_is_sent_back_until_it_is() -> None:
    """Each log has its own delay: 1 s in this invocation, or 300 s in a message that SQS holds back."""
    world = World()
    event = sqs_event(("m", packed(body("short", "x" * 20), body("long", "x" * 6_000))))
    assert world.consume(event, seconds_per_char=0.05) == []
    assert world.clock.sleeps == [1.0]
    assert world.sqs.hidden == {}
    assert _log_ids(_sent(world)) == ["long"]
    assert world.sqs.sent[0]["DelaySeconds"] == 299
    carried = world.sqs.sent[0]["MessageAttributes"]
    assert {name: value["StringValue"] for name, value in carried.items()} == {
        "receives_before": "0",
        "first_receive_ms": str(START_MS),
        "sent_back_ms": str(START_MS + 1_000),
    }
    world.clock.elapsed_s = 300
    again = sqs_event(("s", body("long", "x" * 6_000)), first_receive_ms=START_MS + 300_000, attributes=carried)
    assert world.consume(again, seconds_per_char=0.05) == []
    assert world.counts() == {"stored": 1}


def test_a_message_with_nothing_ready_is_hidden_until_its_first_log_is() -> None:
    """A message without a ready log is hidden by one call until its first log is ready."""
    world = World()
    event = sqs_event(("m", packed(body("b", "x" * 8_000), body("a", "x" * 6_000), body("c", "x" * 9_000))))
    assert world.consume(event, seconds_per_char=0.05) == ["m"]
    assert world.sqs.hidden == {"handle-m": 300}
    assert world.counts() == {"deferred": 3}


def test_an_outage_keeps_messages_whole_and_hides_each_once() -> None:
    """In an outage each message stays whole and is hidden once, and no further messages are sent."""
    world = World(FakeDynamoDB(call_error=lambda: client_error("ThrottlingException")))
    world.clock.elapsed_s = 300
    assert world.consume(sqs_event(("m", _message(*"abc")), ("n", body("n")), receive_count=2)) == ["m", "n"]
    assert world.sqs.sent == []
    assert world.sqs.hidden.keys() == {"handle-m", "handle-n"}
    assert min(world.sqs.hidden.values()) >= 1_200


def test_what_an_outage_left_over_goes_back_in_one_message() -> None:
    """The logs that an outage left unstored go back in one message, which waits as long as a single log's."""
    calls: list[int] = []

    def call_error() -> Exception | None:
        calls.append(1)
        return client_error("ThrottlingException") if len(calls) > 1 else None

    world = World(FakeDynamoDB(call_error=call_error))
    assert world.consume(sqs_event(("m", _message(*["x"] * 60)))) == []
    (entry,) = world.sqs.sent
    assert _log_ids([entry["MessageBody"]]) == [f"log-{n}" for n in range(25, 60)]
    assert (entry["DelaySeconds"], entry["MessageGroupId"]) == (300, "acme")


def test_a_log_that_used_up_its_receives_in_all_is_dead_lettered_as_by_sqs() -> None:
    """A log whose receives in all its messages are used up is dead-lettered untried, without a reason."""
    world = World()
    sent = attributes(Carried(3, START_MS, START_MS))
    assert world.consume(sqs_event(("s", body("one")), receive_count=3, attributes=sent)) == []
    assert world.sqs.dead == [(body("one"), {"tenant_id": "acme", "log_id": "one", "original_message_id": "s"})]
    assert world.dynamodb.calls == []
    assert json.loads(world.lines[0])["cause"] == "max_receives_exceeded"


def test_the_last_receive_of_a_log_that_was_sent_back_is_a_try() -> None:
    """A log that was sent back is tried at its fifth receive, and stored there."""
    world = World()
    assert (
        world.consume(sqs_event(("s", body()), receive_count=2, attributes=attributes(Carried(3, START_MS, START_MS))))
        == []
    )
    assert world.counts() == {"stored": 1}


def test_a_spent_message_is_tried_once_more_and_only_what_fails_then_is_dead() -> None:
    """A message without receives left is tried once more, so that logs already stored are not dead-lettered."""
    world = World()
    sent = attributes(Carried(5, START_MS, START_MS))
    world.consume(sqs_event(("before", body("log-0", "a"))))
    assert world.consume(sqs_event(("s", _message("a", "bug", "b")), attributes=sent)) == []
    assert world.sqs.dead == [(body("log-1", "bug"), {"tenant_id": "acme", "original_message_id": "s/1"})]
    assert world.sqs.sent == []
    assert world.counts() == {"stored": 1, "duplicate": 1, "quarantined": 1}


def test_a_spent_message_that_the_table_is_away_for_is_dead_lettered_as_it_came() -> None:
    """If the table fails, a message without receives left is dead-lettered whole, for a redrive."""
    world = World(FakeDynamoDB(call_error=lambda: client_error("ThrottlingException")))
    sent = attributes(Carried(5, START_MS, START_MS))
    assert world.consume(sqs_event(("s", _message("a", "b")), attributes=sent)) == []
    assert world.sqs.dead == [(_message("a", "b"), {"tenant_id": "acme", "original_message_id": "s"})]


def test_a_spent_message_that_the_dead_letter_queue_refuses_is_kept() -> None:
    """A message without receives left that the DLQ refuses is kept whole, and no log of it is sent back."""
    world = World(sqs=FakeSqs(refuse=lambda _: client_error("KmsThrottled")))
    sent = attributes(Carried(5, START_MS, START_MS))
    assert world.consume(sqs_event(("s", _message("a", "bug")), attributes=sent)) == ["s"]
    assert world.sqs.sent == []


def test_at_its_last_receive_what_the_queue_does_not_take_is_dead_lettered_alone() -> None:
    """At the last receive, a failed log that the queue refuses is dead-lettered alone, not with its whole message."""
    world = World()
    world.sqs.refused_entries = lambda _: True
    assert world.consume(sqs_event(("m", _message("a", "bug", "b")), receive_count=4)) == ["m"]
    assert world.sqs.dead == []
    assert world.consume(sqs_event(("m", _message("a", "bug", "b")), receive_count=5)) == []
    assert world.sqs.dead == [(body("log-1", "bug"), {"tenant_id": "acme", "original_message_id": "m/1"})]
    assert world.counts() == {"duplicate": 2, "quarantined": 1}


@pytest.mark.parametrize("text", ["bug", "b"])
def test_what_fails_at_its_last_receive_and_is_stored_already_is_a_duplicate(text: str) -> None:
    """A log that fails at its last receive but is stored already is a duplicate and is not dead-lettered."""
    world = World()
    world.dynamodb.items["acme", "log-0"] = {
        "tenant_id": {"S": "acme"}, "log_id": {"S": "log-0"}, "original_text": {"S": text},
    }  # fmt: skip
    settings: dict[str, Any] = {"crash_probability": 1.0}
    assert world.consume(sqs_event(("m", body("log-0", text)), receive_count=4), **settings) == ["m"]
    assert world.consume(sqs_event(("m", body("log-0", text)), receive_count=5), **settings) == []
    assert world.counts() == {"duplicate": 1}
    assert world.sqs.dead == []


def test_a_spent_log_that_sqs_itself_has_redriven_has_its_receives_again() -> None:
    """After SQS's own redrive, a log may fail five times again, although it keeps its old attributes."""
    world = World()
    sent = attributes(Carried(5, START_MS, START_MS - 61_000))
    assert world.consume(sqs_event(("s", body("one")), attributes=sent)) == []
    assert (world.sqs.dead, world.counts()) == ([], {"stored": 1})


def test_a_spent_log_that_is_stored_is_no_dead_letter() -> None:
    """A log without receives left is not dead-lettered if a copy of it was stored meanwhile."""
    world = World()
    world.consume(sqs_event(("before", body("one"))))
    assert world.consume(sqs_event(("s", body("one")), attributes=attributes(Carried(5, START_MS, START_MS)))) == []
    assert (world.sqs.dead, world.counts()) == ([], {"duplicate": 1})


def test_the_table_is_asked_for_a_second_at_most_before_a_letter() -> None:
    """Before a dead letter the table is read for one second at most, to leave time for the DLQ."""
    world = World(FakeDynamoDB(call_error=lambda: client_error("ThrottlingException")))
    assert world.consume(sqs_event(("s", body("one")), attributes=attributes(Carried(5, START_MS, START_MS)))) == []
    assert len(world.sqs.dead) == 1
    assert sum(world.clock.sleeps) <= 1


def test_what_neither_queue_takes_keeps_its_message() -> None:
    """If both queues refuse a log, its message is kept."""
    world = World(sqs=FakeSqs(refuse=lambda _: client_error("KmsThrottled")))
    world.sqs.refused_entries = lambda _: True
    assert world.consume(sqs_event(("m", _message("a", "bug", "b")), receive_count=5)) == ["m"]
    assert world.counts() == {"stored": 2, "retried": 1}


def test_a_log_that_ends_the_process_costs_its_neighbours_one_receive() -> None:
    """A log that ends the process costs its neighbours one receive; then only it is taken out of its message."""
    world = World()
    assert world.consume(sqs_event(("m", _message("a", "exit", "b")), receive_count=2)) == []
    assert sorted(world.dynamodb.texts().values()) == ["a", "b"]
    assert _log_ids(_sent(world)) == ["log-1"]
    assert world.sqs.sent[0]["MessageAttributes"]["receives_before"]["StringValue"] == "2"


def test_the_rows_are_the_same_byte_for_byte() -> None:
    """The same logs, packed or alone, give the same rows, except for the time of processing."""
    bodies = [body(f"log-{n}", f"text {n}\x00\ufffe \u2028", fields={"n": n, "d": 1.5}) for n in range(30)]
    alone, together = World(), World()
    for n, text in enumerate(bodies):
        assert alone.consume(sqs_event((f"m-{n}", text))) == []
    assert together.consume(sqs_event(("m", packed(*bodies)))) == []
    rows = [
        {key: {name: value for name, value in item.items() if name != "processed_at"} for key, item in items.items()}
        for items in (alone.dynamodb.items, together.dynamodb.items)
    ]
    assert json.dumps(list(rows[0].values())) == json.dumps(list(rows[1].values()))
    assert list(rows[0]) == list(rows[1])
