"""Sends logs back to the queue as messages of their own, with the receives and times that they carry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from consumer.carried import attributes
from consumer.returns import Returned
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog
from ingest.sinks import queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from ingest.aws.clients import Sqs


def send_back(
    client: "SQSClient | Sqs", queue_url: str, returned: Sequence[Returned], *, give_up_at_s: float, time: Time
) -> frozenset[int]:
    """Return the positions in `returned` that SQS did not take: their message must not be acknowledged.

    No call starts at or after `give_up_at_s` on `time`'s clock.
    """

    def members(place: int) -> dict[str, Any]:
        one = returned[place]
        return {"DelaySeconds": one.delay_s, "MessageAttributes": attributes(one.carried)}

    return queue.send(
        client,
        queue_url,
        [EncodedLog(one.tenant_id, one.body) for one in returned],
        give_up_at_s=give_up_at_s,
        time=time,
        members=members,
    )
