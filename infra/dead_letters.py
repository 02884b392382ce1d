"""The dead-letter queue, message by message: what is there, and back to the queue without ever losing one.

SQS has no listing: every look receives messages, which hides them from others meanwhile, and gives them back. At most
120,000 can be looked at (the in-flight limit of a standard queue, SQS quotas, November 2026), and a standard queue may
hold one back: compare with its depth (`infra.counts`), which is what SQS claims to have.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from infra.dead_letter import DeadLetter, Filter, of_message
from ingest.aws.packing import calls

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

VISIBILITY_S: Final = 300
"""How long a message that was looked at stays hidden if the look dies before it gives it back."""

_BATCH: Final = 10  # Messages a call (API references of ReceiveMessage and of the batch actions, November 2026).
# In a row; each asks all of SQS's servers, because it waits (long polling).
_EMPTY_RECEIVES: Final = 2
_EMPTY_RECEIVES_IF_SHORT: Final = 3  # While fewer were seen than SQS claims to have.
_MAX_CALL_BYTES: Final = 1_048_576  # SendMessageBatch API reference, as above.


class Redriven(NamedTuple):
    """How many messages are gone from here, and how many stay, by SQS's error code.

    Gone after a redrive: the queue acknowledged them first. After a purge: they were kept elsewhere first.
    """

    moved: int
    refused: dict[str, int]


def look(client: "SQSClient", dlq_url: str, *, expected: int = 0) -> Generator[DeadLetter, None, None]:
    """Yield every message of the queue once, and give them all back at the end, also when the caller stops early.

    With `expected`, the queue's depth, it is asked longer while it has shown fewer.
    """
    receipts: dict[str, str] = {}
    try:
        for letters in _receive(client, dlq_url, receipts, expected):
            yield from letters
    finally:
        _give_back(client, dlq_url, list(receipts.values()))


def redrive(
    client: "SQSClient",
    *,
    dlq_url: str,
    queue_url: str,
    wanted: Filter,
    tell: Callable[[int], None] = lambda _: None,
) -> Redriven:
    """Send every wanted message to the queue and delete here what the queue has acknowledged.

    Never deletes first: killed between the two, a message is in both queues, and the consumer's second write of it is a
    duplicate. What comes back while it runs (it is poison still) is left for the next time. `tell(moved)` after each
    batch.
    """
    moved = 0
    refused: dict[str, int] = {}
    sent_ids: set[str] = set()
    receipts: dict[str, str] = {}
    try:
        for letters in _receive(client, dlq_url, receipts):
            meant = [letter for letter in letters if wanted.takes(letter) and not _came_back(letter, sent_ids)]
            for call in calls(meant, _body_bytes, max_entries=_BATCH, max_bytes=_MAX_CALL_BYTES):
                done, codes = _move(client, dlq_url, queue_url, call, sent_ids)
                moved += done
                for code in codes.values():
                    refused[code] = refused.get(code, 0) + 1
                for letter in call:
                    if letter.message_id not in codes:
                        del receipts[letter.message_id]
                tell(moved)
    finally:
        _give_back(client, dlq_url, list(receipts.values()))
    return Redriven(moved, refused)


def purge(
    client: "SQSClient",
    *,
    dlq_url: str,
    message_ids: Collection[str],
    keep: Callable[[Sequence[DeadLetter]], None],
) -> Redriven:
    """Delete the dead letters with these message ids, each after `keep` has returned; the others are given back.

    Killed between the two, what was kept is still here. `keep` gets ten at most, and makes them durable.
    """
    gone = 0
    refused: dict[str, int] = {}
    receipts: dict[str, str] = {}
    try:
        for letters in _receive(client, dlq_url, receipts):
            if meant := [letter for letter in letters if letter.message_id in message_ids]:
                keep(meant)
                codes = _delete(client, dlq_url, meant)
                for letter in meant:
                    if letter.message_id in codes:
                        refused[codes[letter.message_id]] = refused.get(codes[letter.message_id], 0) + 1
                    else:
                        del receipts[letter.message_id]
                gone += len(meant) - len(codes)
            if gone == len(message_ids):
                break
    finally:
        _give_back(client, dlq_url, list(receipts.values()))
    return Redriven(gone, refused)


def _body_bytes(letter: DeadLetter) -> int:
    return len(letter.body.encode())


def _came_back(letter: DeadLetter, sent_ids: set[str]) -> bool:
    # SQS keeps a message's id when it dead-letters it; the consumer's quarantine names it in an attribute, with its
    # place for a log that left a packed message.
    in_queue = letter.attributes.get("original_message_id", "").partition("/")[0]
    return letter.message_id in sent_ids or in_queue in sent_ids


def _move(
    client: "SQSClient", dlq_url: str, queue_url: str, call: Sequence[DeadLetter], sent_ids: set[str]
) -> tuple[int, dict[str, str]]:
    """Return how many are in the queue and no longer here, and the error code by message id of those still here."""
    answer = client.send_message_batch(
        QueueUrl=queue_url,
        Entries=[
            {"Id": str(i), "MessageBody": letter.body} | ({"MessageGroupId": letter.tenant_id} if letter.logs else {})  # type: ignore[misc] # a TypedDict of two forms
            for i, letter in enumerate(call)
        ],
    )
    acknowledged = {int(entry["Id"]) for entry in answer.get("Successful", [])}
    sent_ids.update(entry["MessageId"] for entry in answer.get("Successful", []))
    codes = {int(entry["Id"]): entry.get("Code", "Unknown") for entry in answer.get("Failed", [])}
    left = {letter.message_id: codes.get(i, "MissingResult") for i, letter in enumerate(call) if i not in acknowledged}
    if acknowledged:
        # Still here and there too: harmless, and told.
        kept = _delete(client, dlq_url, [call[i] for i in sorted(acknowledged)])
        left |= {message_id: f"not deleted: {code}" for message_id, code in kept.items()}
    return len(call) - len(left), left


def _delete(client: "SQSClient", dlq_url: str, letters: Sequence[DeadLetter]) -> dict[str, str]:
    """Delete ten at most; return SQS's error code by message id of those that are not known to be gone."""
    deleted = client.delete_message_batch(
        QueueUrl=dlq_url,
        Entries=[{"Id": str(i), "ReceiptHandle": letter.receipt_handle} for i, letter in enumerate(letters)],
    )
    gone = {int(entry["Id"]) for entry in deleted.get("Successful", [])}
    codes = {int(entry["Id"]): entry["Code"] for entry in deleted.get("Failed", [])}
    return {letter.message_id: codes.get(i, "MissingResult") for i, letter in enumerate(letters) if i not in gone}


def _receive(
    client: "SQSClient", dlq_url: str, receipts: dict[str, str], expected: int = 0
) -> Iterator[list[DeadLetter]]:
    """Yield new messages until none come; `receipts` gets the newest receipt of each by its message id."""
    seen: set[str] = set()
    empty = 0
    while empty < (_EMPTY_RECEIVES if len(seen) >= expected else _EMPTY_RECEIVES_IF_SHORT):
        messages = client.receive_message(
            QueueUrl=dlq_url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=VISIBILITY_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        ).get("Messages", [])
        letters = [of_message(message) for message in messages]
        # After the visibility timeout the first ones come again, with a new receipt.
        new = [letter for letter in letters if letter.message_id not in seen]
        seen.update(letter.message_id for letter in letters)
        receipts.update((letter.message_id, letter.receipt_handle) for letter in letters)
        empty = 0 if new else empty + 1
        if new:
            yield new


def _give_back(client: "SQSClient", dlq_url: str, receipts: Sequence[str]) -> None:
    """Make the messages visible again. What can't be given back comes back by itself after the visibility timeout."""
    for start in range(0, len(receipts), _BATCH):
        client.change_message_visibility_batch(
            QueueUrl=dlq_url,
            Entries=[
                {"Id": str(i), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for i, receipt in enumerate(receipts[start : start + _BATCH])
            ],
        )
