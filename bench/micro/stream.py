"""Measures the cost of the stream: `python -m bench.micro.stream`.

(a) Logs a second that a replay reads in one process (shards served from memory, merged, deaggregated, decoded),
    compared with the reference library's loop over the same records.
(b) Bytes, records and billed kilobytes a log on the stream, aggregated and single, at 1, 10 and 100 logs a request.
(c) The writer's CPU a log at 100 logs a request, with a client that accepts everything at once.

CPU is the process's own. Each number is the median of several rounds; in (a) the variants take turns.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from bench.micro.memory_stream import SHARDS, TENANTS, MemoryKinesis, Shards, log, shards
from consumer import redact
from consumer.replay import select
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.distinct import Seen
from consumer.replay.merge import StreamRecord
from consumer.replay.replay import Counters, Replay
from consumer.replay.sinks import FileSink
from consumer.replay.whole_stream import read_stream
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog, decode, encode
from ingest.sinks.stream import put_user_records

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

LOGS: Final = 100_000
A_REQUEST: Final = 100
ROUNDS: Final = 5
WRITES: Final = 200

_BILLED_BYTES: Final = 1024  # On-demand bills each record rounded up to 1 KB (Kinesis pricing, November 2026).


def opened(memory: Shards) -> Any:
    """Return the merged stream over shards in memory."""
    return read_stream(
        cast("KinesisClient", MemoryKinesis(memory)),
        "memory",
        positions={},
        since=None,
        follow=False,
        stopped=lambda: False,
        time=Time(_free_clock(), time.sleep, random.random),
    )


def _free_clock() -> Callable[[], float]:
    """Return a clock that goes on by a second at each call: memory has no limit of calls a second."""
    ticks = iter(range(10**9))
    return lambda: float(next(ticks))


def read_ours(memory: Shards) -> int:
    """Return how many logs the replay's own code decodes, with its threads, merge, digests and tenant check."""
    logs = 0
    with opened(memory) as merge:
        for event in merge:
            if isinstance(event, StreamRecord):
                for piece in deaggregate(event.partition_key, event.data):
                    read = piece if isinstance(piece, Broken) else select.read_log(piece)
                    logs += not isinstance(read, Broken)
    return logs


def read_reference(memory: Shards) -> int:
    """Return how many logs the reference library's loop decodes, shard after shard, without merging or checking."""
    from base64 import b64decode  # noqa: PLC0415 - beside the library that needs it

    from aws_kinesis_agg.deaggregator import iter_deaggregate_records  # noqa: PLC0415 - after consumer.replay's clean import

    logs = 0
    for records in memory.values():
        for record in iter_deaggregate_records(records, data_format="Boto3"):
            decode(b64decode(record["kinesis"]["data"]))
            logs += 1
    return logs


def replay_to_file(memory: Shards, *, redacted: bool, distinct: bool) -> int:
    """Run a whole replay into an NDJSON file; return how many logs it wrote."""
    redactor = redact.build()
    with tempfile.TemporaryDirectory() as folder, opened(memory) as merge:
        sink = FileSink(Path(folder, "out.ndjson"))
        counters = Replay(
            sink=sink,
            broken=BrokenRecords(Path(folder, "broken.ndjson"), resume_at=0),
            start=Checkpoint(stream="memory", started_at="", query={}),
            checkpoint_path=Path(folder, "at.json"),
            wanted=select.selector(select.Selection()),
            is_erased=lambda _: False,
            seen=Seen(None, commit=0) if distinct else None,
            transform=(lambda message: select.redacted(message, redactor)) if redacted else None,
            monotonic=time.monotonic,
            counters=Counters(),
        ).run(merge)
        sink.close()
    return counters.written


class Rate(NamedTuple):
    """Logs a second of the process's CPU time, and of wall-clock time (which other programs influence)."""

    cpu: float
    wall: float


def timed(function: Callable[[], int]) -> Rate:
    """Return the rate of `function`, which returns how many logs it handled."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    logs = function()
    return Rate(logs / (time.process_time() - cpu_s), logs / (time.perf_counter() - wall_s))


class TakesAll:
    """A client that accepts every record and keeps its size."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def put_records(self, **request: Any) -> dict[str, Any]:
        """Take the records."""
        self.sizes += [len(record["Data"]) for record in request["Records"]]
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "0"}] * len(request["Records"])}


def written(logs: Sequence[EncodedLog], *, single: bool = False) -> list[int]:
    """Return the sizes of the stream records for one request's logs."""
    if single:
        return [len(record.data) for record in logs]
    client = TakesAll()
    refused = put_user_records(
        cast("KinesisClient", client),
        "memory",
        logs,
        give_up_at_s=time.monotonic() + 10,
        time=Time(time.monotonic, time.sleep, random.random),
    )
    if refused:
        raise AssertionError(refused)
    return client.sizes


def requests(a_request: int, count: int) -> Iterator[list[EncodedLog]]:
    """Yield requests of one tenant's encoded logs."""
    for number in range(count):
        logs = [log(TENANTS * (number * a_request + i)) for i in range(a_request)]
        yield [EncodedLog(message.tenant_id, encode(message)) for message in logs]


def billed(sizes: Sequence[int]) -> int:
    """Return the kilobytes that are billed for these records in on-demand mode."""
    return sum(-(-size // _BILLED_BYTES) for size in sizes)


def report_reading() -> None:
    """Print (a)."""
    memory = shards(LOGS)
    variants: dict[str, Callable[[], int]] = {
        "replay: merge, deaggregate, decode": lambda: read_ours(memory),
        "reference library's loop, decode": lambda: read_reference(memory),
        "replay to NDJSON, raw": lambda: replay_to_file(memory, redacted=False, distinct=False),
        "replay to NDJSON, redacted": lambda: replay_to_file(memory, redacted=True, distinct=False),
        "replay to NDJSON, raw, distinct": lambda: replay_to_file(memory, redacted=False, distinct=True),
    }
    rates: dict[str, list[Rate]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, function in variants.items():
            rates[name].append(timed(function))
    medians = {name: Rate(*map(statistics.median, zip(*values, strict=True))) for name, values in rates.items()}
    reference = medians["reference library's loop, decode"]
    for name, rate in medians.items():
        print(
            f"  {name:<38} {rate.cpu:>9,.0f} logs/s of CPU {rate.wall:>9,.0f} logs/s"
            f" {rate.cpu / reference.cpu:6.2f}x the reference"
        )


def report_size() -> None:
    """Print (b)."""
    print(f"  {'logs a request':>14} {'':>11} {'records/log':>12} {'bytes/log':>10} {'billed KB/log':>14}")
    for a_request in (1, 10, 100):
        (logs,) = requests(a_request, 1)
        sizes = {"aggregated": written(logs), "single": written(logs, single=True)}
        for name, of_records in sizes.items():
            print(
                f"  {a_request:>14} {name:>11} {len(of_records) / a_request:>12.2f}"
                f" {sum(of_records) / a_request:>10.1f} {billed(of_records) / a_request:>14.2f}"
            )
        ratio = billed(sizes["single"]) / billed(sizes["aggregated"])
        print(
            f"  {'':>14} {'ratio':>11} {len(sizes['single']) / len(sizes['aggregated']):>11.1f}x"
            f" {'':>10} {ratio:>13.2f}x"
        )


def report_writing() -> None:
    """Print (c)."""
    prepared = list(requests(A_REQUEST, WRITES))

    def write() -> int:
        for logs in prepared:
            written(logs)
        return A_REQUEST * WRITES

    rates = [timed(write).cpu for _ in range(ROUNDS)]
    print(f"  writer: {1e6 / statistics.median(rates):.2f} us of CPU a log at {A_REQUEST} logs a request")


def main() -> None:
    """Print everything."""
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; "
        f"{LOGS:,} logs in {SHARDS} shards, medians of {ROUNDS} rounds"
    )
    print("(a) reading, one process")
    report_reading()
    print("(b) on the stream")
    report_size()
    print("(c) writing")
    report_writing()


if __name__ == "__main__":
    main()
