"""Measures the cost of the lake: `python -m bench.micro.lake [--logs N] [--rows N] [--rounds N]`.

(a) Logs a second and peak memory of a sync into the lake, compared with `rdp replay --to DIR/` over the same stream
    (both redacted); and the lake's commits, compared with pyarrow's own dataset writer over the same rows. Each runs in
    its own process, in turns.
(b) Files and bytes read from the lake for one hour of one tenant, compared with a read of everything, and both times.

In (a), seconds are CPU seconds of the process, so that other programs do not count; memory is its maximum resident set.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import msgspec
import pyarrow.dataset as ds
from pyiceberg.catalog import Catalog

from bench.micro.memory_stream import Shards, log, shards
from bench.micro.opened_files import opened_in
from bench.micro.stream import opened
from consumer import erasures, redact
from consumer.lake import query, status
from consumer.lake.catalog import ensure, in_folder, name_of
from consumer.lake.checkpoint import LakeCheckpoint
from consumer.lake.rows import KEY_BYTES, Batch
from consumer.lake.schema import arrow_table
from consumer.lake.sync import COMMIT_LOGS, Counters, Stream, Sync
from consumer.lake.table import LakeTable
from consumer.replay import select
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint, ShardPosition
from consumer.replay.merge import Merge
from consumer.replay.parquet import ParquetSink
from consumer.replay.replay import Counters as ReplayCounters
from consumer.replay.replay import Replay
from ingest.aws.retry import Time

LOGS: Final = 100_000
ROWS: Final = 200_000
ROUNDS: Final = 3

_NAME: Final = name_of(raw=False)
_KEY: Final = b"k" * KEY_BYTES
_TIME: Final = Time(time.monotonic, time.sleep, random.random)
_HOURS: Final = 24
_TENANTS: Final = 20


def to_lake(memory: Shards, folder: Path) -> int:
    """Sync the stream into a new lake; return the number of rows."""
    catalog = in_folder(folder)
    ensure(catalog, _NAME, _KEY)

    def stream(_positions: Mapping[str, ShardPosition]) -> AbstractContextManager[Merge]:
        return cast("AbstractContextManager[Merge]", opened(memory))

    return (
        Sync(
            load=lambda: LakeTable(catalog, _NAME),
            erasures=lambda: erasures.NONE,
            stream=Stream("memory", 1, stream),
            redactor=redact.build(),
            key=_KEY,
            time=_TIME,
            counters=Counters(),
        )
        .run()
        .rows
    )


def to_parquet(memory: Shards, folder: Path) -> int:
    """Replay the stream, redacted, into Parquet; return the logs written."""
    redactor = redact.build()
    sink = ParquetSink(folder / "parquet")
    sink.resume(0)
    with opened(memory) as merge:
        return (
            Replay(
                sink=sink,
                broken=BrokenRecords(folder / "broken", resume_at=0),
                start=Checkpoint(stream="memory", started_at="", query={}),
                checkpoint_path=None,
                wanted=lambda _: True,
                is_erased=lambda _: False,
                seen=None,
                transform=lambda message: select.redacted(message, redactor),
                monotonic=time.monotonic,
                counters=ReplayCounters(),
            )
            .run(merge)
            .written
        )


def _tables(logs: int) -> Iterator[Any]:
    for start in range(0, logs, COMMIT_LOGS):
        batch = Batch(None, _KEY)
        for number in range(start, min(start + COMMIT_LOGS, logs)):
            batch.add(log(number))
        yield batch.without([])


def commits(logs: int, folder: Path) -> float:
    """Return the CPU seconds of the lake's commits of so many rows: files, manifests and catalog, without look-ups."""
    catalog = in_folder(folder)
    ensure(catalog, _NAME, _KEY)
    spent_s = 0.0
    for number, rows in enumerate(_tables(logs), 1):
        position = {"s": ShardPosition(sequence_number=str(number))}
        began_s = time.process_time()
        LakeTable(catalog, _NAME).append(rows, LakeCheckpoint(stream="memory", created_ms=1, shards=position))
        spent_s += time.process_time() - began_s
    return spent_s


def plain(logs: int, folder: Path) -> float:
    """Return the CPU seconds of pyarrow's dataset writer over the same rows, partitioned by tenant."""
    spent_s = 0.0
    for number, rows in enumerate(_tables(logs)):
        began_s = time.process_time()
        ds.write_dataset(
            arrow_table(rows),
            folder,
            format="parquet",
            partitioning=["tenant_id"],
            partitioning_flavor="hive",
            basename_template=f"{number}-{{i}}.parquet",
            existing_data_behavior="overwrite_or_ignore",
            file_options=cast("Any", ds.ParquetFileFormat()).make_write_options(compression="zstd"),
        )
        spent_s += time.process_time() - began_s
    return spent_s


def measured(variant: str, logs: int) -> dict[str, float]:
    """Run the variant in this process; return its logs a second of CPU and its peak memory in MiB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if variant in {"commits", "plain"}:
            spent_s = {"commits": commits, "plain": plain}[variant](logs, folder)
        else:
            memory = shards(logs)
            run: Callable[[Shards, Path], int] = to_lake if variant == "lake" else to_parquet
            began_s = time.process_time()
            if run(memory, folder) != logs:
                raise AssertionError(f"{variant} wrote another number of logs")
            spent_s = time.process_time() - began_s
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"logs_per_s": logs / spent_s, "peak_mib": peak_mib}


def filled(folder: Path, rows: int) -> Catalog:
    """Return a lake of so many rows of `_TENANTS` tenants, spread evenly over a day, with a commit for each hour."""
    catalog = in_folder(folder)
    ensure(catalog, _NAME, _KEY)
    start = datetime(2026, 11, 24, tzinfo=UTC)
    an_hour = rows // _HOURS
    for hour in range(_HOURS):
        batch = Batch(None, _KEY)
        made = []
        for number in range(hour * an_hour, (hour + 1) * an_hour):
            at = start + timedelta(seconds=86_400 * number / rows)
            made.append(_at(number, at.isoformat(timespec="milliseconds").replace("+00:00", "Z")))
        for message in made:
            batch.add(message)
        position = {"s": ShardPosition(sequence_number=str(hour))}
        checkpoint = LakeCheckpoint(stream="memory", created_ms=1, shards=position)
        LakeTable(catalog, _NAME).append(batch.without([]), checkpoint)
    return catalog


def _at(number: int, received_at: str) -> Any:
    return msgspec.structs.replace(log(number), received_at=received_at, log_id=f"{received_at}-{number:09}")


def read_bytes() -> int:
    """Return how many bytes this process has read by system calls, including reads from the page cache."""
    said = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(said["rchar"])


def asked(catalog: Catalog, sql: str) -> dict[str, float]:
    """Return what one query reads, and its wall and CPU seconds."""
    table = catalog.load_table(_NAME)
    files = {Path(unquote(urlsplit(task.file.file_path).path)) for task in table.scan().plan_files()}
    with query.connected() as connection, opened_in({file.parent for file in files}) as opened_files:
        before, began_s, began_cpu_s = read_bytes(), time.monotonic(), time.process_time()
        rows = query.ask(connection, [("logs", table)], sql).read_all().num_rows
    return {
        "rows": rows,
        "files": len(opened_files & files),
        "mib": (read_bytes() - before) / 2**20,
        "s": time.monotonic() - began_s,
        "cpu_s": time.process_time() - began_cpu_s,
    }


def _say_rates(logs: int, rounds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for variant in ("lake", "parquet", "commits", "plain"):
            command = [sys.executable, "-m", "bench.micro.lake", "--variant", variant, "--logs", str(logs)]
            told = subprocess.run(command, check=True, capture_output=True, env=os.environ)  # noqa: S603 - ourselves
            found.setdefault(variant, []).append(json.loads(told.stdout))
    rate = {variant: statistics.median(run["logs_per_s"] for run in runs) for variant, runs in found.items()}
    peak = {variant: max(run["peak_mib"] for run in runs) for variant, runs in found.items()}
    print(f"{logs:,} logs, median of {rounds} rounds, CPU seconds")
    for variant, what in (
        ("lake", "stream to lake"),
        ("parquet", "stream to Parquet (replay --to DIR/)"),
        ("commits", "rows to lake (commits alone)"),
        ("plain", "rows to Parquet (pyarrow's dataset writer)"),
    ):
        print(f"  {what:44} {rate[variant]:10,.0f} logs/s  {peak[variant]:7,.0f} MiB at most")
    print(
        f"  lake / replay {rate['lake'] / rate['parquet']:.2f}   commits / plain {rate['commits'] / rate['plain']:.2f}"
    )


def _say_one_hour(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        catalog = filled(Path(folder), rows)
        parts = status.parts(catalog.load_table(_NAME))
        hour = "received_at >= '2026-11-24 13:00' AND received_at < '2026-11-24 14:00'"
        queries = {
            "one tenant's one hour": f"SELECT log_id, text FROM logs WHERE tenant_id = 'tenant-03' AND {hour}",  # noqa: S608 - ours
            "the same without pruning": f"SELECT log_id, text FROM logs WHERE tenant_id || '' = 'tenant-03' AND {hour}",  # noqa: S608 - ours
            "all": "SELECT log_id, text FROM logs",
        }
        asked(catalog, "SELECT 1 FROM logs LIMIT 1")
        total = sum(part.file_bytes for part in parts) / 2**20
        print(f"{sum(p.rows for p in parts):,} rows, {sum(p.files for p in parts):,} files, {total:,.1f} MiB")
        for what, sql in queries.items():
            took = asked(catalog, sql)
            read = f"{took['rows']:12,.0f} rows {took['mib']:9,.2f} MiB read of {took['files']:4,.0f} files"
            print(f"  {what:28} {read} {took['s']:8.3f} s ({took['cpu_s']:.3f} CPU)")


def main() -> None:
    """Print both parts, or one variant's numbers as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--logs", type=int, default=LOGS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--variant")
    arguments = parser.parse_args()
    if arguments.variant:
        print(json.dumps(measured(arguments.variant, arguments.logs)))
        return
    if arguments.logs:
        _say_rates(arguments.logs, arguments.rounds)
    if arguments.rows:
        _say_one_hour(arguments.rows)


if __name__ == "__main__":
    main()
