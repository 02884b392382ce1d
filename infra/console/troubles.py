"""What is wrong right now, in sentences, each with its section of the runbook. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from infra import function_start
from infra.counts import Counts
from infra.function_start import Start

_SECTION: Final = re.compile(r"Runbook, ([a-z-]+)\.$")
"""How both templates end an alarm's description."""

_OF_LAKE: Final = frozenset({"lake-errors", "lake-idle"})
"""The alarms of the stack NAME-lake (cloudformation/lake.yaml), which have one section together."""


class Trouble(NamedTuple):
    """A sentence, and the runbook's section that says what to do."""

    sentence: str
    section: str


class Alarm(NamedTuple):
    """An alarm that has gone off: its section of the runbook, and its text."""

    section: str
    description: str


def alarms_of(stack: str, found: Iterable[tuple[str, str]]) -> Iterator[Alarm]:
    """Yield the stack's own alarms and its lake's, of names and descriptions that begin with its name.

    The name of another stack may begin so, too: `rdp-dead-letters` is an alarm of rdp, `rdp-test-dead-letters` is not.
    """
    for name, description in found:
        named, own = _SECTION.search(description), name.removeprefix(f"{stack}-")
        if named and (own == named[1] or own in _OF_LAKE):
            yield Alarm(named[1], description)


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
