"""Deferral: what SQS is asked to hide, and what happens when it refuses."""

from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from consumer.delay import Deferral
from consumer.visibility import hide
from tests.unit.consumer.fakes import FakeSqs, client_error, log

QUEUE_URL = "https://sqs/logs"


def hidden(sqs: FakeSqs, count: int) -> dict[str, str]:
    """Return the refusals of so many deferrals."""
    deferrals = [Deferral(log(f"m-{n}"), 100 + n) for n in range(count)]
    return hide(cast("Any", sqs), QUEUE_URL, deferrals)


def test_each_message_is_hidden_for_its_own_time() -> None:
    """More than ten are several calls."""
    sqs = FakeSqs()
    assert hidden(sqs, 23) == {}
    assert sqs.hidden == {f"handle-m-{n}": 100 + n for n in range(23)}


def test_a_refused_entry_is_named() -> None:
    """HTTP 200 with a Failed list; the others are hidden."""
    sqs = FakeSqs(hide_failures=["handle-m-12"])
    assert hidden(sqs, 14) == {"m-12": "InternalError"}
    assert len(sqs.hidden) == 13


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("AccessDenied"), "AccessDenied"),
        (ReadTimeoutError(endpoint_url="http://aws"), "ReadTimeoutError"),
    ],
)
def test_a_refused_call_names_all_its_entries(error: Exception, cause: str) -> None:
    """Nothing is raised: the messages come back after the queue's own timeout."""
    assert hidden(FakeSqs(hide_error=error), 2) == {"m-0": cause, "m-1": cause}
