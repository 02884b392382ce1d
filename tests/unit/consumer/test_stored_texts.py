"""Which logs the table already has."""

from typing import Any, cast

import pytest

from consumer.item import Key, beside_id, key_attributes
from consumer.stored_texts import stored_among, stored_texts
from ingest.aws.refusal import Refusal
from tests.clock import Clock
from tests.messages import message
from tests.unit.consumer.fakes import FakeDynamoDB, client_error


def _table(texts: dict[tuple[str, str], str], **faults: Any) -> FakeDynamoDB:
    dynamodb = FakeDynamoDB(**faults)
    dynamodb.items = {
        key: {"tenant_id": {"S": key[0]}, "log_id": {"S": key[1]}, "original_text": {"S": text}}
        for key, text in texts.items()
    }
    return dynamodb


def _stored_among(dynamodb: FakeDynamoDB, *logs: tuple[str, str]) -> frozenset[int]:
    clock = Clock()
    return stored_among(
        cast("Any", dynamodb),
        "logs",
        [message(log_id, text) for log_id, text in logs],
        give_up_at_s=clock.monotonic() + 1,
        time=clock.time(),
    )


def test_a_log_is_stored_that_has_its_text_under_its_id() -> None:
    """A log is stored if its id has its text; another text or an unknown id is not stored."""
    dynamodb = _table({("acme", "one"): "a", ("acme", "two"): "other"})
    assert _stored_among(dynamodb, ("one", "a"), ("two", "b"), ("three", "c")) == {0}


def test_a_conflict_is_stored_beside_the_first() -> None:
    """A conflict is found under the id that is made of the log's id and text."""
    dynamodb = _table({("acme", "one"): "first", ("acme", beside_id("one", "a")): "a"})
    assert _stored_among(dynamodb, ("one", "a"), ("one", "b")) == {0}


def test_a_log_that_stands_twice_is_asked_for_once() -> None:
    """A log that occurs twice is read once, because AWS refuses a call that names a key twice."""
    assert _stored_among(_table({("acme", "one"): "a"}), ("one", "a"), ("one", "a")) == {0, 1}


def test_many_are_asked_for_in_several_calls() -> None:
    """Many logs are read in several calls of fifty keys, two for each log."""
    logs = [(f"log-{n}", f"text {n}") for n in range(60)]
    dynamodb = _table({("acme", log_id): text for log_id, text in logs[::2]})
    assert _stored_among(dynamodb, *logs) == set(range(0, 60, 2))
    assert [len(call) for call in dynamodb.reads] == [50, 50, 20]


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_what_cannot_be_read_is_not_stored_for_certain(code: str) -> None:
    """A log that cannot be read counts as not stored, because a needless dead letter loses nothing."""
    dynamodb = _table({("acme", "one"): "a"}, call_error=lambda: client_error(code))
    assert _stored_among(dynamodb, ("one", "a")) == frozenset()


def test_a_key_that_the_table_left_out_is_asked_for_again() -> None:
    """A key that the table left out is read again, and if that goes on, the error says why."""
    dynamodb = _table({("acme", "one"): "a"}, unprocessed=lambda _: True)
    clock = Clock()
    found, refusals = stored_texts(
        cast("Any", dynamodb), "logs", [Key("acme", "one")], give_up_at_s=clock.monotonic() + 1, time=clock.time()
    )
    assert (found, refusals) == ({}, [Refusal("Throttling", retryable=True)])
    assert len(dynamodb.reads) > 1


def test_an_erased_log_is_as_good_as_stored() -> None:
    """Every text under an erased id counts as stored, so that it is not dead-lettered at its last receive."""
    dynamodb = _table({("acme", "two"): "b"})
    dynamodb.items[Key("acme", "one")] = {**key_attributes(Key("acme", "one")), "erased_at": {"S": "2026"}}
    assert _stored_among(dynamodb, ("one", "a"), ("two", "c")) == {0}
