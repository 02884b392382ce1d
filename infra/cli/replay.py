"""`rdp replay`: read the stream back, to files, standard output or the queue."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import click

from consumer import clock, redact, settings, tombstones
from consumer.replay import read
from consumer.replay.attempts import StreamUnreadableError
from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.replay.job import Options, OptionsError, Outside, quarantine_path, run, target
from consumer.replay.replay import Counters
from consumer.replay.sinks import QueueRefusedError
from infra.options.locator import on_stack
from infra.options.selection import since_option, tenants_option
from infra.stack import Stack, StackError
from infra.terminal import out
from infra.terminal.examples import examples
from infra.terminal.failures import told_of_file
from infra.terminal.signals import on_stop
from infra.terminal.text import counted


def _checked(_context: click.Context, _option: click.Parameter, to: str) -> str:
    try:
        target(to)
    except OptionsError as error:
        raise click.BadParameter(str(error)) from error
    return to


@click.command(
    "replay",
    epilog=examples(
        "rdp replay --since 2h --tenant acme",
        "rdp replay --to logs.ndjson.gz --checkpoint logs.checkpoint",
        "rdp replay --to archive/  # Parquet",
        "rdp replay --to queue  # refill an emptied table",
    ),
)
@on_stack
@click.option(
    "--to",
    metavar="TARGET",
    default="-",
    show_default=True,
    callback=_checked,
    help="Where the logs go: -, FILE.ndjson, FILE.ndjson.gz, DIR/ or queue.",
)
@since_option
@click.option("--until", metavar="TIME", help="Only logs received before TIME, in the same forms.")
@tenants_option
@click.option("--follow", is_flag=True, help="Then read new logs as they arrive, until Ctrl-C.")
@click.option(
    "--distinct", is_flag=True, help="Write each log once: the first one of its tenant, id and text on the stream."
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the position in FILE. If FILE exists, continue from there.",
)
@click.option("--raw", is_flag=True, help="Write original texts and fields, not redacted ones.")
@click.option(
    "--quarantine",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write broken records to FILE, one JSON object a line.  [default: TARGET.broken.ndjson]",
)
def command(stack: Stack, **options: object) -> None:
    """Read the logs back from the stream, in order, into files, standard output or the queue.

    Each replay of the same part of the stream gives the same output. Logs that were erased (`rdp erase`) are left out.

    --to - writes NDJSON to standard output. --to FILE writes NDJSON to that file, in place of what it held; with
    --checkpoint it continues the file, with nothing lost and nothing twice. --to DIR/ (with the slash) writes Parquet,
    partitioned by tenant and date.

    --to queue sends each distinct log to the queue again, with its original text: this refills an emptied table. If
    only some logs are missing, use `rdp rebuild`, which sends only these.
    """
    came = threading.Event()
    asked = Options(**options)  # type: ignore[arg-type]
    redactor = redactor_of(stack) if asked.redacts else None
    try:
        with on_stop(lambda _: came.set()):  # The logs that were read are committed first.
            counters = run(asked, outside(stack), redactor, stopped=came.is_set, show=_shown)
    except OptionsError as error:
        raise click.UsageError(str(error)) from error
    except (CheckpointMismatchError, StreamUnreadableError, QueueRefusedError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:  # The reader of standard output has ended, as in `rdp replay | head`.
        out.hang_up()
        raise click.exceptions.Exit(0) from None
    except OSError as error:  # A target that cannot be written.
        raise click.ClickException(told_of_file(error)) from error
    out.say(_summary(counters), err=True)
    for shard_id in counters.expired_shards:
        out.say(
            f"{shard_id} is gone: its logs after the checkpoint were older than the stream's retention, and are lost",
            err=True,
        )
    for shard_id in counters.trimmed_shards:
        out.say(
            f"{shard_id} no longer has the record at the checkpoint, which is older than the stream's retention. "
            f"Logs that came after it may be lost.",
            err=True,
        )
    if counters.broken:
        out.say(f"{counters.broken} broken records are in {quarantine_path(asked)}", err=True)


def outside(stack: Stack) -> Outside:
    """Return the AWS clients, standard output and clock for a replay of the stack's stream."""
    place = stack.place
    return Outside(
        stream_name=stack.stream_name,
        kinesis=place.session.client("kinesis", endpoint_url=place.aws_endpoint_url, config=read.client_config()),
        queue_url=stack.queue_url,
        sqs=place.sqs,
        stdout=out.JsonLines(),
        clock=clock.system(),
        erasures=lambda: tombstones.read(place.dynamodb, stack.table_name),
    )


def redactor_of(stack: Stack) -> redact.Redactor:
    """Return a redactor with the rules and patterns that the stack's consumer is configured with.

    Raises:
        StackError: they cannot be read. Other rules could show text that the operator wanted redacted.
    """
    if "ConsumerFunctionName" not in stack.outputs:
        return redact.build()
    name = stack.outputs["ConsumerFunctionName"]
    variables = (
        stack.place.lambda_.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables")
    )
    if not variables:
        raise StackError(
            f"The environment of {name} cannot be read, so its redaction rules are unknown. Deploy it again, or "
            f"use --raw."
        )
    try:
        chosen = settings.from_environ(variables)
        return redact.build(chosen.redaction_rules, chosen.redaction_patterns)
    except ValueError as error:
        raise StackError(f"{name} is misconfigured, so its redaction rules are unknown: {error}") from error


def _shown(cleanup: ExitStack, counters: Counters) -> None:
    started_s = time.monotonic()

    def line() -> str:
        rate = counters.logs / max(time.monotonic() - started_s, 0.001)
        return (
            f"{len(counters.shards_read)} shards ({counters.shards_ended} ended)  {counters.records:,} records  "
            f"{counters.logs:,} logs  {rate:,.0f} logs/s  {counters.lag_ms / 1000:,.1f} s behind"
        )

    cleanup.enter_context(out.live_line(line))


def _summary(counters: Counters) -> str:
    left_out = (
        ("repeated", counters.repeated),
        ("erased", counters.erased),
        ("of other tenants or times", counters.not_selected),
    )
    return (
        f"{counted(counters.logs, 'log')} read in {counted(counters.records, 'record')} of "
        f"{counted(len(counters.shards_read), 'shard')}: "
        f"{counters.written:,} written, {counters.broken:,} broken"
        + "".join(f", {number:,} {why}" for why, number in left_out if number)
    )
