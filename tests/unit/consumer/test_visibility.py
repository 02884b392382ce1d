"""Deferral: what SQS is asked to hide, and what follows if it refuses."""

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
    """Each message is hidden for its own time, ten in a call."""
    sqs = FakeSqs()
    assert hidden(sqs, 23) == {}
    assert sqs.hidden == {f"handle-m-{n}": 100 + n for n in range(23)}


def test_a_refused_entry_is_named() -> None:
    """An entry in the answer's Failed list is reported, and the other messages are hidden."""
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
    """If a whole call fails, all its entries are reported and nothing is raised."""
    assert hidden(FakeSqs(hide_error=error), 2) == {"m-0": cause, "m-1": cause}
