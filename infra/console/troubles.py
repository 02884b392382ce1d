"""What is wrong right now, in sentences, each with its section of the runbook. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infra import function_start
from infra.counts import Counts
from infra.function_start import Start


class Trouble(NamedTuple):
    """A sentence, and the runbook's section that says what to do."""

    sentence: str
    section: str


class Alarm(NamedTuple):
    """An alarm that has gone off: its name without the stack's, which is a section of the runbook, and its text."""

    section: str
    description: str


def troubles(
    counts: Counts, *, consumer: str, starts: Mapping[str, Start], alarms: Sequence[Alarm]
) -> Sequence[Trouble]:
    """Return what is wrong, the gravest first. `consumer` is its mapping's state in Lambda's words."""
    found = [Trouble(sentence, "first-look") for sentence in function_start.told(starts)]
    if consumer != "Enabled":
        kept = "The queue keeps the logs for 4 days. `rdp consumer start` starts it."
        found.append(Trouble(f"The consumer is {consumer.lower()}: nothing is stored. {kept}", "stop-the-consumer"))
    found += [Trouble(f"Alarm {alarm.section}: {alarm.description}", alarm.section) for alarm in alarms]
    if counts.dlq and not any(alarm.section == "dead-letters" for alarm in alarms):
        found.append(Trouble(f"Messages in the dead-letter queue: {counts.dlq}.", "dead-letters"))
    return found
