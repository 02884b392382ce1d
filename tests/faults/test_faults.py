"""Every fault at every step of ingest, consumer and replay: once, three times and for ever, and no promise broken."""

import os
from typing import Final

import pytest

from tests.faults.injector import Fault, faults_of
from tests.faults.matrix import STEPS, cases, run
from tests.faults.scratch import scratch
from tests.faults.trial import SECRET, Trial

SEEDS: Final = int(os.environ.get("RDP_FAULT_SEEDS", "2"))

_PAIRS: Final = [(step, fault) for step in STEPS for fault in faults_of(step.partition(" ")[2])]


@pytest.mark.parametrize(("step", "fault"), _PAIRS, ids=[f"{step.replace(' ', '.')}-{fault}" for step, fault in _PAIRS])
def test_a_fault_breaks_no_promise(step: str, fault: Fault) -> None:
    """Whatever fails, as often as it fails: nothing is lost, doubled, overwritten or dead-lettered without reason."""
    broken: list[str] = []
    for case in cases((step,)):
        if case.fault != fault:
            continue
        for seed in range(SEEDS):
            with scratch() as folder:
                broken += [f"{case.name}, seed {seed}: {why}" for why in run(case, seed, folder)]
    assert not broken, "\n".join(broken[:20])


def test_no_log_line_holds_a_logs_text() -> None:
    """What the Lambdas write to their logs, with faults on every service, holds ids and counts, and never a text."""
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
