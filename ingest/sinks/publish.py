"""Messages made durable: first on the stream, then in the queue, so that the queue knows what the stream lacks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from ingest.contract.message import EncodedLog, InternalMessage, encode


class Published(NamedTuple):
    """Positions in the messages: `not_enqueued` has no 202; `stream_pending` goes on the stream by the consumer."""

    not_enqueued: frozenset[int]
    stream_pending: frozenset[int]
    enqueued_bytes: int


NOTHING = Published(frozenset(), frozenset(), 0)


def publish(
    messages: Sequence[InternalMessage],
    *,
    put_on_stream: Callable[[Sequence[EncodedLog]], frozenset[int]],
    enqueue: Callable[[Sequence[EncodedLog]], frozenset[int]],
) -> Published:
    """Return what became of the messages. Both sinks take a sequence and return the positions they could not take.

    A stream that refuses never fails a request: the message travels with its mark. A queue that refuses does.
    """
    logs = [EncodedLog(message.tenant_id, encode(message)) for message in messages]
    pending = put_on_stream(logs)
    for position in pending:
        message = messages[position]
        marked = encode(msgspec.structs.replace(message, stream_pending=True))
        logs[position] = EncodedLog(message.tenant_id, marked)
    failed = enqueue(logs)
    enqueued_bytes = sum([len(log.data) for position, log in enumerate(logs) if position not in failed])
    return Published(failed, pending, enqueued_bytes)
