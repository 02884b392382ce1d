"""SQS event in; logs and poison out. Pure."""

from typing import Any, NamedTuple

import msgspec

from consumer.carried import carried_by
from consumer.timestamps import epoch_ms
from ingest.contract.errors import Poison, Unreadable
from ingest.contract.message import InternalMessage, decode
from ingest.contract.packed import apart, is_packed


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt of one SQS message, or of one log in it. `receive_count` is 1 the first time; times are epoch ms.

    Count and first receipt include the messages in which the log came before; `receives_before` is the number of its
    receives in those. `message_id` names the log in verdicts and lines. If several logs share the SQS message,
    `packed_in` is the message's id, and `message_id` is that id and the log's place.
    """

    message_id: str
    receipt_handle: str
    body: str
    receive_count: int
    first_receive_ms: int
    receives_before: int = 0
    packed_in: str = ""

    @property
    def sqs_message_id(self) -> str:
        """The SQS message's id, which a batch item failure names."""
        return self.packed_in or self.message_id

    def is_spent(self, max_receives: int) -> bool:
        """Return whether the log used up its receives in all its messages: SQS counts only those in this one."""
        return self.receives_before > 0 and self.receive_count > max_receives


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery whose body is a log."""

    delivery: Delivery
    message: InternalMessage
    received_ms: int

    @property
    def message_id(self) -> str:
        """The log's name in verdicts and lines: SQS's id, with its place if other logs share the message."""
        return self.delivery.message_id


class Spoiled(NamedTuple):
    """A delivery whose body is no log, with its tenant and log id if they could be read."""

    delivery: Delivery
    poison: Poison
    tenant_id: str | None
    log_id: str | None


class Unpacked(NamedTuple):
    """A batch, in the order of the event."""

    logs: list[Log]
    spoiled: list[Spoiled]


class _Attributes(msgspec.Struct, rename="pascal"):
    approximate_receive_count: int
    approximate_first_receive_timestamp: int
    sent_timestamp: int = 0


class _Record(msgspec.Struct, rename="camel"):
    message_id: str
    receipt_handle: str
    body: str
    attributes: _Attributes
    message_attributes: dict[str, Any] | None = None


class _Event(msgspec.Struct, rename="pascal"):
    records: list[_Record]


class _Identity(msgspec.Struct):
    tenant_id: Any = None
    log_id: Any = None


def deliveries(event: object) -> list[Delivery]:
    """Return the deliveries of Lambda's SQS event.

    Raises:
        ValueError: it is not such an event, is empty, or a message id is empty or comes twice. No response could then
            name the failures correctly, so the whole batch must fail, which deletes nothing.
    """
    try:
        records = msgspec.convert(event, _Event, strict=False).records
    except msgspec.ValidationError as error:
        raise ValueError(f"not an SQS event: {error}") from error
    message_ids = {record.message_id for record in records}
    if not records or "" in message_ids or len(message_ids) < len(records):
        raise ValueError("not an SQS event: no records, or message ids that are empty or stand twice")
    return [_delivery(record) for record in records]


def _delivery(record: _Record) -> Delivery:
    received = record.attributes
    before = carried_by(record.message_attributes, taken_ms=received.sent_timestamp)
    return Delivery(
        message_id=record.message_id,
        receipt_handle=record.receipt_handle,
        body=record.body,
        receive_count=received.approximate_receive_count + (before.receives if before else 0),
        first_receive_ms=before.first_receive_ms if before else received.approximate_first_receive_timestamp,
        receives_before=before.receives if before else 0,
    )


def logs_apart(delivery: Delivery) -> list[Delivery]:
    """Return a delivery for each log of a packed message, in order; any other delivery is returned as it is."""
    if not is_packed(delivery.body):
        return [delivery]
    try:
        bodies = apart(delivery.body)
    except Unreadable:
        return [delivery]
    return [
        Delivery(
            message_id=f"{delivery.message_id}/{place}",
            receipt_handle=delivery.receipt_handle,
            body=body,
            receive_count=delivery.receive_count,
            first_receive_ms=delivery.first_receive_ms,
            receives_before=delivery.receives_before,
            packed_in=delivery.message_id,
        )
        for place, body in enumerate(bodies)
    ]


def unpack(batch: list[Delivery]) -> Unpacked:
    """Return the batch's logs, and separately the deliveries that hold none."""
    unpacked = Unpacked([], [])
    for delivery in batch:
        try:
            if is_packed(delivery.body):
                apart(delivery.body)  # Raises: a message that is still packed here is damaged.
            message = decode(delivery.body)
            received_ms = _received_ms(message)
        except Poison as poison:
            unpacked.spoiled.append(Spoiled(delivery, poison, *_identity(delivery.body)))
        else:
            unpacked.logs.append(Log(delivery=delivery, message=message, received_ms=received_ms))
    return unpacked


def _received_ms(message: InternalMessage) -> int:
    try:
        return epoch_ms(message.received_at)
    except ValueError as error:
        raise Poison("undecodable", "received_at is no timestamp") from error


def _identity(body: str) -> tuple[str | None, str | None]:
    try:
        identity = msgspec.json.decode(body, type=_Identity)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None, None
    return (
        identity.tenant_id if isinstance(identity.tenant_id, str) else None,
        identity.log_id if isinstance(identity.log_id, str) else None,
    )
