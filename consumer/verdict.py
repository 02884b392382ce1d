"""What became of one log in one invocation."""

from typing import Final, Literal, get_args

import msgspec

from ingest.contract.errors import PoisonReason

Outcome = Literal["stored", "duplicate", "conflict", "quarantined", "deferred", "retried"]

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

UNFINISHED: Final = frozenset[Outcome]({"deferred", "retried"})
"""The log comes back, by a batch item failure or as a message of its own. All others are acknowledged."""


class Verdict(msgspec.Struct, frozen=True):
    """An outcome and why. `reason` is set exactly for poison, `stored_text` exactly for a conflict.

    A conflict is stored, or still to be stored, beside the item that has its log id.
    `outage` marks a `retried` log that has no fault: AWS did not take it this time.
    `cause` is an error's class or code, for the log line: never a log's text.
    """

    outcome: Outcome
    cause: str = ""
    reason: PoisonReason | None = None
    stored_text: str | None = None
    outage: bool = False


STORED: Final = Verdict("stored")
DUPLICATE: Final = Verdict("duplicate")
ERASED: Final = Verdict("duplicate", cause="erased")
"""For a log that was erased: nothing is left to do, as for a log that is stored already."""


def conflict(stored_text: str) -> Verdict:
    """Return the verdict on a log whose key another text has: the log gets another item."""
    return Verdict("conflict", stored_text=stored_text)


def quarantined(reason: PoisonReason, cause: str = "") -> Verdict:
    """Return the verdict on a log that no retry can store."""
    return Verdict("quarantined", cause=cause, reason=reason)


SPENT: Final = Verdict("quarantined", cause="max_receives_exceeded")
"""For a log that used up its receives: it goes to the DLQ without a reason, as if SQS itself had moved it."""


def retried(cause: str) -> Verdict:
    """Return the verdict on a log that comes back after its visibility timeout."""
    return Verdict("retried", cause=cause)


def not_taken(cause: str) -> Verdict:
    """Return the verdict on a log that comes back because AWS did not take it: `retried`, with `outage`."""
    return Verdict("retried", cause=cause, outage=True)
