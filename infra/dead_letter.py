"""What a dead letter is: a message of the dead-letter queue, the logs that it holds, and which are meant. Pure."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ingest.contract.errors import Poison
from ingest.contract.message import InternalMessage, decode
from ingest.contract.packed import apart, is_packed

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

UNMARKED_REASON: Final = "max_receives_exceeded"
"""The reason shown for what SQS itself dead-lettered: it adds no attribute of ours."""


class DeadLetter(NamedTuple):
    """One message. `logs` are those that its body holds: none where it is no log, several where they share it.

    `tenant_id` and `log_id` are "" where nothing names them; of several logs there is no one `log_id`.
    """

    message_id: str
    receipt_handle: str
    body: str
    attributes: dict[str, str]
    receive_count: int
    sent_ms: int
    logs: tuple[InternalMessage, ...]

    @property
    def reason(self) -> str:
        """Why it is here: the consumer's word, or that SQS gave up after the last receive."""
        return self.attributes.get("reason", UNMARKED_REASON)

    @property
    def tenant_id(self) -> str:
        """Whose log it is."""
        return self.logs[0].tenant_id if self.logs else self.attributes.get("tenant_id", "")

    @property
    def log_id(self) -> str:
        """Which log it is."""
        return self.logs[0].log_id if len(self.logs) == 1 else self.attributes.get("log_id", "")

    @property
    def ids(self) -> frozenset[str]:
        """Its message id here, the one that it had in the queue (the consumer's log lines have it), and its log ids."""
        in_queue = self.attributes.get("original_message_id", "")
        return frozenset({self.message_id, in_queue, self.log_id, *(log.log_id for log in self.logs)}) - {""}

    def holds(self, tenant_id: str, log_id: str) -> bool:
        """Say whether it is this log, or has it among others."""
        return tenant_id == self.tenant_id and log_id in {self.log_id, *(log.log_id for log in self.logs)}

    @property
    def received_at(self) -> str:
        """When ingest accepted it."""
        return self.logs[0].received_at if self.logs else ""

    def as_json(self) -> str:
        """Return one line of ASCII JSON with everything of the message but its receipt."""
        return json.dumps(
            {
                "message_id": self.message_id,
                "reason": self.reason,
                "tenant_id": self.tenant_id,
                "log_id": self.log_id,
                "received_at": self.received_at,
                "sent_ms": self.sent_ms,
                "receive_count": self.receive_count,
                "attributes": self.attributes,
                "body": self.body,
            }
        )


class Filter(NamedTuple):
    """Which dead letters are meant; None means any. `id` is any that a person may have: see `DeadLetter.ids`.

    `message_ids` are those that a person was shown: what came since is not meant.
    """

    tenant_id: str | None = None
    reason: str | None = None
    id: str | None = None
    message_ids: frozenset[str] | None = None

    def takes(self, letter: DeadLetter) -> bool:
        """Say whether the letter is meant."""
        return (
            self.tenant_id in {None, letter.tenant_id}
            and self.reason in {None, letter.reason}
            and (self.id is None or self.id in letter.ids)
            and (self.message_ids is None or letter.message_id in self.message_ids)
        )


def of_message(message: "MessageTypeDef") -> DeadLetter:
    """Return what a received message is."""
    system: dict[Any, str] = dict(message.get("Attributes", {}))
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        attributes={n: v.get("StringValue", "") for n, v in message.get("MessageAttributes", {}).items()},
        receive_count=int(system.get("ApproximateReceiveCount", 0)),
        sent_ms=int(system.get("SentTimestamp", 0)),
        logs=tuple(_logs(message["Body"])),
    )


def _logs(body: str) -> Iterator[InternalMessage]:
    with suppress(Poison):
        for one in apart(body) if is_packed(body) else [body]:
            with suppress(Poison):
                yield decode(one)
