"""Quarantine: what the dead-letter queue gets, and what its refusal means."""

from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from consumer.quarantine import Quarantine, attributes_of_log, attributes_of_spoiled
from consumer.unpack import Spoiled
from consumer.verdict import quarantined
from ingest.contract.errors import Poison
from tests.clock import Clock
from tests.unit.consumer.fakes import FakeSqs, client_error, delivery, log

DLQ_URL = "https://sqs/dlq"


def put(sqs: FakeSqs, attributes: dict[str, str], *, body: str = "body", within_s: float = 1) -> str:
    """Return the answer to one put."""
    clock = Clock()
    quarantine = Quarantine(cast("Any", sqs), DLQ_URL, monotonic=clock.monotonic)
    return quarantine.put(body, attributes, give_up_at_s=clock.monotonic() + within_s)


def test_the_body_goes_unchanged_with_its_attributes() -> None:
    """A dead letter has the received body, unchanged for a redrive, and the attributes that are known."""
    sqs = FakeSqs()
    spoiled = Spoiled(delivery("m-1"), Poison("undecodable"), None, None)
    assert put(sqs, attributes_of_spoiled(spoiled, quarantined(spoiled.poison.reason)), body=' {"half\n') == ""
    assert sqs.dead == [(' {"half\n', {"reason": "undecodable", "original_message_id": "m-1"})]


def test_a_refused_log_names_its_owner() -> None:
    """A refused log's letter has its reason, tenant, log id and message id."""
    assert attributes_of_log(log("m-1"), quarantined("refused_by_table", "ValidationError")) == {
        "reason": "refused_by_table",
        "tenant_id": "acme",
        "log_id": "log-1",
        "original_message_id": "m-1",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a\x00b", "a?b"), ("\ud800", "?"), ("caf\u00e9\n", "caf??"), ("x" * 10_000, "x" * 256), ("\x00" * 3, "???")],
)
def test_a_strange_id_can_not_make_sqs_refuse_the_message(value: str, shown: str) -> None:
    """In an attribute, such as a newer program's `tenant_id`, odd characters become `?` and long values are cut."""
    sqs = FakeSqs()
    spoiled = Spoiled(delivery(), Poison("unknown_schema_version"), value, None)
    assert put(sqs, attributes_of_spoiled(spoiled, quarantined(spoiled.poison.reason))) == ""
    assert sqs.dead[0][1]["tenant_id"] == shown


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("InvalidMessageContents"), "InvalidMessageContents"),
        (EndpointConnectionError(endpoint_url="http://aws"), "EndpointConnectionError"),
    ],
)
def test_a_refusal_is_told(error: Exception, cause: str) -> None:
    """If the DLQ refuses a letter, the caller learns the cause, so that it does not acknowledge the message."""
    assert put(FakeSqs(refuse=lambda _body: error), {"reason": "undecodable"}) == cause


def test_nothing_is_sent_when_the_time_is_over() -> None:
    """When the time is over nothing is sent to the DLQ, and the message comes back."""
    sqs = FakeSqs()
    assert put(sqs, {"reason": "undecodable"}, within_s=0) == "OutOfTime"
    assert sqs.dead == []
