"""Checks the design's promises on the history of one log: pure functions from evidence to what is broken."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal, NamedTuple

from bench.judge.history import NO_ANSWER, Evidence

Promise = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12"]

PROMISES: Final[dict[Promise, str]] = {
    "I1": "every 202 ends as exactly one item with equal original text, or in the DLQ with a reason",
    "I2": "a 4xx leaves nothing: no item, no DLQ entry, no stream record",
    "I3": "a 5xx or no answer leaves 0 or 1 item",
    "I4": "no item or stream record stands under a tenant other than its sender's",
    "I5": "the stream, made distinct by (tenant_id, log_id, text), contains every 202",
    "I6": "same log_id and text: one item; another text: an item of its own beside the first, never a dead letter",
    "I7": "the DLQ holds poison only, each with its reason",
    "I8": "no planted phone number is left in modified_data",
    "I11": "accepted = stored + queued + in flight + DLQ when the run has ended",
}
WITNESSED: Final[dict[Promise, str]] = {
    "I9": "replaying twice gives byte-identical output; from a checkpoint, the rest and nothing twice",
    "I10": "rebuilding an emptied table from the stream gives the same items",
    "I12": "no response deletes a message that is neither stored nor in the DLQ",
}
"""Promises that no history shows: the fault suite watches them and hands its findings to the judge."""

UNSEEN: Final[dict[str, str]] = {
    "I9": "needs two replays of the same stream: the replay's own tests",
    "I10": "needs a table emptied and rebuilt from the stream: the replay's own tests",
    "I12": "no handler response is visible from outside; a message deleted unprocessed shows as a loss under I1",
}

Finding = tuple[Promise, str]

_ACCEPTED: Final = 202
_SERVER_ERROR: Final = 500


class Broken(NamedTuple):
    """A broken promise with one example: ids and facts, never a log's text."""

    promise: Promise
    tenant_id: str
    log_id: str
    why: str


def is_accepted(sent: Evidence) -> bool:
    """Return whether the answer was a 202."""
    return sent.number == _ACCEPTED


def is_uncertain(sent: Evidence) -> bool:
    """Return whether the sender cannot know if the log was taken: a 5xx, or no answer."""
    return sent.number == NO_ANSWER or sent.number >= _SERVER_ERROR


class KnownLog(NamedTuple):
    """All evidence about one (tenant_id, log_id), by kind."""

    sent: Sequence[Evidence]
    items: Sequence[Evidence]
    dead_letters: Sequence[Evidence]
    stream: Sequence[Evidence]

    @classmethod
    def of(cls, evidence: Iterable[Evidence]) -> "KnownLog":
        """Return the evidence, separated by kind."""
        rows = tuple(evidence)
        kinds = ("sent", "item", "dead_letter", "stream")
        return cls(*(tuple(row for row in rows if row.kind == kind) for kind in kinds))

    @property
    def found(self) -> tuple[Evidence, ...]:
        """The evidence found on the stack, without the sent rows."""
        return (*self.items, *self.dead_letters, *self.stream)


def check_log(log: KnownLog) -> Iterator[Broken]:
    """Yield what is broken in the history of a log that was sent under this tenant_id and log_id."""
    tenant_id, log_id = log.sent[0].tenant_id, log.sent[0].log_id
    accepted = {sent.digest: sent for sent in log.sent if is_accepted(sent)}
    possible = accepted.keys() | {sent.digest for sent in log.sent if is_uncertain(sent)}
    findings = [
        *_wrong_texts(log, possible),
        *(("I8", f"{item.number} planted phone numbers are readable") for item in log.items if item.number),
        *(finding for text in accepted.values() for finding in _outcome(text, log, possible)),
        *(("I7", why) for entry in log.dead_letters if (why := _unhealthy(entry, log, possible))),
    ]
    texts = {item.digest for item in log.items}
    if len(log.items) > len(texts):
        findings.append(("I6", f"{len(log.items)} items of {len(texts)} texts"))
    streamed = {found.digest for found in log.stream}
    findings += [
        ("I5", "not on the stream")
        for text in accepted.values()
        if text.word != "undecodable" and text.digest not in streamed  # What is no log came by the queue alone.
    ]
    return (Broken(promise, tenant_id, log_id, why) for promise, why in findings)


def _wrong_texts(log: KnownLog, possible: AbstractSet[bytes]) -> Iterator[Finding]:
    """Yield a finding for each row whose text was refused, or was not sent under this key."""
    refused = {sent.digest for sent in log.sent} - possible
    for found in log.found:
        if found.digest in refused:
            yield "I2", f"the text was refused and yet there is this {found.kind}"
        elif found.digest not in possible:
            yield "I5" if found.kind == "stream" else "I1", f"the {found.kind}'s text is not the one that was sent"


def _outcome(text: Evidence, log: KnownLog, possible: AbstractSet[bytes]) -> Iterator[Finding]:
    """Yield what is wrong with how one accepted text ended."""
    stored = any(item.digest == text.digest for item in log.items)
    dead = any(entry.digest == text.digest for entry in log.dead_letters)
    if stored and dead:
        yield "I1", "both stored and in the DLQ"
    if stored and text.word != "stored":
        yield "I1", f"poison ({text.word}) was stored"
    if not stored and not dead:
        if any(item.digest in possible for item in log.items):
            yield "I6", "another text has this log_id's item, and this one has none beside it"
        else:
            yield "I1", "answered 202, and there is no item and no DLQ entry"


def _unhealthy(entry: Evidence, log: KnownLog, possible: AbstractSet[bytes]) -> str:
    """Return why an entry of the DLQ should not be there, or ""."""
    if entry.digest not in possible:
        return ""  # `_wrong_texts` reports it.
    if not entry.word:
        return "dead-lettered without a reason (receives used up)"
    fates = {sent.word for sent in log.sent if sent.digest == entry.digest}
    if entry.word in fates:
        return ""
    return f"a healthy log is in the DLQ as {entry.word}"


def check_stray(found: Evidence, senders: Sequence[Evidence], *, already: int) -> Broken | None:
    """Return what is broken by a row whose key nobody sent, or None when it is allowed; `senders` sent the same text.

    `already` is the number of such rows with the same tenant, text and kind before this one.
    """
    finding = _stray(found, senders, already)
    return Broken(finding[0], found.tenant_id, found.log_id, f"this {found.kind}: {finding[1]}") if finding else None


def _stray(found: Evidence, senders: Sequence[Evidence], already: int) -> Finding | None:
    own = [sent for sent in senders if sent.tenant_id == found.tenant_id]
    unnamed = sum(is_uncertain(sent) and not sent.log_id for sent in own)
    finding: Finding | None
    if unnamed:
        # A stream or a DLQ may hold a log twice, because its writer retried; a table may not.
        surplus = found.kind == "item" and already >= unnamed
        finding = ("I3", f"{already + 1} items from {unnamed} requests without an answer") if surplus else None
    elif any(is_accepted(sent) or is_uncertain(sent) for sent in own):
        finding = "I6", "its text was accepted under another log_id: stored again"
    elif own:
        finding = "I2", "its text was refused"
    elif senders:
        finding = "I4", f"its text was sent by tenant {senders[0].tenant_id}"
    else:
        finding = "I7" if found.kind == "dead_letter" else "I4", "nobody sent it"
    return finding
