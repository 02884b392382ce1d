"""Logs made durable: first on the stream, then in the queue, so that the queue's message says what the stream lacks."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from ingest.contract.message import EncodedLog, InternalMessage, encode


class Puts(Protocol):
    """A sink: the queue or the stream."""

    def __call__(
        self, logs: Sequence[EncodedLog], *, give_up_at_s: float, on_refusal: Callable[[str, int], None]
    ) -> frozenset[int]:
        """Return the positions not taken; `on_refusal(code, number of logs)` is called for every refusal."""


class Published(msgspec.Struct, frozen=True):
    """Positions in the messages: `not_enqueued` get no 202; the consumer puts `stream_pending` on the stream.

    `refusals` counts the refused logs of each `service:error code`. Only counts, because CloudWatch cuts a line at
    256 KiB, and a list of 20,000 logs refused at each of ten tries would be longer.
    """

    not_enqueued: frozenset[int]
    stream_pending: frozenset[int]
    enqueued_bytes: int
    refusals: Mapping[str, int] = {}


NOTHING: Final = Published(frozenset(), frozenset(), 0)


def publish(
    messages: Sequence[InternalMessage], *, stream: Puts, stream_until_s: float, queue: Puts, queue_until_s: float
) -> Published:
    """Return what became of the messages; each sink gives up at its own time.

    If the stream refuses a log, the request does not fail: the log goes into the queue with `stream_pending`. If the
    queue refuses a log, the request fails.
    """
    refusals: list[tuple[str, int]] = []
    logs = [EncodedLog(message.tenant_id, encode(message)) for message in messages]
    pending = stream(
        logs, give_up_at_s=stream_until_s, on_refusal=lambda code, count: refusals.append((f"kinesis:{code}", count))
    )
    for position in pending:
        message = messages[position]
        marked = encode(msgspec.structs.replace(message, stream_pending=True))
        logs[position] = EncodedLog(message.tenant_id, marked)
    failed = queue(
        logs, give_up_at_s=queue_until_s, on_refusal=lambda code, count: refusals.append((f"sqs:{code}", count))
    )
    enqueued_bytes = 0
    for position, log in enumerate(logs):
        if position not in failed:
            enqueued_bytes += len(log.data)
    return Published(failed, pending, enqueued_bytes, _counted(refusals) if refusals else {})


def _counted(refusals: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for refusal, logs in refusals:
        counts[refusal] += logs
    return counts
