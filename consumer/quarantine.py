"""The dead-letter queue: poison goes there at once, with its reason, and unchanged."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from consumer.unpack import Log, Spoiled
from consumer.verdict import Verdict
from ingest.aws import clients
from ingest.aws.refusal import refusal_of
from ingest.aws.retry import Time
from ingest.aws.second_try import SecondTry

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

# All but printable ASCII, which any console shows unchanged. SQS takes more: XML's characters, within a message's size.
_ODD_CHARACTER: Final = re.compile(r"[^\x20-\x7e]")
_MAX_VALUE_CHARS: Final = 256


def client(environ: Mapping[str, str], time: Time) -> clients.Sqs:
    """Return the queues' client for a Lambda."""
    once = clients.sqs(environ, read_timeout_s=4, connect_timeout_s=1)
    return clients.Sqs(SecondTry(once.connection, time))


def attributes_of_log(log: Log, verdict: Verdict) -> dict[str, str]:
    """Return the attributes of a log that the table refused, or that used up its receives: then without a reason."""
    return {
        "reason": verdict.reason or "",
        "tenant_id": log.message.tenant_id,
        "log_id": log.message.log_id,
        "original_message_id": log.message_id,
    }


def attributes_of_spoiled(spoiled: Spoiled, verdict: Verdict) -> dict[str, str]:
    """Return the attributes of a delivery that holds no log, with its tenant and log id if they are known."""
    return {
        "reason": verdict.reason or "",
        "tenant_id": spoiled.tenant_id or "",
        "log_id": spoiled.log_id or "",
        "original_message_id": spoiled.delivery.message_id,
    }


class Quarantine:
    """Puts poison on the dead-letter queue."""

    def __init__(self, client: "SQSClient | clients.Sqs", dlq_url: str, *, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._dlq_url = dlq_url
        self._monotonic = monotonic

    def put(self, body: str, attributes: dict[str, str], *, give_up_at_s: float) -> str:
        """Return "" if the queue took the message, else why not: the message must then not be acknowledged.

        Empty attributes are left out, and odd characters replaced. A body so near SQS's 1 MiB that the attributes do
        not fit is refused; SQS itself dead-letters it after its last receive.
        """
        if self._monotonic() >= give_up_at_s:
            return "OutOfTime"
        try:
            self._client.send_message(
                QueueUrl=self._dlq_url, MessageBody=body, MessageAttributes=_message_attributes(attributes)
            )
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            return refusal.code
        return ""


def _message_attributes(attributes: dict[str, str]) -> "dict[str, MessageAttributeValueTypeDef]":
    return {
        name: {"DataType": "String", "StringValue": _ODD_CHARACTER.sub("?", value)[:_MAX_VALUE_CHARS]}
        for name, value in attributes.items()
        if value
    }
