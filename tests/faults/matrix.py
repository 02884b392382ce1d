"""All faults at all steps: the cases, and what a case breaks."""

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
"""How often a fault happens: once, three times, or always."""

OUTAGE: Final = Rule("consumer dynamodb.batch_execute_statement", "denied", None)
"""A table that denies access: logs delivered meanwhile end in the DLQ."""

ENTRIES: Final = (0, 1, 4, 9)
"""Positions of the entries that fail; in a shorter batch the last entry fails."""


class Case(NamedTuple):
    """One fault at one step."""

    step: str
    fault: Fault
    times: int | None
    entry: int

    @property
    def name(self) -> str:
        """The case's parts, one word each, for a test's id."""
        often = "for_ever" if self.times is None else f"{self.times}x"
        return f"{self.step.replace(' ', '.')}-{self.fault}-{often}-{self.entry}"

    def rule(self) -> Rule:
        """The rule for the injector."""
        return Rule(self.step, self.fault, self.times, self.entry)


def cases(steps: tuple[str, ...] = STEPS) -> Iterator[Case]:
    """Yield every case; a fault of single entries has one for each of `ENTRIES`."""
    for step in steps:
        operation = step.partition(" ")[2]
        for fault in faults_of(operation):
            of_entry = operation in BATCHES and fault in {"partial", "partial_lost", "unreported"}
            for entry in ENTRIES if of_entry else (0,):
                for times in TIMES:
                    yield Case(step, fault, times, entry)


def logs_per_message(case: Case, seed: int) -> int:
    """Return how many logs share a message in this trial; the trials take `PACKINGS` in turn.

    With one seed, each fault at each step meets all packings, one for each of `TIMES`. With three seeds, each case
    meets all of them. The step at which the consumer sends logs back needs a packing of several logs a message.
    """
    packings = PACKINGS[1:] if case.step == SENDS_BACK else PACKINGS
    return packings[(seed + case.entry + TIMES.index(case.times)) % len(packings)]


def run(case: Case, seed: int, folder: Path, packing: int = 1) -> list[str]:
    """Return what the case breaks, which should be nothing. Up to `packing` logs share a message.

    A fault that ends by itself must leave no trace. During a permanent fault nothing may be lost (I11); then its cause
    is removed, the DLQ is moved back as the runbook says, and every promise must hold.

    Raises:
        AssertionError: the case is void, because its step was never reached.
    """
    trial = Trial(seed, folder, logs_per_message=packing)
    rule = case.rule()
    trial.injector.rules = [rule]
    component = case.step.partition(" ")[0]
    if case.step == "consumer kinesis.put_records":  # The consumer puts only what ingest could not put there.
        trial.injector.rules.append(Rule("ingest kinesis.put_records", "throttled", None))
    if component == "redrive":  # So that healthy logs are dead-lettered too.
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
