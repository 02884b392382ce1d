"""One run of a scenario: its tasks, the moves that are possible now, and a digest of its state.

A move is one of these: a task carries out its pending call; the call's answer is lost; the call is refused; the caller
is killed; a receive returns one of the visible messages, or all of them; time passes to the next moment at which
something happens; SQS delivers a message again, even if it is in flight or deleted.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import greenlet
import msgspec

from bench.judge.history import NO_ANSWER, SentLog, digest
from bench.load.answers import read_answer
from bench.load.workload import PlannedLog, PlannedRequest
from infra.dead_letters import VISIBILITY_S
from tests.faults.injector import Killed
from tests.faults.model_sqs import Message
from tests.faults.world import failed_identifiers, sqs_event
from tests.interleavings.conformance import Journal
from tests.interleavings.programs import CONSUMER_TIMEOUT_S, INGEST_TIMEOUT_S, Programs
from tests.interleavings.tasks import OUR_BUGS, How, Pending, Task, hows
from tests.interleavings.whereabouts import is_accounted_for

ACCEPTED: Final = 202
_SERVER_ERROR: Final = 500
_NOBODY: Final = Task("nobody", "", lambda _: None)


class Text(NamedTuple):
    """One log to send."""

    tenant_id: str
    log_id: str
    text: str


@dataclass(frozen=True)
class Scenario:
    """A small world: its programs, and how many faults one run may have.

    Each sender is an ingest with one request after another. A request has one log, or all logs of the sender if
    `logs_per_message` lets them share a message. A request without a 202 is repeated `retries` times. `consumers` is
    the number of Lambda's pollers; each makes so many `deliveries` of at most `batch_size` messages. `dead` are
    accepted logs that an earlier outage dead-lettered.
    """

    name: str
    senders: tuple[tuple[Text, ...], ...] = ()
    dead: tuple[Text, ...] = ()
    poison: int = 0
    consumers: int = 2
    deliveries: int = 2
    batch_size: int = 5
    singles: bool = True
    redrive: bool = False
    rebuild: bool = False
    retries: int = 0
    shards: int = 1
    kills: int = 0
    faults: int = 0
    again: int = 0
    ticks: int = 0
    seconds_per_char: float = 0
    crash_probability: float = 0
    crash_seed: str = ""
    logs_per_message: int = 1


class Move(NamedTuple):
    """One step of the scheduler; `messages` are those that a receive returns, or the one that is delivered again."""

    kind: str
    task: int = -1
    how: How = "go"
    messages: tuple[str, ...] = ()


@dataclass
class Budget:
    """The faults that may still happen."""

    kills: int
    faults: int
    again: int
    ticks: int


@dataclass
class Run:
    """The state of one run from its beginning; with `tells` it also describes its moves in words."""

    scenario: Scenario
    programs: Programs
    tells: bool = False
    sent: list[SentLog] = field(default_factory=list)
    unaccounted: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        scenario = self.scenario
        self.programs.reset(scenario.shards)
        self.world, self.clock = self.programs.world, self.programs.time.clock
        self.journal = Journal(self.world, lambda: getattr(greenlet.getcurrent(), "task", _NOBODY).component)
        self.budget = Budget(scenario.kills, scenario.faults, scenario.again, scenario.ticks)
        self.items: dict[tuple[str, str], Any] = {}
        self._prepare()
        self.tasks = [
            *(Task(f"ingest{n}", "ingest", self._sender(texts)) for n, texts in enumerate(scenario.senders)),
            *(Task(f"consumer{n}", "consumer", self._poller) for n in range(scenario.consumers)),
            *([Task("redrive", "redrive", self._operator(self.programs.redrive))] if scenario.redrive else []),
            *([Task("rebuild", "rebuild", self._operator(self.programs.rebuild))] if scenario.rebuild else []),
        ]
        for task in self.tasks:
            task.start()
            assert task.pending is not None, f"{task.name} made no call: {task.failure!r}"

    def moves(self) -> list[Move]:
        """Return every move that is possible now; the first one continues the first task that can go on."""
        moves = [move for n, task in enumerate(self.tasks) for move in self._steps(n, task)]
        wrong: list[Move] = []
        for n, task in enumerate(self.tasks):
            if task.pending is not None and (task.component != "consumer" or task.deadline_s is not None):
                wrong += [Move("task", n, how) for how in hows(task.pending) if self._may(how)]
        if self._next_s() is not None and (not moves or self.budget.ticks > 0):
            moves.append(Move("time"))
        if self.budget.again > 0:
            up = {message.message_id for message in self.world.queue.visible}
            known = {*self.world.queue.messages, *self.world.queue.deleted} - up
            wrong += [Move("again", messages=(message_id,)) for message_id in sorted(known)]
        # When no normal move is left, the run has ended, and possible faults no longer matter.
        return [*moves, *wrong] if moves else []

    def take(self, move: Move) -> None:
        """Make one of the possible moves."""
        if self.tells:
            self.described.append(self._described(move))
        if move.kind == "time":
            self._let_time_pass()
        elif move.kind == "again":
            self.budget.again -= 1
            self._deliver_again(move.messages[0])
        else:
            if move.how == "kill":
                self.budget.kills -= 1
            elif move.how != "go":
                self.budget.faults -= 1
            self.tasks[move.task].go_on(move.messages or move.how)

    def digest(self) -> bytes:
        """Return a digest of the whole state; `explorer` says why equal digests have equal futures."""
        tasks = [(task.history, task.pending and task.pending.name, task.dead) for task in self.tasks]
        whole = (self.world.digest(), tasks, self.budget, self._answers())
        return blake2b(repr(whole).encode(), digest_size=16).digest()

    def end(self) -> None:
        """End every program that still runs."""
        for task in self.tasks:
            task.end()

    def _answers(self) -> list[tuple[str, str, bytes, int]]:
        return sorted((log.tenant_id, log.log_id, log.digest, log.status) for log in self.sent)

    def _steps(self, number: int, task: Task) -> Iterator[Move]:
        pending = task.pending
        if pending is None or not pending.enabled():
            return
        if pending.choices is None:
            yield Move("task", number)
        else:
            yield from (Move("task", number, messages=messages) for messages in pending.choices())

    def _may(self, how: How) -> bool:
        return self.budget.kills > 0 if how == "kill" else self.budget.faults > 0

    def _next_s(self) -> float | None:
        now_s = self.clock.now_s
        times = [m.visible_at_s for queue in (self.world.queue, self.world.dlq) for m in queue.messages.values()]
        times += [float(t.pending.name[6:]) for t in self.tasks if t.pending and t.pending.name.startswith("until ")]
        return min((time for time in times if time > now_s), default=None)

    def _let_time_pass(self) -> None:
        next_s = self._next_s()
        assert next_s is not None
        if any(True for n, task in enumerate(self.tasks) for _ in self._steps(n, task)):
            self.budget.ticks -= 1
        self.clock.now_s = next_s
        for task in self.tasks:
            if task.deadline_s is not None and next_s >= task.deadline_s and task.pending is not None:
                task.go_on("kill")  # Lambda's time-out.

    def _deliver_again(self, message_id: str) -> None:
        queue = self.world.queue
        if message_id in queue.messages:
            queue.messages[message_id].visible_at_s = 0
        else:
            queue.revive(message_id)

    def _prepare(self) -> None:
        """Put the logs of the earlier outage into the dead-letter queue, and poison into the queue."""
        for number, text in enumerate(self.scenario.dead):
            whole = Task(f"before{number}", "ingest", partial(self._send, request=_single(text)))
            whole.start()
            while whole.pending is not None:
                whole.go_on("go")
        for message in list(self.world.queue.messages.values()):
            del self.world.queue.messages[message.message_id]
            self.world.dlq.take_over(message)
        for number in range(self.scenario.poison):
            body = f'{{"number": {number}}}'
            self.world.queue.send(body)
            self.sent.append(SentLog("", "", digest(body), ACCEPTED, fate="undecodable"))

    def _sender(self, texts: Sequence[Text]) -> Callable[[Task], object]:
        def run(task: Task) -> None:
            requests = [_batch(texts)] if self.scenario.logs_per_message > 1 else list(map(_single, texts))
            for request in requests:
                for _ in range(1 + self.scenario.retries):
                    if self._send(task, request) < _SERVER_ERROR:
                        break

        return run

    def _send(self, task: Task, request: PlannedRequest) -> int:
        """Send a request and return the status that its sender sees; no answer counts as a 5xx."""
        task.revive()
        task.deadline_s = self.clock.now_s + INGEST_TIMEOUT_S
        status, body = NO_ANSWER, b""
        try:
            response = self.programs.ingest(_event(request))
            task.act("answer", lambda: None)
            status, body = response["statusCode"], response["body"].encode()
        except (Exception, Killed) as error:
            if isinstance(error, OUR_BUGS):
                raise
            task.failure = error
        task.deadline_s = None
        answered = read_answer(request, status, body, sent_ms=0).logs
        self.sent += answered
        for log in answered:
            if log.status == ACCEPTED:
                self.journal.accepted(log.tenant_id, log.log_id, log.digest)
        task.note(str(status))
        return status or _SERVER_ERROR

    def finish(self, component: str, program: Callable[[Task], object]) -> None:
        """Run one more program alone to its end; time passes as it needs."""
        task = Task(f"{component}.after{len(self.tasks)}", component, program)
        self.tasks.append(task)
        task.start()
        while task.pending is not None:
            while not task.pending.enabled():
                next_s = self._next_s()
                assert next_s is not None, f"{task.name} waits for ever: {task.pending.name}"
                self.clock.now_s = next_s
            task.go_on("go" if task.pending.choices is None else task.pending.choices()[0])
        if task.failure is not None:
            raise task.failure

    def drain(self) -> None:
        """Deliver until the queue is empty."""
        self.finish("consumer", self._drainer)

    def settle(self) -> None:
        """Redrive the dead letters of an outage until a redrive survives, then deliver until the queue is empty."""
        self.drain()
        if self.scenario.dead:
            self.clock.now_s += VISIBILITY_S  # Messages that a killed redrive had received become visible again.
            self.finish("redrive", lambda _: self.programs.redrive())
            self.drain()

    def _drainer(self, task: Task) -> None:
        while self.world.queue.messages:
            self._deliver_to(task)

    def _poller(self, task: Task) -> None:
        for _ in range(self.scenario.deliveries):
            self._deliver_to(task)

    def _deliver_to(self, task: Task) -> None:
        """Act as Lambda's event source mapping: receive, invoke, delete the messages that the answer does not name."""
        task.revive()
        batch = self._receive(task)
        if not batch:
            return
        task.note(repr([(m.message_id, m.receive_count, m.first_receive_ms) for m in batch]))
        task.deadline_s = self.clock.now_s + CONSUMER_TIMEOUT_S
        try:
            answer = self.programs.consume(sqs_event(batch))
            task.deadline_s = None  # Deleting is the poller's work and has no deadline.
            failed = failed_identifiers(answer, {message.message_id for message in batch})
            for message in batch:
                if message.message_id not in failed:
                    task.act("poller.delete", lambda message=message: self._delete(message))  # type: ignore[misc] # bound at once
        except (Exception, Killed) as error:
            if isinstance(error, OUR_BUGS):
                raise

    def _receive(self, task: Task) -> list[Message]:
        queue, size = self.world.queue, self.scenario.batch_size

        def choices() -> list[tuple[str, ...]]:
            up = sorted(message.message_id for message in queue.visible)
            singles = [(message_id,) for message_id in up] if self.scenario.singles or len(up) == 1 else []
            return [*([tuple(up[:size])] if len(up) > 1 and size > 1 else []), *singles]

        while True:
            chosen = task.stop(Pending("poller.receive", lambda: bool(queue.visible), choices))
            assert isinstance(chosen, tuple)
            queue.order = partial(_only, chosen)
            batch = queue.receive(len(chosen))
            if batch or not queue.messages:  # Otherwise SQS dead-lettered the message: it had no receives left.
                return batch

    def _delete(self, message: Message) -> None:
        if not is_accounted_for(message, self.world):
            self.unaccounted.append(f"{message.message_id} was deleted and stands nowhere else")
        self.world.queue.delete(message.receipt)

    def _operator(self, program: Callable[[], object]) -> Callable[[Task], object]:
        return lambda _: program()

    def _described(self, move: Move) -> str:
        if move.kind == "time":
            return f"time passes to {(self._next_s() or 0) - self.clock.now_s:+.3f} s"
        if move.kind == "again":
            return f"SQS delivers {move.messages[0]} again"
        task = self.tasks[move.task]
        assert task.pending is not None
        what = f"{task.name}: {task.pending.name} {' '.join(move.messages)}".rstrip()
        return what if move.how == "go" else f"{what} ({move.how})"


def _only(chosen: tuple[str, ...], messages: list[Message]) -> list[Message]:
    return sorted((m for m in messages if m.message_id in chosen), key=lambda m: m.message_id)


def _single(text: Text) -> PlannedRequest:
    headers = {"content-type": "text/plain", "x-tenant-id": text.tenant_id, "x-log-id": text.log_id}
    return PlannedRequest("text", headers, text.text.encode(), (PlannedLog(*text),))


def _batch(texts: Sequence[Text]) -> PlannedRequest:
    lines = b"\n".join(msgspec.json.encode(text._asdict()) for text in texts)
    logs = tuple(PlannedLog(*text) for text in texts)
    return PlannedRequest("batch", {"content-type": "application/x-ndjson"}, lines, logs)


def _event(request: PlannedRequest) -> dict[str, Any]:
    """Return the HTTP API event (payload format 2.0) that carries the request."""
    return {
        "version": "2.0",
        "routeKey": "POST /ingest",
        "rawPath": "/ingest",
        "headers": request.headers,
        "requestContext": {"requestId": "request-1", "http": {"method": "POST", "path": "/ingest"}},
        "body": base64.b64encode(request.body).decode(),
        "isBase64Encoded": True,
    }
