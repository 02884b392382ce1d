"""What leaves a batch unstored: poison goes to the dead-letter queue, failed logs of packed messages to the queue."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from consumer.letters import Letter, letter_of_returned
from consumer.outside import Outside
from consumer.returns import Returned
from consumer.unpack import Log
from consumer.verdict import DUPLICATE, SPENT, Verdict, not_taken, retried

_ASK_S: Final = 1.0
"""Seconds that the last read of the table may take if it does not answer. The rest is for the dead-letter queue."""

_SEND_S: Final = 5.0
"""Seconds that sending back may take if SQS does not answer. The limit leaves time for the letters at a message's last
receive, and keeps the copies of a log few if SQS's answers are lost again and again."""


def stored_before(
    logs: Sequence[Log], verdicts: Mapping[str, Verdict], max_receives: int, outside: Outside, give_up_at_s: float
) -> dict[str, Verdict]:
    """Return the verdicts on logs that failed at their last receive although they are stored already.

    A stored log is never dead-lettered. It can still fail: it was sent twice, its process ended after the write, or
    its work fails now and then.
    """
    failed = [
        log
        for log in logs
        if log.delivery.receive_count >= max_receives
        and ((verdict := verdicts[log.message_id]) == SPENT or verdict.outcome == "retried")
    ]
    if not failed:
        return {}
    until_s = min(give_up_at_s, outside.monotonic() + _ASK_S)
    stored = outside.table.stored_among([log.message for log in failed], give_up_at_s=until_s)
    return {failed[position].message_id: DUPLICATE for position in stored}


class Left(NamedTuple):
    """The verdicts that changed, and the names of the logs that were sent back as messages of their own."""

    verdicts: Mapping[str, Verdict]
    sent_back: frozenset[str]


def quarantine(found: Sequence[Letter], outside: Outside, give_up_at_s: float) -> dict[str, Verdict]:
    """Return new verdicts for the logs that the dead-letter queue did not take.

    The batch does this late: if it died afterwards, its poison would be in both queues.
    """
    refused: dict[str, Verdict] = {}
    for letter in found:
        if why_not := outside.quarantine.put(letter.body, letter.attributes, give_up_at_s=give_up_at_s):
            refused |= dict.fromkeys(letter.logs, retried(f"dlq_refused: {why_not}"))
    return refused


def leave(returned: Sequence[Returned], outside: Outside, give_up_at_s: float) -> Left:
    """Return what changed by sending logs back; at their last receive, those that the queue refuses are dead-lettered.

    They are dead-lettered without the rest of their message: SQS moves whole messages, and would move stored logs too.
    Logs that have used up their receives are dead-lettered at once, in the same way.
    """
    due = [one for one in returned if not one.is_spent]
    until_s = min(give_up_at_s, outside.monotonic() + _SEND_S)
    not_sent = outside.send_back(due, give_up_at_s=until_s) if due else frozenset()
    kept = [one for place, one in enumerate(due) if place in not_sent]
    verdicts = {name: not_taken("not_sent_back") for one in kept for name in one.logs}
    ends_here = [one for one in returned if one.is_spent] + [one for one in kept if one.is_last]
    refused = quarantine([letter_of_returned(one) for one in ends_here], outside, give_up_at_s)
    verdicts |= {name: SPENT for one in ends_here for name in one.logs if name not in refused}
    sent = (one for place, one in enumerate(due) if place not in not_sent)
    return Left(verdicts, frozenset(name for one in sent for name in one.logs))
