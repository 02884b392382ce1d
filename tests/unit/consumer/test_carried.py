"""The attributes with which the consumer sends a log back to the queue."""

from typing import Any

import pytest

from consumer.carried import Carried, attributes, carried_by


def as_lambda_has_it(sent: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the attributes in the form of Lambda's event."""
    return {
        name: {"stringValue": value["StringValue"], "dataType": value["DataType"], "stringListValues": []}
        for name, value in sent.items()
    }


def test_what_is_sent_is_read_again() -> None:
    """All numbers are the same after SQS and Lambda, though SQS takes the message a moment later."""
    carried = Carried(3, 1_764_000_000_120, 1_764_000_300_000)
    assert carried_by(as_lambda_has_it(attributes(carried)), taken_ms=carried.sent_ms + 9_000) == carried


def test_what_sqs_moved_out_of_the_dead_letter_queue_carries_nothing() -> None:
    """After SQS's own redrive, a new message with old attributes, a log has all its receives again."""
    carried = Carried(5, 1_764_000_000_120, 1_764_000_300_000)
    assert carried_by(as_lambda_has_it(attributes(carried)), taken_ms=carried.sent_ms + 60_001) is None


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"receives_before": {"stringValue": "1"}},
        {"receives_before": {"stringValue": "1"}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": {"stringValue": "-1"}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": {"stringValue": "one"}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": {"stringValue": "\u0661"}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": {"stringValue": "9" * 16}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": {"binaryValue": "MQ=="}, "first_receive_ms": {"stringValue": "7"}},
        {"receives_before": "1", "first_receive_ms": "7"},
        {"reason": {"stringValue": "undecodable"}},
    ],
)
def test_attributes_of_others_carry_nothing(odd: Any) -> None:
    """In another sender's message, SQS's count is used, and odd attributes cause no error."""
    assert carried_by(odd, taken_ms=0) is None
