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
_POLL_S: Final = 2.0


def start(client: "SQSClient", *, dlq_arn: str, queue_arn: str) -> bool:
    """Start moving everything; return False where SQS (an engine) has no such task.

    The destination is named, because a message that the consumer sent here itself has no source queue.

    Raises:
        ClientError: AWS refuses the task: no permission, or one is running.
    """
    try:
        client.start_message_move_task(SourceArn=dlq_arn, DestinationArn=queue_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNKNOWN:
            return False
        raise
    return True


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
            case "RUNNING" | "CANCELLING":
                sleep(_POLL_S)
            case status:
                raise StackError(
                    f"The move is {status} after {moved} messages: {task.get('FailureReason', 'no reason given')}"
                )
