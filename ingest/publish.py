"""Messages made durable: first on the stream, then in the queue, so that the queue knows what the stream lacks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from ingest.message import InternalMessage, encode
from ingest.queue import QueueMessage
from ingest.stream import UserRecord


class Published(NamedTuple):
    """Positions in the messages: `not_enqueued` has no 202; `stream_pending` goes on the stream by the consumer."""

    not_enqueued: frozenset[int]
    stream_pending: frozenset[int]
    enqueued_bytes: int


def publish(
    messages: Sequence[InternalMessage],
    *,
    put_on_stream: Callable[[Sequence[UserRecord]], frozenset[int]],
    enqueue: Callable[[Sequence[QueueMessage]], frozenset[int]],
) -> Published:
    """Return what became of the messages. Both sinks take a sequence and return the positions they could not take.

    A stream that refuses never fails a request: the message travels with its mark. A queue that refuses does.
    """
    encoded = [encode(message) for message in messages]
    tenants = [message.tenant_id for message in messages]
    pending = put_on_stream([UserRecord(t, data) for t, data in zip(tenants, encoded, strict=True)])
    for position in pending:
        encoded[position] = encode(msgspec.structs.replace(messages[position], stream_pending=True))
    failed = enqueue([QueueMessage(t, body) for t, body in zip(tenants, encoded, strict=True)])
    enqueued_bytes = sum(len(body) for position, body in enumerate(encoded) if position not in failed)
    return Published(failed, pending, enqueued_bytes)
