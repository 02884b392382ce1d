"""The real programs on the model of AWS: each call is the life of one process, whose clients may fail or kill it."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar
from unittest.mock import patch

from consumer import erasures, handler, settings
from consumer.crash import CrashMode, CrashPoint
from consumer.replay import job
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.read import Page
from consumer.replay.readers import OpenPages
from infra import move_task
from infra.dead_letter import Filter
from infra.dead_letters import Redriven, redrive
from ingest.api import dialects
from ingest.api.events import Response
from ingest.api.routes import Routes
from ingest.aws.retry import Time
from ingest.contract.log_ids import RANDOM_BITS
from ingest.handler import Clients as IngestClients
from ingest.handler import outside as ingest_outside
from ingest.invocation import respond
from ingest.settings import Settings as IngestSettings
from tests.faults.apart import apart, in_time
from tests.faults.injector import Injector, Killed
from tests.faults.model_sqs import Message, arn_of
from tests.faults.sigkill import live_until_killed
from tests.faults.world import DLQ_URL, QUEUE_URL, STREAM_NAME, TABLE_NAME, World

INGEST_TIMEOUT_S: Final = 10.0
CONSUMER_TIMEOUT_S: Final = 50.0

BROKEN_FILE: Final = "broken.ndjson"
"""The file in a replay's folder with the stream's data that is no log."""

_COMMIT_LOGS: Final = 5  # So that a small replay has many commits.

_ROUTES: Final = Routes(dialects.ALL)
_T = TypeVar("_T")


class Stack:
    """The programs on one world. `lines` has the log lines of the Lambdas."""

    def __init__(
        self,
        world: World,
        injector: Injector,
        *,
        seed: int = 0,
        crash_probability: float = 0.05,
        sub_keys: int = 1,
        crash_point: CrashPoint = "before_work",
        crash_mode: CrashMode = "raise",
        logs_per_message: int = 1,
    ) -> None:
        self.world = world
        self.injector = injector
        self.lines: list[str] = []
        self.random = random.Random(seed)
        self.sqs = injector.wrap("sqs", world.sqs)
        self.kinesis = injector.wrap("kinesis", world.kinesis)
        self.dynamodb = injector.wrap("dynamodb", world.dynamodb)
        self.settings = settings.Settings(
            queue_url=QUEUE_URL,
            dlq_url=DLQ_URL,
            table_name=TABLE_NAME,
            stream_name=STREAM_NAME,
            max_receive_count=max(2, world.max_receives),
            stream_sub_keys=sub_keys,
            crash_probability=crash_probability,
            crash_point=crash_point,
            crash_mode=crash_mode,
            crash_seed=str(seed),
        )
        self._ingest_settings = IngestSettings(
            queue_url=QUEUE_URL, stream_name=STREAM_NAME, stream_sub_keys=sub_keys, logs_per_message=logs_per_message
        )

    def ingest(self, event: dict[str, Any]) -> Response | None:
        """Return the response to a request, or None if the process died or raised, which its caller sees as a 5xx."""
        clock = self.world.clock

        def life() -> Response:
            outside = ingest_outside(
                self._ingest_settings,
                IngestClients(self.kinesis, self.sqs, self.dynamodb),
                Time(clock.monotonic, clock.sleep, self.random.random),
                now_ms=clock.now_ms,
                random_bits=lambda: self.random.getrandbits(RANDOM_BITS),
                write_lines=self.lines.extend,
            )
            return respond(
                event,  # type: ignore[arg-type] # as received
                remaining_s=INGEST_TIMEOUT_S,
                lambda_request_id="r",
                settings=self._ingest_settings,
                routes=_ROUTES,
                outside=outside,
            )

        try:
            return self._live("ingest", INGEST_TIMEOUT_S, life)
        except (Exception, Killed) as error:  # API Gateway answers any of these with a 5xx.
            if isinstance(error, AssertionError):
                raise
            return None

    def consume(self, event: dict[str, Any]) -> object:
        """Return the consumer's answer to an event. Raises: whatever the consumer raises."""
        clock = self.world.clock
        context = _context(CONSUMER_TIMEOUT_S)

        def life() -> object:
            outside = handler.outside(
                self.settings,
                handler.Clients(self.sqs, self.dynamodb, self.kinesis),
                clock.programs(self.random.random),
                write_line=self.lines.append,
                end_process=_end_process,
                works_apart=partial(apart, clock=clock),
                works_in_time=partial(in_time, clock=clock),
            )
            return handler.program(self.settings, outside)(event, context)

        return self._live("consumer", CONSUMER_TIMEOUT_S, life)

    def deliver(self, *, batch_size: int = 5) -> int:
        """Deliver one batch to the consumer; return its size. `on_delete` sees each deleted message."""
        return self.world.deliver(self.consume, batch_size=batch_size, on_delete=self.on_delete)

    def outlives(self) -> Sequence[object]:
        """Return further objects that keep their state when a program is killed; tests replace this method."""
        return ()

    def on_delete(self, message: Message) -> None:
        """Called with a message that is about to be deleted; tests replace this method."""

    def replay_to_file(self, folder: Path, *, gz: bool = False) -> Path:
        """Replay the stream to a file, from the checkpoint in the folder if there is one; return the file."""
        target = folder / ("logs.ndjson.gz" if gz else "logs.ndjson")
        self._replay(folder, str(target))
        return target

    def replay_to_queue(self, folder: Path) -> None:
        """Send everything on the stream to the queue again, from the checkpoint in the folder if there is one."""
        self._replay(folder, "queue")

    def redrive(self, wanted: Filter) -> Redriven:
        """Send the wanted dead letters back to the queue, as `rdp dlq redrive` does when SQS has no task for that."""
        return self._live(
            "redrive", None, lambda: redrive(self.sqs, dlq_url=DLQ_URL, queue_url=QUEUE_URL, wanted=wanted)
        )

    def move_dead_letters(self) -> int:
        """Let SQS move the whole DLQ to the queue, as `rdp dlq redrive` does; return the number of messages moved."""

        def life() -> int:
            assert move_task.start(self.sqs, dlq_arn=arn_of(DLQ_URL), queue_arn=arn_of(QUEUE_URL))
            sleep = self.world.clock.sleep
            return move_task.follow(self.sqs, dlq_arn=arn_of(DLQ_URL), tell=lambda _: None, sleep=sleep)

        return self._live("redrive", None, life)

    def _replay(self, folder: Path, to: str) -> None:
        self._live("replay", None, lambda: self._replay_life(folder, to))

    def _replay_life(self, folder: Path, to: str) -> None:
        options = job.Options(
            to=to,
            distinct=True,
            raw=True,
            checkpoint=folder / "checkpoint.json",
            quarantine=folder / BROKEN_FILE,
            commit_logs=_COMMIT_LOGS,
        )
        clock = self.world.clock.programs(self.random.random)
        outside = job.Outside(
            stream_name=STREAM_NAME,
            kinesis=self.kinesis,
            queue_url=QUEUE_URL,
            sqs=self.sqs,
            stdout=BytesIO(),
            clock=clock,
            erasures=lambda: erasures.NONE,
            readers=lambda open_pages: Readers(open_pages, clock.sleep),
        )
        with _durable_steps(self.injector):
            job.run(options, outside, None)

    def _live(self, component: str, timeout_s: float | None, life: Callable[[], _T]) -> _T:
        """Run one process of the component, which Lambda's timeout may end; return its result.

        Raises:
            Killed: the process died.
        """
        world, injector = self.world, self.injector
        injector.start(component, None if timeout_s is None else world.clock.now_s + timeout_s)
        # Random waits decide how many retries fit into the time, and a run must be repeatable.
        with patch.object(random.SystemRandom, "random", lambda _: self.random.random()):
            try:
                if injector.is_doomed:
                    # The Lambdas flush each log line, so a line survives the Lambda.
                    ours = (world.clock, world.queue, world.dlq, world.kinesis, world.dynamodb, injector, self)
                    live_until_killed(life, injector, (*ours, *self.outlives()))
                return life()
            finally:
                injector.component = ""


def _context(timeout_s: float) -> Any:
    """Return Lambda's context for a function that has just been called."""
    return SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: timeout_s * 1000)


def _end_process(_: int) -> None:
    raise Killed


class Readers:
    """`ShardReaders` without threads: a page is read when it is taken, so that a run is repeatable."""

    def __init__(self, open_pages: OpenPages, sleep: Callable[[float], None]) -> None:
        self._open_pages = open_pages
        self._sleep = sleep
        self._pages: dict[str, Iterator[Page]] = {}
        self.pages_read = 0

    def start(self, shard_id: str, position: ShardPosition) -> None:
        """Begin to read a shard."""
        self._pages[shard_id] = self._open_pages(shard_id, position, self._sleep)

    def take(self, shard_id: str, _: float) -> Page | None:
        """Return the next page."""
        self.pages_read += 1
        return next(self._pages[shard_id])

    def wait(self, seen_pages: int, timeout_s: float) -> None:
        """Return at once: no page comes in the background."""

    def stop(self, shard_id: str) -> None:
        """End the reading of a shard."""
        del self._pages[shard_id]

    def close(self) -> None:
        """Do nothing: no thread runs."""


@contextmanager
def _durable_steps(injector: Injector) -> Iterator[None]:
    """Make every fsync and rename a step at which the process can be killed.

    No real fsync is made: it would take most of a replay's time, and the machine does not lose its power here.
    """
    rename = Path.replace

    def replace_file(path: Path, target: Path) -> Path:
        moved: Path = injector.step("rename", lambda: rename(path, target))
        return moved

    with (
        patch.object(os, "fsync", lambda _: injector.step("fsync", lambda: None)),
        patch.object(Path, "replace", replace_file),
    ):
        yield
