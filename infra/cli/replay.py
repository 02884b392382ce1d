"""`rdp replay`: the stream read back, to files, to standard output or to the queue."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NamedTuple

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from consumer import redact
from consumer.replay import checkpoint as checkpoints
from consumer.replay import read, select
from consumer.replay.checkpoint import Checkpoint, CheckpointMismatchError
from consumer.replay.distinct import Seen
from consumer.replay.read import StreamUnreadableError
from consumer.replay.replay import BrokenRecords, Progress, Replay
from consumer.replay.sinks import FileSink, QueueRefusedError, QueueSink, Sink, StreamSink
from consumer.replay.stream import read_stream
from infra.cli import instant
from infra.cli.where import on_stack
from infra.stack import Stack

if TYPE_CHECKING:
    from ingest.message import InternalMessage

_LINE_SUFFIXES: Final = frozenset({".ndjson", ".jsonl"})
_REFRESHES_PER_S: Final = 4


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


@click.command("replay")
@on_stack
@click.option("--to", metavar="TARGET", default="-", show_default=True, help="-, FILE.ndjson[.gz], DIR or queue.")
@click.option("--since", metavar="TIME", help="Logs received at or after it: an ISO time, or an age such as 2h or 3d.")
@click.option("--until", metavar="TIME", help="Logs received before it.")
@click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this tenant's logs; may be repeated.")
@click.option("--follow", is_flag=True, help="Go on with what arrives, until Ctrl-C.")
@click.option("--distinct", is_flag=True, help="Each (tenant_id, log_id) once: the first on the stream.")
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the position here, and go on from it if the file exists.",
)
@click.option("--raw", is_flag=True, help="The original text. Without it, texts and fields are redacted.")
@click.option(
    "--quarantine",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where broken records go, one JSON a line. [default: TARGET.broken.ndjson]",
)
def command(stack: Stack, **options: object) -> None:
    """Read the stream back, in order: the same output at every replay.

    TARGET - is NDJSON on standard output. A FILE is begun anew, or continued from the checkpoint with nothing lost and
    nothing twice. DIR takes Parquet, partitioned by tenant and date. queue sends the logs to the queue again, original
    and distinct: it rebuilds an emptied table, and changes nothing on a full one.
    """
    asked = Options(**options)  # type: ignore[arg-type]
    try:
        with _interrupts() as stopped:
            progress = run(stack, asked, stopped=stopped, show=_shown)
    except (CheckpointMismatchError, StreamUnreadableError, QueueRefusedError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:  # The reader of standard output has enough, as in `rdp replay | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush complains
        raise click.exceptions.Exit(0) from None
    except OSError as error:  # A target that cannot be written.
        raise click.ClickException(str(error)) from error
    click.echo(_summary(progress), err=True)
    for shard_id in progress.expired_shards:
        click.echo(f"{shard_id} is gone: what it held after the checkpoint outlived the stream's retention", err=True)
    if progress.broken:
        click.echo(f"{progress.broken} broken records are in {_quarantine(asked)}", err=True)


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
    start = _start(stack.stream_name, options)
    selection = _selection(options, datetime.fromisoformat(start.started_at))
    to_queue = options.to == "queue"
    progress = Progress()
    with ExitStack() as cleanup:
        sink = _sink(stack, options.to)
        cleanup.callback(sink.close)
        sink.resume(start.output)
        broken = BrokenRecords(_quarantine(options), resume_at=start.broken)
        cleanup.callback(broken.close)
        seen: Seen | None = None
        if options.distinct or to_queue:
            kept = options.checkpoint and options.checkpoint.with_name(options.checkpoint.name + ".seen")
            seen = Seen(kept, commit=start.commit)
            cleanup.callback(seen.close)
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
            transform=None if options.raw or to_queue else _redaction(),
            monotonic=time.monotonic,
            progress=progress,
        ).run(merge)


def _start(stream_name: str, options: Options) -> Checkpoint:
    query = {
        "to": options.to,
        "since": options.since or "",
        "until": options.until or "",
        "tenants": ",".join(sorted(options.tenants)),
        "distinct": str(options.distinct),
        "raw": str(options.raw),
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


def _quarantine(options: Options) -> Path:
    if options.quarantine is not None:
        return options.quarantine
    target = "replay" if options.to in {"-", "queue"} else options.to.rstrip("/")
    return Path(f"{target}.broken.ndjson")


def _redaction() -> "Callable[[InternalMessage], InternalMessage]":
    redactor = redact.build()
    return lambda message: select.redacted(message, redactor)


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C or a termination signal came: then what was read is committed first."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shown(cleanup: ExitStack, progress: Progress) -> None:
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    started_s = time.monotonic()

    def line() -> Text:
        rate = progress.logs / max(time.monotonic() - started_s, 0.001)
        return Text(
            f"{len(progress.shards_read)} shards ({progress.shards_ended} ended)  {progress.records:,} records  "
            f"{progress.logs:,} logs  {rate:,.0f} logs/s  {progress.lag_ms / 1000:,.1f} s behind"
        )

    cleanup.enter_context(
        Live(
            get_renderable=line,
            console=console,
            refresh_per_second=_REFRESHES_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
        )
    )


def _summary(progress: Progress) -> str:
    return (
        f"{progress.logs:,} logs read in {progress.records:,} records of {len(progress.shards_read)} shards: "
        f"{progress.written:,} written, {progress.repeated:,} repeated, {progress.broken:,} broken"
    )
