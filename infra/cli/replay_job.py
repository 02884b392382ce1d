"""One replay as an operator asks for it: the options made into a checkpoint to start from, a selection and a sink."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import click

from consumer import redact, settings
from consumer.replay import checkpoint as checkpoints
from consumer.replay import read, select
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint
from consumer.replay.distinct import Seen
from consumer.replay.replay import Progress, Replay
from consumer.replay.sinks import FileSink, QueueSink, Sink, StreamSink
from consumer.replay.stream import read_stream
from infra.options import instant
from infra.stack import Stack, StackError

_LINE_SUFFIXES: Final = frozenset({".ndjson", ".jsonl"})


class Options(NamedTuple):
    """What `rdp replay` was asked for; `to` and the times are as they were typed."""

    to: str = "-"
    since: str | None = None
    until: str | None = None
    tenants: tuple[str, ...] = ()
    follow: bool = False
    distinct: bool = False
    raw: bool = False
    checkpoint: Path | None = None
    quarantine: Path | None = None


def run(
    stack: Stack,
    options: Options,
    *,
    stopped: Callable[[], bool] = lambda: False,
    show: Callable[[ExitStack, Progress], None] = lambda _stack, _progress: None,
) -> Progress:
    """Replay `stack`'s stream as asked, until its tip or `stopped()`; return the counters.

    Raises:
        click.UsageError: the options do not name a replay.
        CheckpointMismatchError, StreamUnreadableError, QueueRefusedError: it cannot begin or go on.
    """
    to_queue = options.to == "queue"
    redactor = None if options.raw or to_queue else _redactor(stack)
    start = _start(stack.stream_name, options, redaction="" if redactor is None else redactor.version)
    selection = _selection(options, datetime.fromisoformat(start.started_at))
    progress = Progress()
    with ExitStack() as cleanup:
        merge = cleanup.enter_context(
            read_stream(
                stack.place.session.client(
                    "kinesis", endpoint_url=stack.place.aws_endpoint_url, config=read.client_config()
                ),
                stack.stream_name,
                positions=start.shards,
                since=selection.since,
                follow=options.follow,
                stopped=stopped,
                monotonic=time.monotonic,
                sleep=time.sleep,
            )
        )
        # Only now that the stream is known to be there is an older output touched.
        sink = _sink(stack, options.to)
        cleanup.callback(sink.close)
        sink.resume(start.output)
        broken = BrokenRecords(quarantine_path(options), resume_at=start.broken)
        cleanup.callback(broken.close)
        seen: Seen | None = None
        if options.distinct or to_queue:
            kept = options.checkpoint and options.checkpoint.with_name(options.checkpoint.name + ".seen")
            seen = Seen(kept, commit=start.commit)
            cleanup.callback(seen.close)
        progress.expired_shards = [
            shard_id
            for shard_id, position in start.shards.items()
            if shard_id not in merge.shards and position.sequence_number != checkpoints.SHARD_END
        ]
        show(cleanup, progress)
        return Replay(
            sink=sink,
            broken=broken,
            start=start,
            checkpoint_path=options.checkpoint,
            wanted=select.selector(selection),
            seen=seen,
            transform=None if redactor is None else partial(select.redacted, redactor=redactor),
            monotonic=time.monotonic,
            progress=progress,
        ).run(merge)


def _start(stream_name: str, options: Options, *, redaction: str) -> Checkpoint:
    query = {
        "to": options.to,
        "since": options.since or "",
        "until": options.until or "",
        "tenants": ",".join(sorted(options.tenants)),
        "distinct": str(options.distinct),
        "redaction": redaction,
    }
    found = None if options.checkpoint is None else checkpoints.load(options.checkpoint)
    if found is None:
        return Checkpoint(stream=stream_name, started_at=datetime.now(UTC).isoformat(), query=query)
    checkpoints.check_continues(found, stream=stream_name, query=query)
    return found


def _selection(options: Options, now: datetime) -> select.Selection:
    try:
        return select.Selection(
            since=instant.parse(options.since, now) if options.since else None,
            until=instant.parse(options.until, now) if options.until else None,
            tenants=frozenset(options.tenants),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _sink(stack: Stack, to: str) -> Sink:
    if to == "-":
        return StreamSink(sys.stdout.buffer)
    if to == "queue":
        return QueueSink(stack.place.sqs, stack.queue_url, monotonic=time.monotonic, sleep=time.sleep)
    path = Path(to)
    if path.suffix in _LINE_SUFFIXES:
        return FileSink(path)
    if path.suffix == ".gz" and Path(path.stem).suffix in _LINE_SUFFIXES:
        return FileSink(path, gz=True)
    if path.suffix and not path.is_dir():
        raise click.UsageError(f"--to {to}: name a file .ndjson or .ndjson.gz, a folder without a suffix, - or queue")
    try:
        from consumer.replay.parquet import ParquetSink  # noqa: PLC0415 - pyarrow is an extra, and slow to import
    except ModuleNotFoundError as error:
        raise click.UsageError("Parquet needs the extra: pip install 'robust-data-processor[analytics]'") from error
    return ParquetSink(path)


def quarantine_path(options: Options) -> Path:
    """Return the file that broken records go to."""
    if options.quarantine is not None:
        return options.quarantine
    target = "replay" if options.to in {"-", "queue"} else options.to.rstrip("/")
    return Path(f"{target}.broken.ndjson")


def _redactor(stack: Stack) -> redact.Redactor:
    """Return the redactor of the stack's consumer, by the rules and patterns that the function is configured with.

    Raises:
        StackError: they cannot be read: a guess could let through what the operator had redacted.
    """
    if "ConsumerFunctionName" not in stack.outputs:
        return redact.build()
    name = stack.outputs["ConsumerFunctionName"]
    variables = (
        stack.place.lambda_.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables")
    )
    if not variables:
        raise StackError(
            f"The environment of {name} cannot be read, so its redaction is unknown. Use --raw, or mend it."
        )
    try:
        chosen = settings.from_environ(variables)
        return redact.build(chosen.redaction_rules, chosen.redaction_patterns)
    except ValueError as error:
        raise StackError(f"{name} is misconfigured, so its redaction is unknown: {error}") from error
