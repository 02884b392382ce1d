"""Unpacking of AWS's event into logs and poison, and events to which no answer could be right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumer.carried import Carried, attributes
from consumer.unpack import deliveries, logs_apart, unpack
from ingest.contract.message import encode
from tests.clock import START_MS
from tests.messages import message
from tests.unit.consumer.fakes import body, delivery, packed, sqs_event

EVENTS = Path(__file__).parents[2] / "events"


def event(name: str) -> Any:
    """Return a golden event."""
    return json.loads((EVENTS / f"sqs_{name}.json").read_text(encoding="utf-8"))


def test_a_delivery_has_what_the_consumer_needs() -> None:
    """A delivery has the ids, the body, the receive count, and the first receipt in milliseconds."""
    (received,) = deliveries(event("second_receive"))
    assert received.message_id == "059f36b4-87a3-44ab-83d2-661975830a7d"
    assert received.receipt_handle == "AQEB-059f36b4"
    assert json.loads(received.body)["text"] == "call 555-0199"
    assert received.receive_count == 2
    assert received.first_receive_ms == 1_764_000_000_120


def test_poison_stands_apart_from_healthy_logs() -> None:
    """One undecodable body among four logs does not affect the four."""
    unpacked = unpack(deliveries(event("poison_among_healthy")))
    assert [log.message.log_id for log in unpacked.logs] == ["log-1", "log-2", "log-3", "log-4"]
    assert [(spoiled.poison.reason, spoiled.tenant_id, spoiled.log_id) for spoiled in unpacked.spoiled] == [
        ("undecodable", None, None)
    ]


def test_a_log_knows_when_it_was_received() -> None:
    """A log has its time of receipt in ms since the epoch, for expiry and latency."""
    assert unpack(deliveries(event("one_log"))).logs[0].received_ms == 1_763_999_999_900


def test_a_newer_message_is_poison_whose_owner_is_known() -> None:
    """A message of a newer version is poison, but its tenant and log id are read for the DLQ."""
    (spoiled,) = unpack(deliveries(event("unknown_schema_version"))).spoiled
    assert (spoiled.poison.reason, spoiled.tenant_id, spoiled.log_id) == ("unknown_schema_version", "acme", "log-1")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "7",
        "{",
        "\x00",
        encode(message(tenant_id="a b")).decode(),
        encode(message(source="")).decode(),
        encode(message(received_at="yesterday")).decode(),
        '{"tenant_id":7,"log_id":{"a":1}}',
        "[" * 100_000,
        '{"tenant_id":' + "[" * 100_000,
    ],
    ids=range(12),
)
def test_any_other_body_is_undecodable(body: str) -> None:
    """Any other body is undecodable and raises nothing, and a member of a wrong type is no id."""
    (spoiled,) = unpack([delivery(body=body)]).spoiled
    assert spoiled.poison.reason == "undecodable"
    assert spoiled.tenant_id in {None, "acme", "a b"}


@pytest.mark.parametrize(
    "name", ["no_records", "same_message_twice", "record_without_first_receive", "empty_message_id"]
)
def test_an_event_that_no_answer_fits_is_refused(name: str) -> None:
    """An event that cannot be answered correctly raises, so that nothing of its batch is deleted."""
    with pytest.raises(ValueError, match="not an SQS event"):
        deliveries(event(name))


def without(member: str) -> Callable[[dict[str, Any]], Any]:
    """Return a change that leaves a record's member out."""
    return lambda record: record.pop(member)


@pytest.mark.parametrize(
    "change",
    [
        without("messageId"),
        without("receiptHandle"),
        without("body"),
        without("attributes"),
        lambda record: record.update(messageId=None),
        lambda record: record.update(messageId=7),
        lambda record: record.update(body=None),
        lambda record: record["attributes"].update(ApproximateReceiveCount="often"),
    ],
)
def test_a_record_that_lacks_a_member_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    """An event with a record that lacks a member is refused."""
    broken = sqs_event(("m-1", message().text), ("m-2", message().text))
    change(broken["Records"][1])
    with pytest.raises(ValueError, match="not an SQS event"):
        deliveries(broken)


@pytest.mark.parametrize("broken", [None, [], "event", {}, {"Records": None}, {"records": []}, {"Records": {}}])
def test_what_is_no_event_is_refused(broken: object) -> None:
    """An event of another trigger, or none, is refused."""
    with pytest.raises(ValueError, match="not an SQS event"):
        deliveries(broken)


def test_a_packed_message_is_its_logs_each_as_if_it_had_come_alone() -> None:
    """Each log of a packed message has its position in its name and the message's count, receipt and first receipt."""
    bodies = [encode(message("log-0")).decode(), '{"text": 7}', encode(message("log-2")).decode()]
    (received,) = deliveries(sqs_event(("m", packed(*bodies)), receive_count=3))
    logs = logs_apart(received)
    assert [(log.message_id, log.sqs_message_id, log.body) for log in logs] == [
        (f"m/{place}", "m", one) for place, one in enumerate(bodies)
    ]
    assert {(log.receive_count, log.receipt_handle, log.first_receive_ms) for log in logs} == {
        (3, "handle-m", received.first_receive_ms)
    }
    unpacked = unpack(logs)
    assert [log.message.log_id for log in unpacked.logs] == ["log-0", "log-2"]
    assert [(one.delivery.message_id, one.poison.reason) for one in unpacked.spoiled] == [("m/1", "undecodable")]


def test_a_damaged_packed_message_is_poison_as_a_whole() -> None:
    """A damaged packed message is poison as a whole."""
    (received,) = deliveries(sqs_event(("m", packed(body("a"), body("b"))[:-3])))
    assert logs_apart(received) == [received]
    (spoiled,) = unpack([received]).spoiled
    assert (spoiled.delivery.message_id, spoiled.poison.reason) == ("m", "undecodable")


def test_a_log_that_was_sent_back_counts_on() -> None:
    """A log that was sent back has its receives in earlier messages, and its first receipt, in all counts."""
    sent = attributes(Carried(2, 1_764_000_000_000, START_MS))
    (received,) = deliveries(sqs_event(("m", body()), receive_count=1, attributes=sent))
    assert (received.receive_count, received.receives_before, received.first_receive_ms) == (3, 2, 1_764_000_000_000)
