"""Every fault at every step: the cases, and what one case breaks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from infra.dead_letter import Filter
from tests.faults.injector import BATCHES, Fault, Rule, faults_of
from tests.faults.trial import PACKINGS, SECRET, Trial

STEPS: Final = (
    "ingest kinesis.put_records",
    "ingest sqs.send_message_batch",
    "consumer kinesis.put_records",
    "consumer sqs.change_message_visibility_batch",
    "consumer dynamodb.batch_execute_statement",
    "consumer dynamodb.batch_get_item",
    "consumer sqs.send_message",
    "consumer sqs.send_message_batch",
    "replay kinesis.list_shards",
    "replay kinesis.get_shard_iterator",
    "replay kinesis.get_records",
    "replay sqs.send_message_batch",
    "redrive sqs.receive_message",
    "redrive sqs.send_message_batch",
    "redrive sqs.delete_message_batch",
    "redrive sqs.change_message_visibility_batch",
    "redrive sqs.start_message_move_task",
    "redrive sqs.list_message_move_tasks",
)
SENDS_BACK: Final = "consumer sqs.send_message_batch"
_OF_MOVE_TASK: Final = STEPS[-2:]
TIMES: Final[tuple[int | None, ...]] = (1, 3, None)
"""Once, three times, for ever."""

OUTAGE: Final = Rule("consumer dynamodb.batch_execute_statement", "denied", None)
"""A table that lets nobody in: what is delivered meanwhile ends in the DLQ."""

ENTRIES: Final = (0, 1, 4, 9)
"""Entries of a batch that fail: each of a small one, and the last of any."""


class Case(NamedTuple):
    """One fault at one step."""

    step: str
    fault: Fault
    times: int | None
    entry: int

    @property
    def name(self) -> str:
        """The case in one word a part, for a test's id."""
        often = "for_ever" if self.times is None else f"{self.times}x"
        return f"{self.step.replace(' ', '.')}-{self.fault}-{often}-{self.entry}"

    def rule(self) -> Rule:
        """The rule that makes it happen."""
        return Rule(self.step, self.fault, self.times, self.entry)


def cases(steps: tuple[str, ...] = STEPS) -> Iterator[Case]:
    """Yield every case: a fault of single entries at each index, any other once."""
    for step in steps:
        operation = step.partition(" ")[2]
        for fault in faults_of(operation):
            of_entry = operation in BATCHES and fault in {"partial", "partial_lost", "unreported"}
            for entry in ENTRIES if of_entry else (0,):
                for times in TIMES:
                    yield Case(step, fault, times, entry)


def logs_per_message(case: Case, seed: int) -> int:
    """Return how many logs share a message in this trial: each of `PACKINGS` in turn.

    One seed gives each fault at each step all of them, one for each of `TIMES`; three seeds give each case all of them.
    What the consumer sends to the queue leaves a message of several.
    """
    packings = PACKINGS[1:] if case.step == SENDS_BACK else PACKINGS
    return packings[(seed + case.entry + TIMES.index(case.times)) % len(packings)]


def run(case: Case, seed: int, folder: Path, packing: int = 1) -> list[str]:
    """Return what the case breaks: nothing, if the promises hold. Up to `packing` logs share a message.

    A fault that passes by itself must leave no trace. One that lasts for ever must lose nothing as long as it lasts
    (I11); then its cause is removed and the DLQ is moved back, as the runbook says, and every promise holds.

    Raises:
        AssertionError: the case is void, because its step was never reached.
    """
    trial = Trial(seed, folder, logs_per_message=packing)
    rule = case.rule()
    trial.injector.rules = [rule]
    component = case.step.partition(" ")[0]
    if case.step == "consumer kinesis.put_records":  # Reached by what ingest could not put there.
        trial.injector.rules.append(Rule("ingest kinesis.put_records", "throttled", None))
    if component == "redrive":  # Its dead letters are healthy logs too.
        trial.injector.rules.append(OUTAGE)
    a_day(trial)
    broken = trial.lost()
    if component == "redrive":
        trial.injector.rules.remove(OUTAGE)
        trial.redrive(Filter(tenant_id="t-t01"), *([] if case.step in _OF_MOVE_TASK else [Filter()]))
        trial.move_dead_letters()
    elif case.times is None:
        if component != "replay":
            trial.injector.rules = []
        trial.redrive(Filter())
    if component == "replay" or (case.times == 1 and case.entry == 0):
        trial.check_replays()
    assert rule.met, f"{case.name}, seed {seed}: its step was never reached"
    judgement = trial.judgement()
    broken += [f"{c.name}: {example}" for c in judgement.checks if c.broken for example in c.examples]
    return broken


def a_day(trial: Trial) -> None:
    """Send a bit of everything, delivering in between, and then until the queue is empty."""
    for number in range(3):
        for kind in ("json", "text", "batch", "json"):
            trial.send(kind)
        trial.send_long()
        trial.send_refused_by_table()
        trial.send_poison()
        if trial.logs_per_message > 1:
            trial.send_mixed()
        trial.send_text("t-t03", "same", f"{SECRET}: the same log id with text {number % 2}")
        trial.stack.deliver()
    trial.drain()
