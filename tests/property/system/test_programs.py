"""Random programs of sends, deliveries, duplicates, crashes, faults, redrives and replays never lose a log."""

import os
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from bench.judge.judgement import as_text
from consumer.crash import CrashMode, CrashPoint
from infra.dead_letter import Filter
from ingest.contract.message import decode
from tests.faults.injector import BATCHES, Fault, Moment, Rule, faults_of
from tests.faults.matrix import STEPS
from tests.faults.scratch import scratch
from tests.faults.trial import PACKINGS, SECRET, Trial, failures_survived

PROGRAMS: Final = int(os.environ.get("RDP_PROGRAMS", "200"))
STEPS_A_PROGRAM: Final = 30

_OFTEN: Final = st.sampled_from([1, 3, None])
_OF_ENTRIES: Final[tuple[Fault, ...]] = ("partial", "partial_lost", "unreported")
_BATCHES: Final = [step for step in STEPS if step.partition(" ")[2] in BATCHES]
# Faults of single entries and unforeseen exceptions have their own rules, or they would seldom be drawn.
_CALLS: Final = [
    (step, fault)
    for step in STEPS
    for fault in faults_of(step.partition(" ")[2])
    if fault not in {"slow", "garbled", *_OF_ENTRIES}
]
_MOST_SHARDS: Final = 6


class Programs(RuleBasedStateMachine):
    """One random life of the system: after each step every accepted log is somewhere, and no item has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = ExitStack()
        self._folder = self._opened.enter_context(scratch())
        self._kept = self._folder / "kept"
        self._kept.mkdir()
        self._items: dict[tuple[str, str], Any] = {}

    @initialize(
        seed=st.integers(0, 1_000),
        shards=st.integers(1, 3),
        sub_keys=st.integers(1, 3),
        crash_probability=st.sampled_from([0.0, 0.05, 0.4]),
        crash_point=st.sampled_from(get_args(CrashPoint)),
        crash_mode=st.sampled_from(get_args(CrashMode)),
        logs_per_message=st.sampled_from(PACKINGS),
    )
    def start(self, seed: int, **chosen: Any) -> None:
        """Begin with an empty world."""
        self.trial = Trial(seed, self._folder, **chosen)

    @rule(kind=st.sampled_from(["json", "text", "batch"]), retries=st.integers(0, 2))
    def send(self, kind: Any, retries: int) -> None:
        """Send the workload's next request; a sender may try again."""
        self.trial.send(kind, retries=retries)

    @rule(tenant=st.integers(1, 2), log_id=st.integers(1, 2), text=st.integers(1, 2))
    def send_same(self, tenant: int, log_id: int, text: int) -> None:
        """Send a log that was perhaps sent before, with the same text or another."""
        self.trial.send_text(f"t-t0{tenant}", f"same-{log_id}", f"{SECRET} {text} for {tenant}/{log_id}")

    @rule()
    def send_some(self) -> None:
        """Send some of every kind, so that later batches are mixed."""
        self.trial.send("json")
        self.trial.send("batch")
        self.trial.send_long()
        self.trial.send_refused_by_table()
        self.trial.send_poison()

    @rule()
    def send_mixed(self) -> None:
        """Send a batch of which some logs leave their shared message."""
        self.trial.send_mixed()

    @rule()
    def send_long(self) -> None:
        """Send a log that is deferred."""
        self.trial.send_long()

    @rule()
    def send_poison(self) -> None:
        """Put a body on the queue that is no log."""
        self.trial.send_poison()

    @rule()
    def send_refused_by_table(self) -> None:
        """Send a log that the table refuses, together with other logs in its call."""
        self.trial.send_refused_by_table()

    @rule(batches=st.integers(1, 4), batch_size=st.integers(1, 30), order=st.integers(0, 1_000))
    def deliver(self, batches: int, batch_size: int, order: int) -> None:
        """Deliver some batches in any order."""

        def shuffled(messages: list[Any]) -> list[Any]:
            return random.Random(order).sample(messages, len(messages))

        self.trial.world.queue.order = shuffled
        for _ in range(batches):
            self.trial.stack.deliver(batch_size=batch_size)

    @precondition(lambda self: self.trial.world.queue.deleted)
    @rule(which=st.integers(0, 1_000))
    def deliver_again(self, which: int) -> None:
        """Deliver a deleted message again, as a standard queue may."""
        deleted = list(self.trial.world.queue.deleted)
        self.trial.world.queue.revive(deleted[which % len(deleted)])

    @rule(seconds=st.sampled_from([1, 60, 301, 3_600, 50_000]))
    def let_time_pass(self, seconds: int) -> None:
        """Let visibility time-outs and iterators expire."""
        self.trial.clock.sleep(seconds)

    @rule(calls=st.integers(0, 8), moment=st.sampled_from(["before", "after"]))
    def crash(self, calls: int, moment: Moment) -> None:
        """Kill the process that makes one of the next calls."""
        self.trial.injector.kill_at = (len(self.trial.injector.steps) + calls, moment)

    @rule(what=st.sampled_from(_CALLS), times=_OFTEN)
    def fail(self, what: tuple[str, Fault], times: int | None) -> None:
        """Make a step fail as a whole."""
        self.trial.injector.rules.append(Rule(*what, times))

    @rule(step=st.sampled_from(_BATCHES), fault=st.sampled_from(_OF_ENTRIES), times=_OFTEN, entry=st.integers(0, 4))
    def fail_an_entry(self, step: str, fault: Fault, times: int | None, entry: int) -> None:
        """Make a step fail for one entry of its batch."""
        self.trial.injector.rules.append(Rule(step, fault, times, entry))

    @rule(step=st.sampled_from(STEPS), times=_OFTEN)
    def fail_oddly(self, step: str, times: int | None) -> None:
        """Make a step raise an unforeseen exception."""
        self.trial.injector.rules.append(Rule(step, "garbled", times))

    @precondition(lambda self: len(self.trial.injector.rules) > 2)
    @rule()
    def heal(self) -> None:
        """End every fault."""
        self.trial.injector.rules.clear()
        self.trial.injector.kill_at = None

    @rule()
    def move_task(self) -> None:
        """Have SQS move everything in the DLQ back to the queue; the command may fail or die on the way."""
        with failures_survived():
            self.trial.stack.move_dead_letters()

    @rule(tenant_id=st.sampled_from([None, "t-t01", "t-t02"]))
    def redrive(self, tenant_id: str | None) -> None:
        """Send dead letters back to the queue; it may fail or die on the way."""
        with failures_survived():
            self.trial.stack.redrive(Filter(tenant_id=tenant_id))

    @rule(which=st.integers(0, 1_000), merge=st.booleans())
    def reshard(self, which: int, merge: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        """Split a shard, or merge two neighbours."""
        kinesis = self.trial.world.kinesis
        shards = sorted((s for s in kinesis.shards.values() if not s.closed), key=lambda s: s.first)
        if merge and len(shards) > 1:
            first = which % (len(shards) - 1)
            kinesis.merge(shards[first].shard_id, shards[first + 1].shard_id)
        elif len(kinesis.shards) < _MOST_SHARDS:
            kinesis.split(shards[which % len(shards)].shard_id)

    @rule()
    def replay(self) -> None:
        """Continue this life's replay to a file; it may fail or die on the way."""
        with failures_survived():
            self.trial.stack.replay_to_file(self._kept)

    @rule()
    def replay_to_queue(self) -> None:
        """Send the whole stream to the queue again; it may fail or die on the way."""
        with failures_survived():
            self.trial.stack.replay_to_queue(self.trial.folder_for("again"))

    @invariant()
    def every_accepted_log_is_somewhere(self) -> None:
        """I11 and I12: each accepted log is stored, queued or in the DLQ, and no answer deleted any other."""
        assert not self.trial.lost()
        assert not self.trial.witnessed["I12"]

    @invariant()
    def no_item_changes(self) -> None:
        """I6: an item in the table is never overwritten."""
        items = self.trial.world.dynamodb.items
        assert all(items[key] is item for key, item in self._items.items())
        self._items = dict(items)

    def teardown(self) -> None:
        """End every fault, redrive, drain, and let the judge check everything."""
        try:
            if hasattr(self, "trial"):
                self._judge()
        finally:
            self._opened.close()

    def _judge(self) -> None:
        trial = self.trial
        self.heal()
        trial.stack.settings = replace(trial.stack.settings, crash_probability=0.0)
        trial.drain()
        trial.redrive(Filter())
        trial.check_replays()
        self._check_kept(trial.stack.replay_to_file(self._kept))
        judgement = trial.judgement()
        assert judgement.passed, as_text(judgement)

    def _check_kept(self, target: Path) -> None:
        """I9: a replay in many pieces has every log once, as one in a single piece does."""
        pieces = [(log.tenant_id, log.log_id, log.text) for log in map(decode, target.read_bytes().splitlines())]
        whole = [(log.tenant_id, log.log_id, log.text) for log in map(decode, self.trial.replay("whole").splitlines())]
        assert len(pieces) == len(set(pieces))
        assert set(pieces) == set(whole)


Programs.TestCase.settings = settings(
    max_examples=PROGRAMS,
    stateful_step_count=STEPS_A_PROGRAM,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestPrograms = Programs.TestCase
