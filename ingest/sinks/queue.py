"""The SQS sink: sends logs in batches within both of SQS's limits, and returns the positions of those not enqueued."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ingest.aws import clients, packing
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, Each, Time, one_by_one, retrying
from ingest.contract.message import EncodedLog
from ingest.sinks.packs import Pack, packs

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_ENTRIES: Final = 10
"""Messages in a SendMessageBatch call (API reference, November 2026)."""

MAX_REQUEST_BYTES: Final = 1_048_576
"""Bytes of all bodies in a call, and of one message: 1 MiB since August 2025 (SendMessageBatch API reference)."""

CALLS_AT_ONCE: Final = 8
"""SendMessageBatch calls that a Lambda makes at a time. At 20 ms a call, 20,000 logs (2,000 calls) take 5 s instead of
40 s; a request has 8.5 s. At 130 ms a call, 5,000 logs still fit. DECISIONS has the measurements."""

FEW_CALLS: Final = 10
"""Up to so many calls are made one after the other, without threads: 200 ms at 20 ms a call. Threads would double the
CPU (a batch of 100 in bench/micro/ingest.py: 32 us a log without threads, 70 to 78 us with eight)."""

MEMBERS_BYTES: Final = 256
"""The most bytes of the attributes that a message has beside its body. SQS's limit counts both."""

_BACKOFF: Final = Backoff(first_s=0.1, max_s=2.0)
_MISSING_RESULT: Final = Refusal("MissingResult", retryable=True)


def client(environ: Mapping[str, str]) -> clients.Sqs:
    """Return the client for a Lambda."""
    return clients.sqs(environ, read_timeout_s=1.0)


def send(
    client: "SQSClient | clients.Sqs",
    queue_url: str,
    logs: Sequence[EncodedLog],
    *,
    give_up_at_s: float,
    time: Time,
    logs_per_message: int = 1,
    members: Callable[[int], Mapping[str, Any]] | None = None,
    each: Each = one_by_one,
    on_refusal: Callable[[str, int], None] | None = None,
) -> frozenset[int]:
    """Return the positions in `logs` that SQS has not acknowledged.

    Up to `logs_per_message` logs of a tenant share a message. `members(place)` returns the other members of a message's
    entry, of `MEMBERS_BYTES` at most; `place` is the message's place among the messages.

    The calls of an attempt begin with a random one, and continue from the first after the last. So if time runs out, a
    client that sends the whole request again may get another part of it into the queue.

    Only failed entries are sent again, with jittered backoff until `give_up_at_s` on `time`'s clock: no call starts
    after it. `on_refusal(error_code, number of logs)` is called for every refusal, for the caller's log line.

    Never raises for what SQS or the network does. A time-out may hide a success: a log whose position is returned may
    be in the queue all the same, and any log may be there twice. The consumer's writes are idempotent.
    """
    shared = packs(logs, most_logs=logs_per_message, most_bytes=MAX_REQUEST_BYTES) if logs_per_message > 1 else None
    messages = logs if shared is None else shared

    def logs_of(place: int) -> Sequence[int]:
        return (place,) if shared is None else shared[place].positions

    refusals = retrying(
        lambda places: _send_batch(client, queue_url, messages, places, members),
        len(messages),
        give_up_at_s=give_up_at_s,
        time=time,
        backoff=_BACKOFF,
        split=lambda places: _from_anywhere(list(calls(messages, places, MEMBERS_BYTES if members else 0)), time),
        each=each,
        on_refusal=on_refusal and (lambda place, refusal: on_refusal(refusal.code, len(logs_of(place)))),
    )
    refused = [place for place, refusal in enumerate(refusals) if refusal is not None]
    return frozenset(refused if shared is None else [position for place in refused for position in logs_of(place)])


def calls(
    messages: Sequence[EncodedLog | Pack], positions: Sequence[int], members_bytes: int = 0
) -> Iterator[list[int]]:
    """Yield the positions in groups that one SendMessageBatch call takes: 10 entries and 1 MiB at most."""
    return packing.calls(
        positions,
        lambda position: len(messages[position].data) + members_bytes,
        max_entries=MAX_ENTRIES,
        max_bytes=MAX_REQUEST_BYTES,
    )


def _from_anywhere(groups: list[list[int]], time: Time) -> list[list[int]]:
    if len(groups) == 1:
        return groups
    first = int(time.jitter() * len(groups))
    return groups[first:] + groups[:first]


def _send_batch(
    client: "SQSClient | clients.Sqs",
    queue_url: str,
    messages: Sequence[EncodedLog | Pack],
    call: Sequence[int],
    members: Callable[[int], Mapping[str, Any]] | None,
) -> list[Refusal | None]:
    """Return each position's refusal, or None where SQS acknowledged it."""
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {
            "Id": str(position),
            "MessageBody": messages[position].data.decode(),
            # On a standard queue this means fair queues, not ordering: a noisy tenant does not delay the quiet ones.
            "MessageGroupId": messages[position].tenant_id,
        }
        for position in call
    ]
    if members is not None:
        for entry, position in zip(entries, call, strict=True):
            entry.update(members(position))  # type: ignore[typeddict-item] # names of the same type
    try:
        response = client.send_message_batch(QueueUrl=queue_url, Entries=entries)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return [refusal] * len(call)
    # Only an entry whose id is under Successful is acknowledged. HTTP 200 says nothing; an absent entry may be lost.
    acknowledged = {entry["Id"] for entry in response.get("Successful") or []}
    refused = {
        entry["Id"]: Refusal(entry.get("Code", "Unknown"), retryable=not entry.get("SenderFault", False))
        for entry in response.get("Failed") or []
    }
    ids = [entry["Id"] for entry in entries]
    return [None if id_ in acknowledged else refused.get(id_, _MISSING_RESULT) for id_ in ids]
