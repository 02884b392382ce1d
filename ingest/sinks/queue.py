"""The SQS sink: messages in, batched under both of SQS's limits, and the positions of those not enqueued out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ingest.aws import client as aws
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import attempts
from ingest.contract.message import EncodedLog

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_ENTRIES: Final = 10
"""Messages a SendMessageBatch call (API reference, November 2026)."""

MAX_REQUEST_BYTES: Final = 1_048_576
"""Bytes of all bodies in a call, and of one message: 1 MiB since August 2025 (SendMessageBatch API reference)."""

_FIRST_BACKOFF_S: Final = 0.05
_MAX_BACKOFF_S: Final = 2.0


def client(environ: Mapping[str, str]) -> aws.Client:
    """Return the client for a Lambda."""
    return aws.client(aws.SQS, environ, read_timeout_s=1.0)


def send(
    client: "SQSClient | aws.Client",
    queue_url: str,
    messages: Sequence[EncodedLog],
    *,
    give_up_at_s: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    on_refusal: Callable[[str, int], None] | None = None,
) -> frozenset[int]:
    """Return the positions in `messages` that SQS has not acknowledged.

    Failed entries, and only they, are sent again with jittered backoff until `give_up_at_s` on `monotonic`'s clock: no
    call starts after it. `on_refusal(error_code, messages)` is told of every refusal, for the caller's log line.

    Never raises for what SQS or the network does. A time-out may hide a success, so a position returned may be in the
    queue all the same, and one not returned may be there twice: the consumer's writes are idempotent.
    """
    missing = set(range(len(messages)))
    pending = list(missing)
    for _ in attempts(
        give_up_at_s,
        monotonic=monotonic,
        sleep=sleep,
        first_backoff_s=_FIRST_BACKOFF_S,
        max_backoff_s=_MAX_BACKOFF_S,
    ):
        again: list[int] = []
        for call in calls(messages, pending):
            if monotonic() >= give_up_at_s:
                again.extend(call)
                continue
            refused = _send_batch(client, queue_url, messages, call)
            missing.difference_update(p for p in call if p not in refused)
            for position, refusal in refused.items():
                if on_refusal is not None:
                    on_refusal(refusal.code, 1)
                if refusal.retryable:
                    again.append(position)
        pending = again
        if not pending:  # Here, before the generator sleeps for the next attempt.
            break
    return frozenset(missing)


def calls(messages: Sequence[EncodedLog], positions: Sequence[int]) -> Iterator[list[int]]:
    """Yield the positions in groups that one SendMessageBatch call takes: 10 entries and 1 MiB of bodies at most."""
    call: list[int] = []
    call_bytes = 0
    for position in positions:
        body_bytes = len(messages[position].data)
        if call and (len(call) == MAX_ENTRIES or call_bytes + body_bytes > MAX_REQUEST_BYTES):
            yield call
            call, call_bytes = [], 0
        call.append(position)
        call_bytes += body_bytes
    if call:
        yield call


def _send_batch(
    client: "SQSClient | aws.Client", queue_url: str, messages: Sequence[EncodedLog], call: Sequence[int]
) -> dict[int, Refusal]:
    """Return the refusal of each position that SQS did not acknowledge."""
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
        return dict.fromkeys(call, refusal)
    # Acknowledged is what stands under Successful by its own id; HTTP 200 says nothing, and an absent entry is lost.
    acknowledged = {entry["Id"] for entry in response.get("Successful") or []}
    refused = {
        entry["Id"]: Refusal(entry.get("Code", "Unknown"), retryable=not entry.get("SenderFault", False))
        for entry in response.get("Failed") or []
    }
    missing = Refusal("MissingResult", retryable=True)
    return {p: refused.get(str(p), missing) for p in call if str(p) not in acknowledged}
