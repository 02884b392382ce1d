"""Erases logs from the dead letters. If a letter also holds other logs, these stay.

A dead letter may hold a log's text although no program can read it as a log. Then its JSON, or the attributes that the
consumer added, may say whose log it is. If neither does, the letter stays, and no certificate says `gone` while it is
there.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from consumer.erasures import Subject
from consumer.timestamps import epoch_ms, rfc3339
from infra import dead_letters
from infra.counts import queue_depth
from infra.dead_letter import DeadLetter
from infra.stack import Stack
from ingest.contract.errors import Poison, Unreadable
from ingest.contract.message import decode
from ingest.contract.packed import apart, is_packed, joined

_NAMES: Final = ("tenant_id", "log_id")


class Looked(NamedTuple):
    """The letters that hold logs to erase, other letters that may hold some, and how many letters SQS does not show."""

    meant: list[DeadLetter]
    unclear: list[DeadLetter]
    hidden: int


def look(stack: Stack, subject: Subject) -> Looked:
    """Return what the dead-letter queue holds for the subject; every letter is given back to the queue."""
    depth = sum(queue_depth(stack, stack.dlq_url))
    found = list(dead_letters.look(stack.place.sqs, stack.dlq_url, expected=depth)) if depth else []
    answers = [{is_meant for _, is_meant in _logs(letter, subject)} for letter in found]
    return Looked(
        [letter for letter, answer in zip(found, answers, strict=True) if True in answer],
        [letter for letter, answer in zip(found, answers, strict=True) if None in answer and True not in answer],
        max(0, depth - len(found)),
    )


def remove(stack: Stack, subject: Subject) -> int:
    """Remove the letters; return how many. Other logs in a letter first become a letter of their own."""
    found = look(stack, subject).meant
    if not found:
        return 0

    def keep_the_rest(letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            if rest := [body for body, is_meant in _logs(letter, subject) if not is_meant]:
                stack.place.sqs.send_message(
                    QueueUrl=stack.dlq_url,
                    MessageBody=joined([body.encode() for body in rest]).decode(),
                    MessageAttributes={
                        name: {"DataType": "String", "StringValue": value}
                        for name, value in letter.attributes.items()
                        if value and name not in _NAMES  # They may name an erased log.
                    },
                )

    ids = {letter.message_id for letter in found}
    return dead_letters.purge(stack.place.sqs, dlq_url=stack.dlq_url, message_ids=ids, keep=keep_the_rest).moved


def _logs(letter: DeadLetter, subject: Subject) -> list[tuple[str, bool | None]]:
    """Return the body of each log in a letter, and whether it is to be erased; None if that is unknown."""
    if is_packed(letter.body):
        try:
            bodies = apart(letter.body)
        except Unreadable:
            pass
        else:  # The attributes of several logs name none of them.
            return [(body, _is_meant(body, subject, {}, letter.sent_ms)) for body in bodies]
    return [(letter.body, _is_meant(letter.body, subject, letter.attributes, letter.sent_ms))]


def _is_meant(body: str, subject: Subject, beside: dict[str, str], sent_ms: int) -> bool | None:
    try:
        log = decode(body)
    except Poison:
        return _may_be_meant(_members(body), subject, beside, sent_ms)
    return subject.covers(log.tenant_id, log.log_id, log.received_at)


def _may_be_meant(members: dict[str, object], subject: Subject, beside: dict[str, str], sent_ms: int) -> bool | None:
    told = [members.get(name) for name in _NAMES]
    tenant_id, log_id = (
        one if one and isinstance(one, str) else beside.get(name) for name, one in zip(_NAMES, told, strict=True)
    )
    if not tenant_id:
        return None
    if tenant_id != subject.tenant_id:
        return False
    if subject.log_id is not None:
        return log_id == subject.log_id if log_id else None
    try:
        return rfc3339(epoch_ms(str(members.get("received_at")))) <= subject.until
    except ValueError:  # It was received before it came into this queue.
        return True if rfc3339(sent_ms) <= subject.until else None


def _members(body: str) -> dict[str, object]:
    """Return the members of a body that is a JSON object; none for any other body."""
    try:
        members = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}
