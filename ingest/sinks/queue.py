"""The SQS sink: messages in, batched under both of SQS's limits, and the positions of those not enqueued out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ingest.aws import clients, packing
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, Each, Time, one_by_one, retrying
from ingest.contract.message import EncodedLog

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_ENTRIES: Final = 10
"""Messages a SendMessageBatch call (API reference, November 2026)."""

MAX_REQUEST_BYTES: Final = 1_048_576
"""Bytes of all bodies in a call, and of one message: 1 MiB since August 2025 (SendMessageBatch API reference)."""

CALLS_AT_ONCE: Final = 8
"""SendMessageBatch calls that a Lambda makes at a time. At 20 ms a call, 20,000 logs (2,000 calls) take 5 s and not 40,
of the 8.5 s that a request has; 5,000 still fit at 130 ms a call. DECISIONS has the measurements."""

FEW_CALLS: Final = 10
"""So many calls are made one after the other: 200 ms at 20 ms a call. Threads would cost twice their CPU (a batch of
100 in bench/micro/ingest.py: 32 us a log without them, 70 to 78 with eight)."""

_BACKOFF: Final = Backoff(first_s=0.1, max_s=2.0)
_MISSING_RESULT: Final = Refusal("MissingResult", retryable=True)


def client(environ: Mapping[str, str]) -> clients.Sqs:
    """Return the client for a Lambda."""
    return clients.sqs(environ, read_timeout_s=1.0)


def send(
    client: "SQSClient | clients.Sqs",
    queue_url: str,
    messages: Sequence[EncodedLog],
    *,
    give_up_at_s: float,
    time: Time,
    each: Each = one_by_one,
    on_refusal: Callable[[str, int], None] | None = None,
) -> frozenset[int]:
    """Return the positions in `messages` that SQS has not acknowledged.

    The calls begin anywhere and go around: where time runs out before the last one, a client that sends the whole
    request again reaches another part of it.

    Failed entries, and only they, are sent again with jittered backoff until `give_up_at_s` on `time`'s clock: no call
    starts after it. `on_refusal(error_code, messages)` is told of every refusal, for the caller's log line.

    Never raises for what SQS or the network does. A time-out may hide a success, so a position returned may be in the
    queue all the same, and one not returned may be there twice: the consumer's writes are idempotent.
    """
    refusals = retrying(
        lambda positions: _send_batch(client, queue_url, messages, positions),
        len(messages),
        give_up_at_s=give_up_at_s,
        time=time,
        backoff=_BACKOFF,
        split=lambda positions: _from_anywhere(list(calls(messages, positions)), time),
        each=each,
        on_refusal=on_refusal and (lambda _, refusal: on_refusal(refusal.code, 1)),
    )
    return frozenset([position for position, refusal in enumerate(refusals) if refusal is not None])


def calls(messages: Sequence[EncodedLog], positions: Sequence[int]) -> Iterator[list[int]]:
    """Yield the positions in groups that one SendMessageBatch call takes: 10 entries and 1 MiB of bodies at most."""
    return packing.calls(
        positions,
        lambda position: len(messages[position].data),
        max_entries=MAX_ENTRIES,
        max_bytes=MAX_REQUEST_BYTES,
    )


def _from_anywhere(groups: list[list[int]], time: Time) -> list[list[int]]:
    if len(groups) == 1:
        return groups
    first = int(time.jitter() * len(groups))
    return groups[first:] + groups[:first]


def _send_batch(
    client: "SQSClient | clients.Sqs", queue_url: str, messages: Sequence[EncodedLog], call: Sequence[int]
) -> list[Refusal | None]:
    """Return each position's refusal, or None where SQS acknowledged it."""
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {
            "Id": str(position),
            "MessageBody": messages[position].data.decode(),
            # On a standard queue: fair queues, no ordering. A noisy tenant does not delay the quiet ones.
            "MessageGroupId": messages[position].tenant_id,
        }
        for position in call
    ]
    try:
        response = client.send_message_batch(QueueUrl=queue_url, Entries=entries)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return [refusal] * len(call)
    # Acknowledged is what stands under Successful by its own id; HTTP 200 says nothing, and an absent entry is lost.
    acknowledged = {entry["Id"] for entry in response.get("Successful") or []}
    refused = {
        entry["Id"]: Refusal(entry.get("Code", "Unknown"), retryable=not entry.get("SenderFault", False))
        for entry in response.get("Failed") or []
    }
    ids = [entry["Id"] for entry in entries]
    return [None if id_ in acknowledged else refused.get(id_, _MISSING_RESULT) for id_ in ids]
