"""The real programs, wired to clients with switch points. All wiring for the explorer is here."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from consumer import clock, handler, settings
from consumer.replay import read
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint, ShardPosition
from consumer.replay.distinct import Seen
from consumer.replay.merge import Merge
from consumer.replay.read import Page
from consumer.replay.replay import Counters, Replay
from consumer.replay.shards import from_listing
from consumer.replay.sinks import QueueSink
from infra.dead_letter import Filter
from infra.dead_letters import redrive
from ingest import handler as ingest_handler
from ingest import settings as ingest_settings
from ingest.api import dialects
from ingest.api.routes import Routes
from ingest.invocation import respond
from tests.faults.apart import apart, in_time
from tests.faults.injector import Killed
from tests.faults.world import DLQ_URL, QUEUE_URL, STREAM_NAME, TABLE_NAME
from tests.interleavings.arena import NamedWorld, Time
from tests.interleavings.tasks import switched
from tests.messages import none_erased

if TYPE_CHECKING:
    from collections.abc import Iterator

INGEST_TIMEOUT_S: Final = 10.0
CONSUMER_TIMEOUT_S: Final = 50.0


class Programs:
    """The programs of one exploration, built once; `world` and `time` are new for each run."""

    def __init__(
        self,
        *,
        seconds_per_char: float = 0,
        crash_probability: float = 0,
        crash_seed: str = "",
        logs_per_message: int = 1,
    ) -> None:
        self.time = Time()
        self.world = NamedWorld(self.time.clock)
        self.lines: list[str] = []
        self.sqs = switched("sqs", lambda: self.world.sqs)
        self.kinesis = switched("kinesis", lambda: self.world.kinesis)
        self.dynamodb = switched("dynamodb", lambda: self.world.dynamodb)
        chosen = settings.Settings(
            queue_url=QUEUE_URL,
            dlq_url=DLQ_URL,
            table_name=TABLE_NAME,
            stream_name=STREAM_NAME,
            seconds_per_char=seconds_per_char,
            crash_probability=crash_probability,
            crash_seed=crash_seed,
        )
        time = self.time
        outside = handler.outside(
            chosen,
            handler.Clients(self.sqs, self.dynamodb, self.kinesis),
            clock.Clock(time.now_ms, time.monotonic, time.sleep, time.jitter),
            write_line=lambda line: self.lines.append(line),  # noqa: PLW0108 - each run has lines of its own
            end_process=_end_process,
            works_apart=partial(apart, clock=time.clock),
            works_in_time=partial(in_time, clock=time.clock),
            erased=none_erased,  # Its read would find nothing, but would multiply the orders.
        )
        self._consumer = handler.program(chosen, outside)
        self._ingest_settings = ingest_settings.Settings(
            queue_url=QUEUE_URL, stream_name=STREAM_NAME, logs_per_message=logs_per_message
        )
        self._routes = Routes(dialects.ALL)
        self._ingest = ingest_handler.outside(
            self._ingest_settings,
            ingest_handler.Clients(self.kinesis, self.sqs, self.dynamodb),
            time.timing,
            now_ms=time.now_ms,
            random_bits=lambda: 0,  # Time and position alone make each log's id unique in a world.
            write_lines=lambda lines: self.lines.extend(lines),  # noqa: PLW0108 - each run has lines of its own
        )

    def reset(self, shards: int) -> None:
        """Begin with an empty world, always at the same time."""
        self.time.clock.now_s = type(self.time.clock)().now_s
        self.world = NamedWorld(self.time.clock, shards=shards)
        self.lines = []

    def ingest(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response to a request."""
        context = _context(INGEST_TIMEOUT_S)
        response = respond(
            event,  # type: ignore[arg-type] # the part of API Gateway's event that is read
            remaining_s=context.get_remaining_time_in_millis() / 1000,
            lambda_request_id=context.aws_request_id,
            settings=self._ingest_settings,
            routes=self._routes,
            outside=self._ingest,
        )
        return dict(response)

    def consume(self, event: dict[str, Any]) -> object:
        """Return the consumer's answer to an event."""
        return self._consumer(event, _context(CONSUMER_TIMEOUT_S))

    def redrive(self) -> None:
        """Send all dead letters back, message by message."""
        redrive(self.sqs, dlq_url=DLQ_URL, queue_url=QUEUE_URL, wanted=Filter())

    def rebuild(self) -> None:
        """Send everything on the stream to the queue again, as `rdp replay --to queue` does."""
        time = self.time
        sink = QueueSink(self.sqs, QUEUE_URL, time=time.timing)
        start = Checkpoint(stream=STREAM_NAME, started_at="", query={})
        seen = Seen(None, commit=0)
        merge = Merge(
            _Readers(self),
            lambda: from_listing(read.list_shards(self.kinesis, STREAM_NAME, time=time.timing)),
            start.shards,
        )
        try:
            Replay(
                sink=sink,
                broken=BrokenRecords(Path("/nonexistent"), resume_at=0),
                start=start,
                checkpoint_path=None,
                wanted=lambda _: True,
                is_erased=lambda _: False,
                seen=seen,
                transform=None,
                monotonic=time.monotonic,
                counters=Counters(),
            ).run(merge)
        finally:
            seen.close()


def _context(timeout_s: float) -> Any:
    return SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: int(timeout_s * 1000))


def _end_process(_: int) -> None:
    raise Killed


class _Readers:
    """`ShardReaders` without threads: a page is read when it is taken."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._pages: dict[str, Iterator[Page]] = {}
        self.pages_read = 0

    def start(self, shard_id: str, position: ShardPosition) -> None:
        """Begin to read a shard."""
        time = self._programs.time
        self._pages[shard_id] = read.pages(
            self._programs.kinesis,
            STREAM_NAME,
            shard_id,
            position,
            since=None,
            idle_wait_s=0,
            time=time.timing,
        )

    def take(self, shard_id: str, _: float) -> Page | None:
        """Return the next page."""
        self.pages_read += 1
        return next(self._pages[shard_id])

    def wait(self, seen_pages: int, timeout_s: float) -> None:
        """Return at once: no page comes in the background."""

    def stop(self, shard_id: str) -> None:
        """End the reading of a shard."""
        del self._pages[shard_id]
