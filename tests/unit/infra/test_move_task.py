"""SQS's own move task: started where there is one, followed to its end."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from infra import move_task
from infra.stack import StackError


class _Sqs:
    def __init__(self, *statuses: tuple[str, int], code: str | None = None) -> None:
        self._statuses = list(statuses)
        self._code = code
        self.started: dict[str, str] = {}

    def start_message_move_task(self, **request: str) -> dict[str, str]:
        if self._code:
            raise ClientError({"Error": {"Code": self._code, "Message": ""}}, "StartMessageMoveTask")
        self.started = request
        return {"TaskHandle": "handle"}

    def list_message_move_tasks(self, **_request: Any) -> dict[str, Any]:
        status, moved = self._statuses.pop(0)
        result = {"Status": status, "ApproximateNumberOfMessagesMoved": moved, "DestinationArn": "queue"}
        return {"Results": [result | ({"FailureReason": "NoAccess"} if status == "FAILED" else {})]}


def _start(sqs: Any) -> bool:
    return move_task.start(sqs, dlq_arn="dlq", queue_arn="queue")


def test_the_destination_is_named() -> None:
    """What the consumer itself put into the dead-letter queue has no source queue that SQS could know."""
    sqs = _Sqs()
    assert _start(sqs)
    assert sqs.started == {"SourceArn": "dlq", "DestinationArn": "queue"}


def test_an_engine_without_the_task_says_so() -> None:
    """Then the messages are moved one by one; any other refusal is an error."""
    assert not _start(_Sqs(code="InvalidAction"))
    with pytest.raises(ClientError):
        _start(_Sqs(code="AccessDenied"))


@pytest.mark.parametrize("status", ["RUNNING", "CANCELLING"])
def test_a_task_that_runs_already_is_taken_over(status: str) -> None:
    """The command may be stopped and started again, and SQS runs one task of a queue at a time."""
    assert _start(_Sqs((status, 1), code="InvalidParameterValue"))


def test_a_refusal_without_a_running_task_is_an_error() -> None:
    """The same code says that a parameter is wrong; and a task to another queue is not this one."""
    with pytest.raises(ClientError):
        _start(_Sqs(("COMPLETED", 1), code="InvalidParameterValue"))
    with pytest.raises(ClientError):
        move_task.start(
            cast("Any", _Sqs(("RUNNING", 1), code="InvalidParameterValue")), dlq_arn="dlq", queue_arn="another"
        )


def test_a_task_is_followed_to_its_end() -> None:
    """Its progress is told at each look, and no look follows the end."""
    told: list[int] = []
    sqs: Any = _Sqs(("RUNNING", 1), ("RUNNING", 5), ("COMPLETED", 9))
    assert move_task.follow(sqs, dlq_arn="dlq", tell=told.append, sleep=lambda _s: None) == 9
    assert told == [1, 5, 9]


def test_a_failed_task_is_an_error_with_its_reason() -> None:
    """And says how far it came."""
    sqs: Any = _Sqs(("FAILED", 3))
    with pytest.raises(StackError, match="FAILED after 3 messages: NoAccess"):
        move_task.follow(sqs, dlq_arn="dlq", tell=lambda _moved: None, sleep=lambda _s: None)
