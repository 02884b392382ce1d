"""`rdp lake`: every log in an Iceberg table, and SQL over it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from infra import code_bucket
from infra.cli.replay import outside, redactor_of
from infra.options.lake import on_lake
from infra.options.locator import Where, locate, where_options
from infra.stack import StackError
from infra.terminal import exits, out
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop
from infra.terminal.summaries import WholeSummaries
from infra.terminal.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from consumer.lake.sync import Counters
    from infra.lake_place import Lake
    from infra.package import Architecture
    from infra.stack import Stack

Format = Literal["table", "json", "csv", "parquet"]
_FORMATS: Final[tuple[Format, ...]] = ("table", "json", "csv", "parquet")


_LISTENED_EVERY_S: Final = 0.2


@click.group(
    "lake",
    cls=WholeSummaries,
    epilog=examples(
        "rdp lake sync --follow",
        "rdp lake status",
        'rdp lake query "SELECT tenant_id, count(*) FROM logs GROUP BY 1"',
    ),
)
def command() -> None:
    """Keep every log for years in an Apache Iceberg table, and query it with SQL.

    The lake of a local stack is the folder `lake` in its data folder. The lake of a stack in AWS is its S3 table
    bucket, if it was deployed with Lake=true. --warehouse names any other lake.
    """


_RAW = click.option("--raw", is_flag=True, help="Use the table of original texts, not the one of redacted texts.")


@command.command("sync")
@partial(on_lake, make=True)
@_RAW
@click.option("--follow", is_flag=True, help="Then read new logs as they arrive, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.IntRange(1, 86_400),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="With --follow: at most this many seconds between commits. Fewer seconds make more and smaller files.",
)
@click.option(
    "--key",
    "key_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File with the key of the lake's digests. A new lake gets a new key.  "
    "[default: lake.key in the lake's folder, else in the data folder]",
)
def sync(
    lake: "Lake", stack: "Callable[[], Stack]", *, raw: bool, follow: bool, every_s: int, key_path: Path | None
) -> None:
    """Copy new logs from the stream into the lake, each once, from where the last sync ended.

    You can kill it at any time, and run two at once: rows and position are written in one commit.
    """
    from consumer.lake import job, key  # noqa: PLC0415 - an extra, and slow to import

    key_path = key_path or lake.key_path
    if lake.is_new() and key.draw(key_path):
        out.say(f"Made a new lake. Its key is in {key_path}: keep that file as long as the lake.", err=True)
    lake_key = key.read(key_path)
    came = threading.Event()
    on = stack()
    redactor = None if raw else redactor_of(on)
    asked = job.Options(raw=raw, follow=follow, every_s=every_s)
    with on_stop(lambda _: came.set()), ExitStack() as cleanup:  # The logs that were read are committed first.
        counters = job.run(
            asked,
            outside(on),
            lake.catalog,
            redactor,
            lake_key,
            stopped=came.is_set,
            show=lambda counters: _shown(cleanup, counters),
        )
    out.say(summary(counters), err=True)
    if counters.is_new_stream:
        out.say(
            f"The stream {on.stream_name} was deleted and made again since the last sync, so it was read from its "
            f"beginning. Logs of the old stream after the checkpoint are not in the lake.",
            err=True,
        )
    for shard_id in counters.restarted_shards:
        out.say(
            f"{shard_id} has nothing at the checkpoint's position (was the stream restored from an older state?), "
            f"so it "
            f"was read from its beginning. Logs that it has lost are in the lake only if they were sent again.",
            err=True,
        )
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
        out.say("Broken records are not in the lake: `rdp replay --quarantine FILE` writes them to a file.", err=True)
    if counters.withheld:
        out.say(
            f"{counted(counters.withheld, 'row')} without text and fields, because RedactionPatterns took too long: "
            "their redaction_version is 'withheld'. The runbook says more under Lake.",
            err=True,
        )


def summary(counters: "Counters") -> str:
    """Return the sentence on what a sync did."""
    erased = f", {counters.erased:,} erased" if counters.erased else ""
    anew = counters.begun_anew
    again = f"; started again {counted(anew, 'time')}, because another sync committed first" if anew else ""
    return (
        f"{counted(counters.logs, 'log')} read: {counted(counters.rows, 'row')} in "
        f"{counted(counters.commits, 'commit')}, {counters.repeated:,} repeated{erased}, "
        f"{counters.broken:,} broken{again}"
    )


def _shown(cleanup: ExitStack, counters: "Counters") -> None:
    started_s = time.monotonic()

    def line() -> str:
        rate = counters.logs / max(time.monotonic() - started_s, 0.001)
        return (
            f"{counted(counters.logs, 'log')} in {counted(counters.commits, 'commit')}  {rate:,.0f} logs/s  "
            f"{counters.lag_ms / 1000:,.1f} s behind"
        )

    cleanup.enter_context(out.live_line(line))


@command.command("deploy")
@where_options
@click.option(
    "--every",
    "minutes",
    type=click.IntRange(2, 1440),
    metavar="MINUTES",
    help="Minutes between two runs.  [default: 5]",
)
@click.option("--alarm-topic", metavar="ARN", help="SNS topic that gets the function's alarms.")
@click.option(
    "--key-secret",
    metavar="ARN",
    help="Secret with the key of the lake, if the lake exists already.  [default: a new one]",
)
@click.option("--bucket", metavar="NAME", help="Bucket for the package.  [default: that of `rdp deploy`]")
def deploy(
    *, where: Where, minutes: int | None, alarm_topic: str | None, key_secret: str | None, bucket: str | None
) -> None:
    """Deploy a function that syncs a stack's lake on a schedule, as a CloudFormation stack of its own called NAME-lake.

    The stack must have been deployed with Lake=true, by `rdp deploy` (--stack) or Terraform (--outputs). The package
    has about 230 MB unpacked and is uploaded to S3. On this machine the engine runs the function.

    Deployed again, it keeps each of --every, --alarm-topic and --key-secret that you do not give.
    """
    from infra import lake_package, lake_stack  # noqa: PLC0415 - only here
    from infra.local import grants  # noqa: PLC0415

    on = locate(where)
    name = lake_stack.name_of(on)
    out.say(f"Packaging the function of {name}.")
    if where.is_local:
        package = lake_package.build_here()
    else:
        runtime, architecture = lake_stack.runs_on(on)
        machine: Architecture = "arm64" if architecture == "arm64" else "x86_64"
        package = lake_package.build(machine, runtime.removeprefix("python"))
    bucket = bucket or code_bucket.default_name(on.place)
    code_bucket.ensure(on.place, bucket, owner=on.place.account)
    out.say(f"Deploying {name}.")
    options = {"EveryMinutes": minutes, "AlarmTopicArn": alarm_topic, "KeySecretArn": key_secret}
    given = {parameter: str(value) for parameter, value in options.items() if value is not None}
    outputs = lake_stack.deploy(on, name, lake_stack.Code(bucket, package), given)
    if where.is_local:
        grants.grant(on.place.iam, outputs["RoleName"])
    for output, value in sorted(outputs.items()):
        out.say(f"{output:<22} {value}")


@command.command("status")
@on_lake
@_RAW
@click.option(
    "--snapshots", is_flag=True, help="List the snapshots instead. `rdp lake query --snapshot` takes their ids."
)
def status(lake: "Lake", stack: "Callable[[], Stack]", *, raw: bool, snapshots: bool) -> None:
    """Show rows, files and bytes by tenant and day, and how far the lake is behind the stream."""
    from consumer.lake import status as lake_status  # noqa: PLC0415 - as above
    from consumer.lake.table import checkpoint_of  # noqa: PLC0415

    table = lake.table(raw=raw)
    if snapshots:
        rows = [
            (str(m.snapshot_id), f"{m.committed_at:%Y-%m-%dT%H:%M:%SZ}", m.operation, f"{m.rows:,}")
            for m in lake_status.moments(table)
        ]
        out.say_columns(("snapshot", "committed", "operation", "rows"), rows)
        return
    parts = lake_status.parts(table)
    out.say_columns(
        ("tenant", "day", "rows", "files", "bytes"),
        [(p.tenant_id, p.day, f"{p.rows:,}", f"{p.files:,}", f"{p.file_bytes:,}") for p in parts],
    )
    out.say(
        f"{counted(sum(p.rows for p in parts), 'row')} in {counted(sum(p.files for p in parts), 'file')}, "
        f"{sum(p.file_bytes for p in parts):,} bytes, at {lake.where}",
        err=True,
    )
    if (checkpoint := checkpoint_of(table)) is None:
        return
    try:
        on = outside(stack())
    except StackError as error:  # A lake in a folder can be shown without its stack.
        out.say(f"How far the lake is behind the stream {checkpoint.stream} is unknown: {error}", err=True)
        return
    lag_ms = lake_status.lag_ms(
        on.kinesis, on.stream_name, checkpoint.shards, now_ms=on.clock.now_ms, time=on.clock.time
    )
    behind = f"{lag_ms / 1000:,.1f} s behind" if lag_ms else "up to date with"
    broken = (
        f"; {counted(checkpoint.broken, 'record')} of it cannot be read and have no row" if checkpoint.broken else ""
    )
    out.say(f"{behind} the stream {on.stream_name}{broken}", err=True)


@command.command("compact")
@on_lake
@_RAW
@click.option(
    "--keep-days",
    type=click.IntRange(1, 36_500),
    default=7,
    show_default=True,
    help="Keep the snapshots of this many days.",
)
def compact(lake: "Lake", _stack: "Callable[[], Stack]", *, raw: bool, keep_days: int) -> None:
    """Merge small files into few large ones and remove old snapshots, for a lake in a folder.

    S3 Tables does both by itself. No row changes, and a sync may run at the same time. Files that no snapshot names any
    more are deleted three days after they were made.
    """
    from consumer.lake import catalog, table  # noqa: PLC0415 - an extra, and slow to import
    from consumer.lake import compact as lake_compact  # noqa: PLC0415

    if not lake.in_folder:
        raise click.UsageError(
            "`rdp lake compact` is for a lake in a folder. S3 Tables compacts and removes snapshots by itself."
        )
    lake.table(raw=raw)
    done = lake_compact.compact(lambda: table.LakeTable(lake.catalog, catalog.name_of(raw=raw)))
    expired = lake_compact.expire(lake.table(raw=raw), now=datetime.now(UTC), keep=timedelta(days=keep_days))
    swept = lake_compact.sweep(lake.table(raw=raw))
    out.say(
        f"{counted(done.made, 'file')} made of {done.read:,}; {counted(expired, 'snapshot')} expired; "
        f"{counted(swept, 'file')} deleted",
        err=True,
    )


@command.command(
    "query",
    epilog=examples(
        'rdp lake query "SELECT severity, count(*) FROM logs GROUP BY ALL"',
        'rdp lake query "SELECT * FROM logs LIMIT 9" --format csv',
    ),
)
@on_lake
@click.argument("sql")
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True, help="Form of the answer."
)
@click.option(
    "--snapshot",
    "snapshot_id",
    type=int,
    metavar="ID",
    help="Query the table as it was at this snapshot. `rdp lake status --snapshots` lists them.",
)
@_RAW
def query(
    lake: "Lake", _stack: "Callable[[], Stack]", *, sql: str, form: Format, snapshot_id: int | None, raw: bool
) -> None:
    """Query the lake with SQL, in DuckDB's dialect: the table is called logs, or logs_raw with --raw.

    Its columns: tenant_id, log_id, source, received_at, event_at, event_time, severity, text, fields (JSON as text),
    redaction_version, original_digest. A field is json_extract_string(fields, '$.user.name'). Times are in UTC. Give
    conditions on tenant_id and received_at: then only the files with these logs are read.
    """
    from consumer.lake import catalog  # noqa: PLC0415 - as above
    from consumer.lake import query as lake_query  # noqa: PLC0415

    if form == "parquet" and out.is_terminal():
        raise click.UsageError("Parquet is not text: send it to a file (> FILE).")
    tables = [(catalog.name_of(raw=raw).rpartition(".")[2], lake.table(raw=raw))]
    with lake_query.connected() as connection:

        def work() -> None:
            _print(lake_query.ask(connection, tables, sql, snapshot_id=snapshot_id), form)

        _interruptible(work, connection.interrupt)


def _interruptible(work: "Callable[[], None]", interrupt: "Callable[[], None]") -> None:
    """Run `work` in a thread, so that Ctrl-C is handled while DuckDB computes. Raises: Exit, with 130 after Ctrl-C."""
    came = threading.Event()
    with on_stop(lambda _: came.set()), ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        while not wait([done], timeout=_LISTENED_EVERY_S).done:
            if came.is_set():
                interrupt()  # Repeatedly, because an interrupt between two statements stops neither.
    if came.is_set():
        raise click.exceptions.Exit(exits.INTERRUPTED)
    done.result()


def _print(answer: "pa.RecordBatchReader", form: Format) -> None:
    from consumer.lake import answers  # noqa: PLC0415 - an extra, and slow to import

    match form:
        case "table":
            out.say_columns(answer.schema.names, answers.cells(answer))
        case "json":
            for line in answers.json_lines(answer):
                out.say_json(line)
        case "csv":
            answers.write_csv(answer, out.data())
        case "parquet":
            answers.write_parquet(answer, out.data())
