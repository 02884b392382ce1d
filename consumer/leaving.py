"""What leaves a batch unstored: poison for the dead-letter queue, what failed out of a packed message for the queue."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from consumer.letters import Letter, letter_of_returned
from consumer.outside import Outside
from consumer.returns import Returned
from consumer.unpack import Log
from consumer.verdict import DUPLICATE, SPENT, Verdict, not_taken, retried

_ASK_S: Final = 1.0
"""What the last question to the table may take, where it does not answer: the rest is for the dead-letter queue."""

_SEND_S: Final = 5.0
"""What sending back may take, where SQS does not answer: so that a message's last receive has time for its letters, and
so that answers that are lost, again and again, make few copies of a log."""


def stored_before(
    logs: Sequence[Log], verdicts: Mapping[str, Verdict], max_receives: int, outside: Outside, give_up_at_s: float
) -> dict[str, Verdict]:
    """Return the verdicts on logs that failed at their last receive although they are stored, from an earlier one.

    What is stored is never dead-lettered. A log may fail that is stored: it was sent twice, its process ended after
    the write, or its work fails now and then.
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
    """Verdicts that differ now, and the names of the logs that wait in messages of their own."""

    verdicts: Mapping[str, Verdict]
    sent_back: frozenset[str]


def quarantine(found: Sequence[Letter], outside: Outside, give_up_at_s: float) -> dict[str, Verdict]:
    """Return new verdicts for what the dead-letter queue did not take.

    Last of all, so that a batch that dies on the way has not left poison in two places.
    """
    refused: dict[str, Verdict] = {}
    for letter in found:
        if why_not := outside.quarantine.put(letter.body, letter.attributes, give_up_at_s=give_up_at_s):
            refused |= dict.fromkeys(letter.logs, retried(f"dlq_refused: {why_not}"))
    return refused


def leave(returned: Sequence[Returned], outside: Outside, give_up_at_s: float) -> Left:
    """Send back what goes back to the queue; at its last receive, what the queue does not take is dead-lettered.

    It is dead-lettered alone: left in its message, it would take what is stored along, because SQS moves whole
    messages. So is, at once, what has used up its receives.
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
