"""One replay as an operator asks for it: it turns the options into a checkpoint to start at, a selection and a sink."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from consumer import instant
from consumer.clock import Clock
from consumer.erasures import Erasures
from consumer.redact import Redactor
from consumer.replay import checkpoint as checkpoints
from consumer.replay import private, select
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint
from consumer.replay.distinct import Seen
from consumer.replay.readers import OpenPages, ShardReaders
from consumer.replay.replay import Counters, Replay
from consumer.replay.sinks import FileSink, Lines, QueueSink, Sink, StreamSink
from consumer.replay.whole_stream import ClosingReaders, read_stream
from consumer.tombstones import KNOWN_FOR_S
from ingest.contract.message import InternalMessage

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_sqs import SQSClient

Target = Literal["stdout", "queue", "lines", "gz lines", "parquet"]

_QUEUE: Final = "queue"
_LINE_SUFFIXES: Final = frozenset({".ndjson", ".jsonl"})


class OptionsError(Exception):
    """The options do not describe a replay. The text says which option is wrong, and why."""


class Options(NamedTuple):
    """The operator's options; `to` and the times are as they were typed. A time without a zone is in `zone`.

    `commit_logs` is the number of logs read between two commits, if it is not to be the sink's own.
    """

    to: str = "-"
    since: str | None = None
    until: str | None = None
    zone: tzinfo = UTC
    tenants: tuple[str, ...] = ()
    follow: bool = False
    distinct: bool = False
    raw: bool = False
    checkpoint: Path | None = None
    quarantine: Path | None = None
    commit_logs: int | None = None

    @property
    def redacts(self) -> bool:
        """Whether texts and fields are redacted: not if originals are asked for, nor on their way to the queue."""
        return not self.raw and self.to != _QUEUE


class Outside(NamedTuple):
    """Everything outside that a replay uses besides its files: the stream, the queue, standard output, the clock.

    `erasures` reads the tombstones: erased logs are never replayed.
    """

    stream_name: str
    kinesis: "KinesisClient"
    queue_url: str
    sqs: "SQSClient"
    stdout: Lines
    clock: Clock
    erasures: Callable[[], Erasures]
    readers: Callable[[OpenPages], ClosingReaders] = ShardReaders


def target(to: str) -> Target:
    """Return what `--to` means. A folder must end in a slash, so that a misspelt word makes no folder.

    Raises:
        OptionsError: it names no target.
    """
    path = Path(to)
    match to:
        case "-":
            return "stdout"
        case "queue":
            return "queue"
        case _ if to.endswith("/"):
            return "parquet"
        case _ if path.suffix in _LINE_SUFFIXES:
            return "lines"
        case _ if path.suffix == ".gz" and Path(path.stem).suffix in _LINE_SUFFIXES:
            return "gz lines"
        case _:
            raise OptionsError(
                f"{to}: name a file .ndjson or .ndjson.gz, a folder with a slash at its end ({to}/), - or queue. "
                "To restore the table, use `rdp rebuild`."
            )


def run(
    options: Options,
    outside: Outside,
    redactor: Redactor | None,
    *,
    stopped: Callable[[], bool] = lambda: False,
    show: Callable[[ExitStack, Counters], None] = lambda _stack, _counters: None,
) -> Counters:
    """Replay the stream as asked, until its tip or `stopped()`; return the counters. `redactor` is None for originals.

    Raises:
        OptionsError: the options do not describe a replay.
        CheckpointMismatchError, StreamUnreadableError, QueueRefusedError: the replay cannot begin or go on.
    """
    _check_files(options)
    start, selection = _start(outside, options, redaction="" if redactor is None else redactor.version)
    counters = Counters()
    with ExitStack() as cleanup:
        merge = cleanup.enter_context(
            read_stream(
                outside.kinesis,
                outside.stream_name,
                positions=start.shards,
                since=selection.since,
                follow=options.follow,
                stopped=stopped,
                time=outside.clock.time,
                readers=outside.readers,
            )
        )
        # Older output is touched only now, when the stream is known to be there.
        sink = _sink(options.to, outside)
        cleanup.callback(sink.close)
        if options.commit_logs is not None:
            sink.commit_logs = options.commit_logs
        sink.resume(start.output)
        broken = BrokenRecords(quarantine_path(options), resume_at=start.broken)
        cleanup.callback(broken.close)
        seen: Seen | None = None
        if options.distinct or options.to == _QUEUE:
            kept = None if options.checkpoint is None else seen_path(options.checkpoint)
            seen = Seen(kept, commit=start.commit)
            cleanup.callback(seen.close)
        counters.expired_shards = [
            shard_id
            for shard_id, position in start.shards.items()
            if shard_id not in merge.shards and position.sequence_number != checkpoints.SHARD_END
        ]
        counters.trimmed_shards = merge.trimmed
        show(cleanup, counters)
        return Replay(
            sink=sink,
            broken=broken,
            start=start,
            checkpoint_path=options.checkpoint,
            wanted=select.selector(selection),
            is_erased=_is_erased(outside, follow=options.follow),
            seen=seen,
            transform=None if redactor is None else partial(select.redacted, redactor=redactor),
            monotonic=outside.clock.monotonic,
            counters=counters,
        ).run(merge)


def _start(outside: Outside, options: Options, *, redaction: str) -> tuple[Checkpoint, select.Selection]:
    """Return where to begin, and what to take. Ages (`2h`) are from the first run's beginning."""
    found = None if options.checkpoint is None else checkpoints.load(options.checkpoint)
    now = datetime.fromtimestamp(outside.clock.now_ms() / 1000, UTC)
    started_at = now.isoformat() if found is None else found.started_at
    selection = _selection(options, datetime.fromisoformat(started_at))
    query = {
        "to": options.to.rstrip("/"),
        "since": selection.since.isoformat() if selection.since else "",
        "until": selection.until.isoformat() if selection.until else "",
        "tenants": ",".join(sorted(options.tenants)),
        "distinct": str(options.distinct),
        "redaction": redaction,
    }
    if found is None:
        return Checkpoint(stream=outside.stream_name, started_at=started_at, query=query), selection
    checkpoints.check_continues(found, stream=outside.stream_name, query=query)
    return found, selection


def _check_files(options: Options) -> None:
    """Refuse options that name one file twice, before any file is opened: each would destroy the other's content."""
    files = {"--quarantine (or its default)": quarantine_path(options)}
    if options.to not in {"-", _QUEUE}:
        files["--to"] = Path(options.to)
    if options.checkpoint is not None:
        files["--checkpoint"] = options.checkpoint
        files["the set of logs seen, beside --checkpoint,"] = seen_path(options.checkpoint)
        files["the draft of --checkpoint"] = private.partial_path(options.checkpoint)
    for (one, path), (other, same) in combinations(files.items(), 2):
        if os.path.realpath(path) == os.path.realpath(same) or (
            path.exists() and same.exists() and path.samefile(same)
        ):
            raise OptionsError(f"{one} and {other} are the same file: {path}. Name two files.")


def _selection(options: Options, now: datetime) -> select.Selection:
    try:
        since = instant.parse(options.since, now, zone=options.zone) if options.since is not None else None
        until = instant.parse(options.until, now, zone=options.zone) if options.until is not None else None
    except ValueError as error:
        raise OptionsError(str(error)) from error
    if since and until and since >= until:
        raise OptionsError(
            f"--since {options.since} is not before --until {options.until}: there is nothing between them."
        )
    return select.Selection(since=since, until=until, tenants=frozenset(options.tenants))


def _is_erased(outside: Outside, *, follow: bool) -> Callable[[InternalMessage], bool]:
    """Return the test whether a log was erased. Who follows may go on for days, and learns of later erasures too."""
    known = outside.erasures()
    read_s = outside.clock.monotonic()

    def is_erased(message: InternalMessage) -> bool:
        nonlocal known, read_s
        if follow and (now_s := outside.clock.monotonic()) - read_s >= KNOWN_FOR_S:
            known, read_s = outside.erasures(), now_s
        return known.covers(message.tenant_id, message.log_id, message.received_at)

    return is_erased


def _sink(to: str, outside: Outside) -> Sink:
    match target(to):
        case "stdout":
            return StreamSink(outside.stdout)
        case "queue":
            return QueueSink(outside.sqs, outside.queue_url, time=outside.clock.time)
        case "lines":
            return FileSink(Path(to))
        case "gz lines":
            return FileSink(Path(to), gz=True)
        case "parquet":
            try:
                from consumer.replay.parquet import ParquetSink  # noqa: PLC0415 - an extra, and slow to import
            except ModuleNotFoundError as error:
                raise OptionsError("Parquet needs the extra: pip install 'robust-data-processor[analytics]'") from error
            return ParquetSink(Path(to))


def seen_path(checkpoint: Path) -> Path:
    """Return the file beside a checkpoint that keeps which logs were seen."""
    return checkpoint.with_name(f"{checkpoint.name}.seen")


def quarantine_path(options: Options) -> Path:
    """Return the file that broken records go to."""
    if options.quarantine is not None:
        return options.quarantine
    target = "replay" if options.to in {"-", _QUEUE} else options.to.rstrip("/")
    return Path(f"{target}.broken.ndjson")
