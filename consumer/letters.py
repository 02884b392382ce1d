"""What goes to the dead-letter queue: poison with its reason, and spent logs without a reason. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from consumer.quarantine import attributes_of_log, attributes_of_spoiled
from consumer.returns import Returned
from consumer.unpack import Unpacked
from consumer.verdict import Verdict


class Letter(NamedTuple):
    """A message for the dead-letter queue, and the names of the logs in it."""

    body: str
    attributes: dict[str, str]
    logs: Sequence[str]


def letters(unpacked: Unpacked, verdicts: Mapping[str, Verdict]) -> list[Letter]:
    """Return a letter for each quarantined log; a log of a packed message gets its own letter."""
    return [
        *(
            Letter(log.delivery.body, attributes_of_log(log, verdict), [log.message_id])
            for log in unpacked.logs
            if (verdict := verdicts[log.message_id]).outcome == "quarantined"
        ),
        *(
            Letter(
                spoiled.delivery.body,
                attributes_of_spoiled(spoiled, verdicts[spoiled.delivery.message_id]),
                [spoiled.delivery.message_id],
            )
            for spoiled in unpacked.spoiled
        ),
    ]


def letter_of_returned(one: Returned) -> Letter:
    """Return the letter for logs that cannot go back again: it gives no reason, because SQS gives none either."""
    name = one.logs[0] if len(one.logs) == 1 else one.logs[0].partition("/")[0]
    return Letter(one.body.decode(), {"tenant_id": one.tenant_id, "original_message_id": name}, one.logs)
