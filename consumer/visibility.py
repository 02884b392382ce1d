"""Deferral: a log that this invocation can't wait for stays invisible in the queue until it is ready, at no cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from consumer.delay import Deferral
from ingest.aws.refusal import refusal_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from ingest.aws.clients import Sqs

_MAX_ENTRIES: Final = 10  # ChangeMessageVisibilityBatch, API reference, November 2026.


def hide(client: "SQSClient | Sqs", queue_url: str, deferrals: Sequence[Deferral]) -> dict[str, str]:
    """Return the error code by message id of the deferrals that SQS did not take.

    None of them is lost: each is reported as failed like the others, comes back earlier, after the queue's own
    visibility timeout, and is deferred again.
    """
    refused: dict[str, str] = {}
    for start in range(0, len(deferrals), _MAX_ENTRIES):
        entries = deferrals[start : start + _MAX_ENTRIES]
        try:
            response = client.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {
                        "Id": str(number),
                        "ReceiptHandle": entry.log.delivery.receipt_handle,
                        "VisibilityTimeout": entry.visibility_s,
                    }
                    for number, entry in enumerate(entries)
                ],
            )
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            refused.update((entry.log.message_id, refusal.code) for entry in entries)
        else:
            for failure in response.get("Failed", []):
                refused[entries[int(failure["Id"])].log.message_id] = failure["Code"]
    return refused
