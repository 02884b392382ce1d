"""SQS's own redrive: everything of a dead-letter queue moved by AWS, with its progress.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from infra.stack import StackError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_UNKNOWN: Final = frozenset(
    {"InvalidAction", "UnknownOperationException", "AWS.SimpleQueueService.UnsupportedOperation"}
)
_REFUSED: Final = "InvalidParameterValue"
"""Also what SQS says while a task of the queue runs, as emulators have it (November 2026); AWS documents no code."""
_ACTIVE: Final = frozenset({"RUNNING", "CANCELLING"})
_POLL_S: Final = 2.0


def start(client: "SQSClient", *, dlq_arn: str, queue_arn: str) -> bool:
    """Start moving everything, unless a task does already; return False where SQS (an engine) has no such task.

    One may run because a command that started it was stopped, or never got SQS's answer: it is to be followed.
    The destination is named, because a message that the consumer sent here itself has no source queue.

    Raises:
        ClientError: AWS refuses the task, as without permission.
    """
    try:
        client.start_message_move_task(SourceArn=dlq_arn, DestinationArn=queue_arn)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _UNKNOWN:
            return False
        if code == _REFUSED and _is_moving(client, dlq_arn, queue_arn):
            return True
        raise
    return True


def _is_moving(client: "SQSClient", dlq_arn: str, queue_arn: str) -> bool:
    tasks = client.list_message_move_tasks(SourceArn=dlq_arn, MaxResults=1)["Results"]
    return any(task["Status"] in _ACTIVE and task.get("DestinationArn") == queue_arn for task in tasks)


def follow(client: "SQSClient", *, dlq_arn: str, tell: Callable[[int], None], sleep: Callable[[float], None]) -> int:
    """Return how many messages the newest task moved once it has ended; `tell(moved)` at each look.

    Leaving early leaves the task running: it is AWS's.

    Raises:
        StackError: the task failed; what it has moved by then is in the queue, the rest still here.
    """
    while True:
        task = client.list_message_move_tasks(SourceArn=dlq_arn, MaxResults=1)["Results"][0]
        moved = task.get("ApproximateNumberOfMessagesMoved", 0)
        tell(moved)
        match task["Status"]:
            case "COMPLETED":
                return moved
            case status if status in _ACTIVE:
                sleep(_POLL_S)
            case status:
                raise StackError(
                    f"The move is {status} after {moved} messages: {task.get('FailureReason', 'no reason given')}"
                )
