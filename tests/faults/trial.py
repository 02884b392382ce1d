"""One trial: traffic through the real programs, and its judgement by the judge of histories.

DECISIONS, "What the oracles do not judge", lists what is not judged here and in the other suites.
"""

import base64
import gzip
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.judge.history import NO_ANSWER, History, SentLog, digest
from bench.judge.judge import Counts, judge
from bench.judge.judgement import Judgement
from bench.load.answers import read_answer
from bench.load.mix import RequestKind
from bench.load.plan import Plan
from bench.load.workload import PlannedLog, PlannedRequest, Workload
from consumer import redact
from consumer.item import OF_STORING, attributes, beside, build, sent_log_id
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.select import read_log
from consumer.timestamps import epoch_ms
from infra.dead_letter import Filter
from infra.dead_letters import VISIBILITY_S
from ingest.contract.errors import Poison
from ingest.contract.message import InternalMessage, decode
from tests.clock import Clock
from tests.faults.injector import Injector, Killed
from tests.faults.model_sqs import Message
from tests.faults.stack import BROKEN_FILE, Stack
from tests.faults.world import REFUSED_TEXT, STREAM_NAME, World
from tests.interleavings.conformance import Journal, deviations
from tests.interleavings.whereabouts import Held, held_in, stored

if TYPE_CHECKING:
    from bench.judge.promises import Promise

SECRET: Final = "hunter2-never-log-this"
"""Part of every long text of a trial."""

_MARKS: Final = (SECRET, REFUSED_TEXT, "trace=")
"""Every text has one of these; the workload's texts have a trace id."""

LONG_TEXT: Final = f"{SECRET} {'long ' * 500}"
"""At 0.05 s a character it takes longer than an invocation, so the consumer defers it."""

PACKINGS: Final = (1, 7, 500)
"""`LogsPerMessage` of the trials: one log a message, several messages a batch, or one message a tenant and batch."""

_PACKED_BATCH: Final = 24  # Logs of three tenants; the first has more than seven.
_MAX_DELIVERIES: Final = 5_000
_MAX_RESTARTS: Final = 10
_ACCEPTED: Final = 202
_SERVER_ERROR: Final = 500

Whereabouts = set[tuple[str, str, bytes]]


class Trial:
    """A world with its programs and senders, and a record of what was seen."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        *,
        shards: int = 2,
        max_receives: int = 5,
        logs_per_message: int = 1,
        **stack: Any,
    ) -> None:
        self.logs_per_message = logs_per_message
        self.clock = Clock()
        self.injector = Injector(self.clock)
        self.world = World(self.clock, shards=shards, max_receives=max_receives)
        self.stack = Stack(self.world, self.injector, seed=seed, logs_per_message=logs_per_message, **stack)
        self.stack.on_delete = self._witness  # type: ignore[method-assign] # it is meant to be replaced
        self.journal = Journal(self.world, lambda: self.injector.component)
        self.stack.outlives = lambda: (self.journal,)  # type: ignore[method-assign] # as above
        self.sent: list[SentLog] = []
        self.noise: list[bytes] = []
        self.witnessed: dict[Promise, list[str]] = {"I9": [], "I10": [], "I12": []}
        self.folder = folder
        plan = Plan(
            seed=seed,
            name="t",
            tenants=3,
            max_chars=600,
            phone_share=0.5,
            duplicate_share=0.15,
            conflict_share=0.1,
            invalid_share=0.15,
            batch_logs=6 if logs_per_message == 1 else _PACKED_BATCH,
        )
        kinds: tuple[RequestKind, ...] = ("json", "text", "batch")
        self._workloads = {kind: Workload(plan, kind) for kind in kinds}
        self._random = Random(seed)

    def send(self, kind: RequestKind, *, retries: int = 1) -> None:
        """Send the workload's next request; repeat it after a 5xx or no answer, as shippers do."""
        self.post(self._workloads[kind].next(), retries=retries)

    def send_long(self, tenant_id: str = "t-t01") -> None:
        """Send a log that the consumer has to defer."""
        self.send_text(tenant_id, f"long-{len(self.sent)}", f"{LONG_TEXT}{len(self.sent)}")

    def send_text(self, tenant_id: str, log_id: str, text: str, *, retries: int = 1) -> None:
        """Send one log as text."""
        headers = {"Content-Type": "text/plain", "X-Tenant-ID": tenant_id, "X-Log-ID": log_id}
        log = PlannedLog(tenant_id, log_id, text)
        self.post(PlannedRequest("text", headers, text.encode(), (log,)), retries=retries)

    def send_refused_by_table(self) -> None:
        """Send a log because of which the table refuses every call that has it."""
        number = len(self.sent)
        self.send_text("t-t02", f"refused-by-table-{number}", f"{REFUSED_TEXT} {SECRET} {number}")

    def send_mixed(self, tenant_id: str = "t-t01") -> None:
        """Send one batch: a log that is deferred, one that the table refuses, and some normal ones."""
        number = len(self.sent)
        texts = [f"{SECRET} {number} {n}" for n in range(4)]
        texts[1:1] = [f"{LONG_TEXT}{number}", f"{REFUSED_TEXT} {SECRET} {number}"]
        logs = tuple(PlannedLog(tenant_id, f"mixed-{number}-{n}", text) for n, text in enumerate(texts))
        lines = [{"tenant_id": log.tenant_id, "log_id": log.log_id, "text": log.text} for log in logs]
        body = b"\n".join(map(msgspec.json.encode, lines))
        self.post(PlannedRequest("batch", {"Content-Type": "application/x-ndjson"}, body, logs), retries=1)

    def post(self, request: PlannedRequest, *, retries: int) -> None:
        """Send a request; record it with its answer."""
        for _ in range(1 + retries):
            response = self.stack.ingest(_event(request))
            status = NO_ANSWER if response is None else response["statusCode"]
            body = b"" if response is None else response["body"].encode()
            answer = read_answer(request, status, body, sent_ms=self.clock.now_ms())
            self.sent += [
                log._replace(fate=_fate(sent.text)) for log, sent in zip(answer.logs, request.logs, strict=True)
            ]
            for log in answer.logs:
                if log.status == _ACCEPTED:
                    self.journal.accepted(log.tenant_id, log.log_id, log.digest)
            if 0 < status < _SERVER_ERROR:
                return

    def send_poison(self, body: str | None = None) -> None:
        """Put a message on the queue that is no log."""
        body = body if body is not None else f'{{"text": "{SECRET}", "number": {len(self.sent)}}}'
        self.world.queue.send(body)
        self.sent.append(SentLog("", "", digest(body), _ACCEPTED, fate="undecodable"))

    def put_noise(self, tenant_id: str = "t-t01") -> None:
        """Put data on the stream that is no log; the only promise for it is that a replay keeps it."""
        noise = f"{SECRET} {len(self.noise)}".encode()
        self.noise.append(noise)
        self.world.kinesis.put_records(StreamName=STREAM_NAME, Records=[{"PartitionKey": tenant_id, "Data": noise}])

    def drain(self, *, batch_size: int = 5) -> None:
        """Deliver and let time pass until the queue is empty."""
        queue = self.world.queue
        for _ in range(_MAX_DELIVERIES):
            next_s = queue.next_visible_s
            if next_s is None:
                return
            self.clock.now_s = max(self.clock.now_s, next_s)
            self.stack.deliver(batch_size=batch_size)
        raise AssertionError(f"{len(queue.messages)} messages still come back after {_MAX_DELIVERIES} deliveries")

    def lost(self) -> list[str]:
        """Return which accepted texts are neither stored, nor in the queue, nor in the DLQ: I11, log by log."""
        there = self._whereabouts()
        return [
            f"{log.tenant_id}/{log.log_id} is nowhere"
            for log in self.sent
            if log.status == _ACCEPTED and (log.tenant_id, log.log_id, log.digest) not in there
        ]

    def redrive(self, *wanted: Filter) -> None:
        """Send the wanted dead letters back and deliver them, restarting the redrive whenever it fails or dies."""
        for filtered in wanted:
            for _ in range(_MAX_RESTARTS):
                with failures_survived():
                    if not self.stack.redrive(filtered).refused:
                        break
                assert not (lost := self.lost()), f"I11: {lost[0]}"
                self._heal()
                self.clock.sleep(VISIBILITY_S + 1)  # Messages that the dead redrive had received become visible again.
            else:
                raise AssertionError("the redrive never ends")
            self.clock.sleep(VISIBILITY_S + 1)  # So do messages that the last one could not give back.
        self.drain()

    def move_dead_letters(self) -> None:
        """Let SQS move all dead letters back and deliver them; restart the command whenever it fails or dies."""
        for _ in range(_MAX_RESTARTS):
            with failures_survived():
                self.stack.move_dead_letters()
                break
            assert not (lost := self.lost()), f"I11: {lost[0]}"
            self._heal()
        else:
            raise AssertionError("the move of the dead letters never ends")
        self.drain()

    def check_replays(self) -> None:
        """Replay twice to files and rebuild the emptied table; record differences as I9 and I10."""
        self.check_replay(self.replay("first"), gz=True)
        self.check_rebuild()

    def check_replay(self, before: bytes, *, gz: bool = False) -> None:
        """Replay to a file; record as I9 whether the output is another than `before`, or not what it must be."""
        output = self.replay("again", gz=gz)
        if output != before:
            self.witnessed["I9"].append(f"two replays of one stream differ: {len(before)} and {len(output)} bytes")
        logs = [(log.tenant_id, log.log_id, digest(log.text)) for log in map(decode, output.splitlines())]
        if len(set(logs)) < len(logs):
            self.witnessed["I9"].append("a replay gives a log twice")
        if missing := stored(self.world) - set(logs):
            self.witnessed["I9"].append(f"a replay lacks {len(missing)} stored logs")

    def replay(self, name: str, *, gz: bool = False) -> bytes:
        """Return the unpacked output of a replay to a file, which is restarted whenever it fails or dies."""
        folder = self.folder_for(name)
        for _ in range(_MAX_RESTARTS):
            with failures_survived() as failures:
                written = self.stack.replay_to_file(folder, gz=gz).read_bytes()
                self._check_broken(folder / BROKEN_FILE)
                return gzip.decompress(written) if gz else written
            self._heal()
        raise AssertionError(f"I9: a replay never ends: {failures}")

    def _check_broken(self, file: Path) -> None:
        kept = (
            [msgspec.json.decode(line)["data_base64"] for line in file.read_bytes().splitlines()] if self.noise else []
        )
        if sorted(map(base64.b64decode, kept)) != sorted(self.noise):
            self.witnessed["I9"].append(f"of {len(self.noise)} records that are no logs a replay keeps {len(kept)}")

    def check_rebuild(self) -> None:
        """Empty the table, rebuild it from the stream, compare; the content of the queue and the DLQ is set aside."""
        with self.journal.forgetting():
            self._rebuild_and_compare()

    def _rebuild_and_compare(self) -> None:
        items, dead = dict(self.world.dynamodb.items), dict(self.world.dlq.messages)
        before, contents = stored(self.world), self._contents()
        # A reader whose answer was lost left its letters hidden. The operator waits until they are there again.
        self.clock.now_s = max([self.clock.now_s, *(letter.visible_at_s for letter in dead.values())])
        self.world.dynamodb.items.clear()
        self.journal.empty(self.world.dlq)
        folder = self.folder_for("rebuild")
        for _ in range(_MAX_RESTARTS):
            with failures_survived():
                self.stack.replay_to_queue(folder)
                break
            self._heal()
        self.drain()
        after = stored(self.world)
        # A text that was sent twice may be stored with the time, source and fields of either copy.
        due = self._due_contents()
        differ = [log for found in (contents, self._contents()) for log, item in found.items() if item not in due[log]]
        # A log answered with a 5xx may be on the stream but in no queue; a rebuild then stores it, which I3 allows.
        uncertain = {
            (log.tenant_id, log.digest) for log in self.sent if log.status == NO_ANSWER or log.status >= _SERVER_ERROR
        }
        new = [log for log in after - before if (log[0], log[2]) not in uncertain]
        if missing := before - after:
            self.witnessed["I10"].append(f"after a rebuild {sorted(missing)} are missing")
        if new or differ:
            self.witnessed["I10"].append(
                f"after a rebuild {sorted(new)} are new, and {sorted(differ)} are not what the stream makes of them"
            )
        letters = (letter for name, letter in self.world.dlq.messages.items() if name not in dead)
        if sick := [one.place[:2] for letter in letters for one in held_in(letter.body) if not _is_poison(one)]:
            self.witnessed["I10"].append(f"a rebuild dead-letters {sorted(sick)}")
        if odd := deviations(self.journal):
            self.witnessed["I10"].append(f"a rebuild is no trace of the model: {odd[0]}")
        self.world.dynamodb.items, self.world.dlq.messages = items, dead

    def judgement(self) -> Judgement:
        """Return the judgement on the present state.

        Also, no log line may hold a log's text, and all recorded actions must be a trace of the protocol's model.
        """
        assert not (leaks := self.leaks()), f"a log's text in a log line: {leaks[0]}"
        queue, dlq = self.world.queue, self.world.dlq
        visible, waiting = (
            sum(len(held_in(message.body)) for message in messages)
            for messages in (queue.visible, queue.messages.values())
        )
        with History() as history:
            history.add_sent(self.sent)
            for (tenant_id, _), item in self.world.dynamodb.items.items():
                history.add_item(tenant_id, sent_log_id(item), item["original_text"]["S"], item["modified_data"]["S"])
            for message in dlq.messages.values():
                for letter in _dead_letters(message):
                    history.add_dead_letter(*letter)
            for tenant_id, log in self.streamed():
                history.add_stream_record(tenant_id, log.log_id, log.text)
            counts = Counts(visible, waiting - visible, len(self.world.dynamodb.items))
            judgement = judge(history, counts=counts, witnessed=self.witnessed)
        # Checked last: a broken promise says more, and this finds what the promises miss.
        assert not judgement.passed or not (odd := deviations(self.journal)), f"no trace of the model: {odd[0]}"
        return judgement

    def leaks(self) -> list[str]:
        """Return the Lambdas' log lines that hold part of a log's text, found by the marks that every text has."""
        return [line for line in self.stack.lines if any(mark in line for mark in _MARKS)]

    def streamed(self) -> Iterator[tuple[str, InternalMessage]]:
        """Yield (partition key, log) for every log on the stream."""
        for record in self.world.kinesis.records:
            if record["Data"] in self.noise:
                continue
            for piece in deaggregate(record["PartitionKey"], record["Data"]):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                assert not isinstance(log, Broken), f"what the code put on the stream is {log.reason}"
                yield record["PartitionKey"], log

    def _due_contents(self) -> defaultdict[tuple[str, str, bytes], list[bytes]]:
        """Return the allowed items of each log on the stream: those of each copy, plain or beside another text."""
        chosen = self.stack.settings
        redactor = redact.build(chosen.redaction_rules, chosen.redaction_patterns)
        due: defaultdict[tuple[str, str, bytes], list[bytes]] = defaultdict(list)
        for tenant_id, log in self.streamed():
            item = build(
                log,
                received_ms=epoch_ms(log.received_at),
                redactor=redactor,
                processed_at="",
                retention_days=chosen.retention_days,
            )
            due[tenant_id, log.log_id, digest(log.text)] += [
                _comparable(attributes(form)) for form in (item, beside(item))
            ]
        return due

    def _contents(self) -> dict[tuple[str, str, bytes], bytes]:
        """Return each stored log's item without the parts that depend on the order of the copies."""
        return {
            (tenant_id, sent_log_id(item), digest(item["original_text"]["S"])): _comparable(item)
            for (tenant_id, _), item in self.world.dynamodb.items.items()
        }

    def _whereabouts(self) -> Whereabouts:
        there = stored(self.world)
        for queue in (self.world.queue, self.world.dlq):
            there |= {held.place for message in queue.messages.values() for held in held_in(message.body)}
        return there

    def _witness(self, message: Message) -> None:
        held = held_in(message.body)
        there = stored(self.world) | {
            one.place for letter in self.world.dlq.messages.values() for one in held_in(letter.body)
        }
        if len(held) > 1:  # A log that left such a message may wait in its own.
            others = (other for other in self.world.queue.messages.values() if other.message_id != message.message_id)
            there |= {one.place for other in others for one in held_in(other.body)}
        for tenant_id, log_id, text in (one.place for one in held):
            if (tenant_id, log_id, text) not in there:
                self.witnessed["I12"].append(f"{tenant_id}/{log_id} was deleted and is neither stored nor in the DLQ")

    def folder_for(self, name: str) -> Path:
        """Return a fresh folder for a replay."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def _heal(self) -> None:
        """End permanent faults: a person restarts a replay that gave up when the cause is gone."""
        self.injector.kill_at = None
        self.injector.rules = [rule for rule in self.injector.rules if rule.times is not None]


@contextmanager
def failures_survived() -> Iterator[list[BaseException]]:
    """Run a block whose process may fail or die; the failure is put into the list that is given.

    The suite's own assertions still fail the test.
    """
    failures: list[BaseException] = []
    try:
        yield failures
    except AssertionError:
        raise
    except (Exception, Killed) as error:  # noqa: BLE001 - the process is gone; whoever asked starts it again
        failures.append(error)


def _event(request: PlannedRequest) -> dict[str, Any]:
    """Return the HTTP API event (payload format 2.0) that carries the request."""
    return {
        "version": "2.0",
        "routeKey": "POST /ingest",
        "rawPath": "/ingest",
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": {"requestId": "request-1", "http": {"method": "POST", "path": "/ingest"}},
        "body": base64.b64encode(request.body).decode(),
        "isBase64Encoded": True,
    }


def _is_poison(held: Held) -> bool:
    return not held.place[0] or REFUSED_TEXT in held.body


def _fate(text: str) -> Any:
    return "refused_by_table" if REFUSED_TEXT in text else "stored"


def _dead_letters(message: Message) -> Iterator[tuple[str, str, str, str]]:
    reason = message.attributes.get("reason", {}).get("StringValue", "")
    for held in held_in(message.body):
        try:
            log = decode(held.body)
        except Poison:
            yield "", "", held.body, reason
        else:
            yield log.tenant_id, log.log_id, log.text, reason


def _comparable(item: Mapping[str, Any]) -> bytes:
    """Return the item without the parts that depend on the time of storing and on the order of the copies."""
    left_out = {*OF_STORING, "log_id", "conflict_of"}
    return msgspec.json.encode({name: value for name, value in sorted(item.items()) if name not in left_out})
