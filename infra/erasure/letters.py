"""The dead letters' part of an erasure: those that hold what is meant go; of one that holds more, the rest stays."""

from collections.abc import Sequence
from typing import NamedTuple

from consumer.erasures import Subject
from consumer.timestamps import rfc3339
from infra import dead_letters
from infra.counts import queue_depth
from infra.dead_letters import DeadLetter
from infra.stack import Stack
from ingest.contract.errors import Poison
from ingest.contract.message import decode
from ingest.contract.packed import apart, is_packed, joined


class Looked(NamedTuple):
    """The letters that hold what is meant, those that name no tenant, and how many SQS does not show now."""

    meant: list[DeadLetter]
    nameless: list[DeadLetter]
    hidden: int


def look(stack: Stack, subject: Subject) -> Looked:
    """Return what the dead-letter queue holds; every letter is given back."""
    depth = sum(queue_depth(stack, stack.dlq_url))
    found = list(dead_letters.look(stack.place.sqs, stack.dlq_url, expected=depth)) if depth else []
    return Looked(
        [letter for letter in found if _is_meant(letter, subject)],
        [letter for letter in found if not letter.tenant_id],
        max(0, depth - len(found)),
    )


def remove(stack: Stack, subject: Subject) -> int:
    """Remove the letters; return how many. What else a letter holds is a letter of its own before that."""
    found = look(stack, subject).meant
    if not found:
        return 0

    def keep_the_rest(letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            if letter.logs and (rest := [body for body in _bodies(letter) if not _covers(subject, body)]):
                stack.place.sqs.send_message(
                    QueueUrl=stack.dlq_url,
                    MessageBody=joined([body.encode() for body in rest]).decode(),
                    MessageAttributes={
                        name: {"DataType": "String", "StringValue": value}
                        for name, value in letter.attributes.items()
                        if value
                    },
                )

    ids = {letter.message_id for letter in found}
    return dead_letters.purge(stack.place.sqs, dlq_url=stack.dlq_url, message_ids=ids, keep=keep_the_rest).moved


def _bodies(letter: DeadLetter) -> list[str]:
    """Return the body of each log in a letter that holds one that can be read."""
    return apart(letter.body) if is_packed(letter.body) else [letter.body]


def _covers(subject: Subject, body: str) -> bool:
    try:
        log = decode(body)
    except Poison:
        return False
    return subject.covers(log.tenant_id, log.log_id, log.received_at)


def _is_meant(letter: DeadLetter, subject: Subject) -> bool:
    if letter.logs:
        return any(subject.covers(log.tenant_id, log.log_id, log.received_at) for log in letter.logs)
    # No log can be read: what the consumer wrote beside it says whose it is, and SQS when it came here.
    return subject.covers(letter.tenant_id, letter.log_id, rfc3339(letter.sent_ms))
