"""What goes to the dead-letter queue: poison log by log, and what used up its receives as it came. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from consumer.quarantine import attributes_of_log, attributes_of_spent, attributes_of_spoiled
from consumer.unpack import Delivery, Unpacked
from consumer.verdict import Verdict


class Letter(NamedTuple):
    """A message for the dead-letter queue, and the names of the logs in it."""

    body: str
    attributes: dict[str, str]
    logs: Sequence[str]


def letters(unpacked: Unpacked, spent: Sequence[Delivery], verdicts: Mapping[str, Verdict]) -> list[Letter]:
    """Return the letters. What is poison leaves its message alone; a spent message goes whole, as SQS would move it."""
    whole = {delivery.message_id for delivery in spent}
    return [
        *(
            Letter(log.delivery.body, attributes_of_log(log, verdict), [log.message_id])
            for log in unpacked.logs
            if log.delivery.sqs_message_id not in whole and (verdict := verdicts[log.message_id]).reason
        ),
        *(
            Letter(spoiled.delivery.body, attributes_of_spoiled(spoiled), [spoiled.delivery.message_id])
            for spoiled in unpacked.spoiled
            if spoiled.delivery.sqs_message_id not in whole
        ),
        *(_whole(delivery, unpacked) for delivery in spent),
    ]


def _whole(delivery: Delivery, unpacked: Unpacked) -> Letter:
    logs = [log for log in unpacked.logs if log.delivery.sqs_message_id == delivery.message_id]
    spoiled = [one.delivery for one in unpacked.spoiled if one.delivery.sqs_message_id == delivery.message_id]
    names = {log.message_id for log in logs} | {one.message_id for one in spoiled}
    return Letter(delivery.body, attributes_of_spent(delivery, logs), sorted(names))
