"""Every fault at every step of ingest, consumer and replay: once, three times and for ever, and no promise broken."""

import itertools
import os
from typing import Final

import pytest

from tests.faults.injector import Fault, Rule, faults_of
from tests.faults.matrix import STEPS, a_day, cases, logs_per_message, run
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

SEEDS: Final = int(os.environ.get("RDP_FAULT_SEEDS", "1"))
"""How many days of other traffic each case has: `make soak` has many."""

_PAIRS: Final = [(step, fault) for step in STEPS for fault in faults_of(step.partition(" ")[2])]


@pytest.mark.parametrize(("step", "fault"), _PAIRS, ids=[f"{step.replace(' ', '.')}-{fault}" for step, fault in _PAIRS])
def test_a_fault_breaks_no_promise(step: str, fault: Fault) -> None:
    """However often a step fails, no log is lost, doubled, overwritten or dead-lettered without reason."""
    broken: list[str] = []
    for case in cases((step,)):
        if case.fault != fault:
            continue
        for seed in range(SEEDS):
            with scratch() as folder:
                broken += [
                    f"{case.name}, seed {seed}: {why}" for why in run(case, seed, folder, logs_per_message(case, seed))
                ]
    assert not broken, "\n".join(broken[:20])


def test_no_log_line_holds_a_logs_text() -> None:
    """With faults on every service, the Lambdas' log lines hold ids and counts, but never a text."""
    with scratch() as folder:
        trial = Trial(0, folder)
        for step in STEPS:
            trial.injector.rules += [rule for case in cases((step,)) if case.times == 1 for rule in [case.rule()]]
        trial.send_text("t-t01", "one", f"{SECRET} 1")
        trial.send_text("t-t01", "one", f"{SECRET} 2")
        trial.send_refused_by_table()
        trial.send_long()
        trial.send_poison(f'{{"text": "{SECRET}"')
        trial.drain()
        lines = "\n".join(trial.stack.lines)
    assert "log_not_stored" in lines
    assert "refusals" in lines
    assert SECRET not in lines


@pytest.mark.parametrize(
    "fault",
    ["refused", "lost_answer", "timeout", "unreachable", "throttled", "slow", "partial", "partial_lost", "unreported"],
)
def test_a_queue_that_fails_once_is_not_the_senders_trouble(fault: Fault) -> None:
    """A short fault of the queue is retried within the request, and the sender gets its 202."""
    with scratch() as folder:
        trial = Trial(0, folder)
        trial.injector.rules = [Rule("ingest sqs.send_message_batch", fault)]
        trial.send_text("t-t01", "one", SECRET, retries=0)
        trial.drain()
        assert [log.status for log in trial.sent] == [202]
        assert trial.judgement().passed


@pytest.mark.parametrize("fault", ["refused", "lost_answer", "timeout", "unreachable", "throttled", "partial"])
def test_a_table_that_fails_once_costs_no_receive(fault: Fault) -> None:
    """A short fault of the table is retried within the invocation, and no message comes back."""
    with scratch() as folder:
        trial = Trial(0, folder, crash_probability=0)
        trial.injector.rules = [Rule("consumer dynamodb.batch_execute_statement", fault)]
        for number in range(5):
            trial.send_text("t-t01", f"log-{number}", SECRET)
        trial.stack.deliver()
        assert not trial.world.queue.messages
        assert trial.judgement().passed


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("kinesis.get_records", "expired_iterator"),
        *itertools.product(
            ["kinesis.list_shards", "kinesis.get_shard_iterator", "kinesis.get_records"],
            ["refused", "lost_answer", "unreachable", "throttled"],
        ),
    ],
)
def test_a_stream_that_fails_three_times_does_not_end_a_replay(operation: str, fault: Fault) -> None:
    """The replay waits until a short fault has ended; its output is the same as without the fault."""
    with scratch() as folder:
        trial = Trial(0, folder)
        a_day(trial)
        unharmed = trial.stack.replay_to_file(trial.folder_for("unharmed")).read_bytes()
        trial.injector.rules = [Rule(f"replay {operation}", fault, times=3)]
        assert trial.stack.replay_to_file(trial.folder_for("harmed")).read_bytes() == unharmed
