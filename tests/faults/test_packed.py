"""Packed messages whose failed logs cannot be sent back: stored logs are not dead-lettered, and nothing is lost."""

from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from infra.dead_letter import Filter
from tests.faults.injector import Fault, Rule
from tests.faults.matrix import SENDS_BACK
from tests.faults.model_sqs import Message
from tests.faults.scratch import scratch
from tests.faults.trial import PACKINGS, Trial
from tests.interleavings.whereabouts import dead, held_in, stored

PUTS_ASIDE: Final = "consumer sqs.send_message"
"""The step at which the consumer sends to the dead-letter queue."""

_REFUSALS: Final[tuple[Fault, ...]] = ("refused", "timeout", "unreachable", "throttled", "denied")
_COPIES: Final[tuple[Fault, ...]] = ("lost_answer", "partial", "partial_lost", "unreported")
"""Faults that make the consumer send a log back again that already waits in its own message."""

_SEED: Final = 3


def _a_packed_day(trial: Trial) -> list[str]:
    """Return the logs that were in the table when they were dead-lettered."""
    told: list[str] = []
    dlq = trial.world.dlq
    send, take_over = dlq.send, dlq.take_over

    def look(body: str) -> None:
        told.extend(f"{place[0]}/{place[1]}" for place in {h.place for h in held_in(body)} & stored(trial.world))

    def sent(body: str, *arguments: Any, **named: Any) -> str:
        look(body)
        return send(body, *arguments, **named)

    def taken_over(message: Message) -> None:
        look(message.body)
        take_over(message)

    dlq.send, dlq.take_over = sent, taken_over  # type: ignore[method-assign] # a watched queue
    for _ in range(3):
        trial.send("batch")
        trial.send_mixed()
    trial.drain()
    return told


def _trial(folder: Path, packing: int, *rules: Rule) -> Trial:
    trial = Trial(_SEED, folder, logs_per_message=packing, crash_probability=0.7)
    trial.injector.rules = list(rules)
    return trial


@pytest.mark.parametrize("packing", PACKINGS[1:])
@pytest.mark.parametrize("fault", [*_REFUSALS, *_COPIES])
def test_what_is_stored_is_not_dead_lettered_though_nothing_may_be_sent_back(fault: Fault, packing: int) -> None:
    """If the queue always refuses, only those logs of a message that are not stored are dead-lettered."""
    rule = Rule(SENDS_BACK, fault, None)
    with scratch() as folder:
        trial = _trial(folder, packing, rule)
        told = _a_packed_day(trial)
        assert rule.met
        assert dead(trial.world), "the day was too kind: nothing used up its receives"
        assert not told, f"I7: {told[0]} is stored and was dead-lettered"
        if fault in _REFUSALS:
            assert not stored(trial.world) & dead(trial.world), "I7: a dead letter was stored later"
        assert not trial.lost()
        assert {len(held_in(letter.body)) for letter in trial.world.dlq.messages.values()} == {1}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("fault", ["refused", "timeout", "denied"])
def test_nor_though_the_dead_letter_queue_refuses(fault: Fault, packing: int) -> None:
    """If the DLQ refuses, SQS moves only logs without receives left, each in its own message."""
    rule = Rule(PUTS_ASIDE, fault, None)
    with scratch() as folder:
        trial = _trial(folder, packing, rule)
        told = _a_packed_day(trial)
        assert rule.met
        assert not told, f"I7: {told[0]} is stored and was dead-lettered"
        assert not trial.lost()


@pytest.mark.parametrize("packing", PACKINGS[1:])
def test_where_neither_queue_takes_anything_nothing_is_lost_and_a_redrive_stores_the_rest(packing: int) -> None:
    """If both queues refuse, SQS moves whole messages, and after a redrive each log is stored once."""
    rules = [Rule(SENDS_BACK, "denied", None), Rule(PUTS_ASIDE, "denied", None)]
    with scratch() as folder:
        trial = _trial(folder, packing, *rules)
        told = _a_packed_day(trial)
        assert told, "the day was too kind: no message went whole"
        assert not trial.lost()
        trial.injector.rules = []
        trial.stack.settings = replace(trial.stack.settings, crash_probability=0)
        trial.redrive(Filter())
        judgement = trial.judgement()
        assert judgement.passed, [check for check in judgement.checks if check.broken]


@pytest.mark.parametrize("packing", PACKINGS[1:])
def test_answers_that_are_lost_for_ever_make_two_copies_of_a_log_a_receive_at_most(packing: int) -> None:
    """If answers are always lost, a log gets at most ten copies, and after a redrive it is stored once."""
    rule = Rule(SENDS_BACK, "lost_answer", None)
    with scratch() as folder:
        trial = _trial(folder, packing, rule)
        _a_packed_day(trial)
        sent_back = [
            sum(what == "send back" for what, _ in told)
            for log, told in trial.journal.happened.items()
            if log[1].startswith("mixed")
        ]  # No client sent one of these twice.
        assert 1 < max(sent_back) <= 2 * trial.world.max_receives
        assert not trial.lost()
        trial.injector.rules = []
        trial.stack.settings = replace(trial.stack.settings, crash_probability=0)
        trial.redrive(Filter())
        assert trial.judgement().passed


@pytest.mark.parametrize("by_sqs", [False, True], ids=["by message", "by SQS's own task"])
def test_a_redrive_gives_a_log_that_was_sent_back_all_its_receives_again(*, by_sqs: bool) -> None:
    """After SQS's redrive a log has all receives again, although its attributes still count the old ones."""
    with scratch() as folder:
        trial = Trial(_SEED, folder, logs_per_message=7, crash_probability=1)
        trial.injector.rules = [Rule(PUTS_ASIDE, "denied", None)]  # SQS itself then dead-letters, with all attributes.
        trial.send_mixed()
        trial.drain()
        assert len(trial.world.dlq.messages) == 6
        trial.injector.rules = []
        before = {log: len(told) for log, told in trial.journal.happened.items()}
        if by_sqs:
            trial.move_dead_letters()
        else:
            trial.redrive(Filter())
        healthy = [log for log in before if log[1].startswith("mixed") and not log[1].endswith("-2")]
        for log in healthy:
            told = [what for what, _ in trial.journal.happened[log][before[log] :]]
            assert told.count("receive") - told.count("give up") == trial.world.max_receives, (log, told)
