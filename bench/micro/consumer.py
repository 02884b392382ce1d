"""Compares a log's cost in the consumer and in a serial worker: `python -m bench.micro.consumer`.

Three workers take turns, each in a fresh process against the same loopback stub of AWS. `ours` is the consumer Lambda's
handler. `one_by_one` is the same code and client with put_item instead of the batched INSERT. `serial` is the
specification's worker from bench/baseline (sleep, put_item, next log). CPU is the process's own (user + system). The
delay is real: the serial worker sleeps 50 s for ten logs.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from bench.micro import stub
from consumer.item import LOG_ID, Item, attributes
from consumer.timestamps import rfc3339
from consumer.verdict import STORED
from ingest.aws.clients import Calls, DynamoDb
from ingest.contract.message import InternalMessage

WORKERS: Final = ("ours", "one_by_one", "serial")
ROUNDS: Final = 3
BATCH: Final = 25
BATCHES: Final = 80
DELAYED_BATCH: Final = 10
DELAYED_CHARS: Final = 100
SECONDS_PER_CHAR: Final = "0.05"
MEMORY_GB: Final = 0.5
"""The template's ConsumerMemoryMegabytes."""

ENVIRON: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x" * 40,
    "AWS_SESSION_TOKEN": "x" * 800,  # About the length of Lambda's tokens.
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/logs",
    "DLQ_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/logs-dlq",
    "STREAM_NAME": "logs",
    "TABLE_NAME": "logs",
    "CRASH_PROBABILITY": "0",
}
LINE: Final = "2026-11-24T05:28:38Z web-7 nginx: 10.0.0.12 GET /account/orders?page=2 200 512 0.012 call 555-0199 " * 3


class Context:
    """The part of Lambda's context object that the handlers use."""

    aws_request_id = "6f1b1f0e-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left of a fresh invocation, in milliseconds."""
        return 50_000


def event(first: int, count: int, text: str) -> dict[str, Any]:
    """Return Lambda's SQS event of so many new logs."""
    now_ms = str(time.time_ns() // 1_000_000)
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "receiptHandle": f"handle-{number}",
                "body": json.dumps(
                    {
                        "tenant_id": "acme",
                        "log_id": f"log-{number}",
                        "source": "json_upload",
                        "text": text,
                        "received_at": rfc3339(int(now_ms)),  # Otherwise each log would be marked as stored late.
                        "schema_version": 1,
                    }
                ),
                "attributes": {"ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": now_ms},
            }
            for number in range(first, first + count)
        ]
    }


def packed(events: dict[str, Any], logs: int) -> dict[str, Any]:
    """Return the event with the same logs, packed: so many in each message (`LogsPerMessage`)."""
    records = events["Records"]
    return {
        "Records": [
            first | {"messageId": f"packed-{first['messageId']}", "body": f'{{"schema_version":3,"logs":[{bodies}]}}'}
            for start in range(0, len(records), logs)
            for first in [records[start]]
            for bodies in [",".join(record["body"] for record in records[start : start + logs])]
        ]
    }


class OneByOne:
    """A table that is written by conditional PutItems on the same connection."""

    def __init__(self, connection: Calls) -> None:
        self._connection = connection

    def insert(self, items: Sequence[Item], *, give_up_at_s: float) -> Iterator[tuple[int, Any]]:
        """Yield each item's position with the verdict `STORED`."""
        for position, item in enumerate(items):
            if time.monotonic() < give_up_at_s:
                self._connection.call(
                    "PutItem",
                    {
                        "TableName": "logs",
                        "Item": attributes(item),
                        "ConditionExpression": f"attribute_not_exists({LOG_ID})",
                    },
                )
                yield position, STORED

    def stored_among(self, logs: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Return no positions: nothing fails here, so no log is delivered twice."""
        del logs, give_up_at_s
        return frozenset()


class Counting:
    """A connection that counts its calls."""

    def __init__(self, connection: Calls, count: Callable[[], None]) -> None:
        self._connection = connection
        self._count = count

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Count the call; return its answer."""
        self._count()
        return self._connection.call(operation, request)


def _worker(name: str, count: Callable[[], None]) -> Callable[[Any, Any], Any]:
    """Return the worker's handler; `count` is called at each of its calls to DynamoDB."""
    if name == "serial":
        from bench.baseline import worker  # noqa: PLC0415 - builds its client from the environment when imported

        worker.table.meta.client.meta.events.register("before-send.dynamodb", lambda **_: count())
        return worker.handler
    from consumer import clock, handler, settings, store  # noqa: PLC0415 - not into the serial worker's process

    chosen = settings.from_environ(os.environ)
    system = clock.system()
    connection = Counting(store.client(os.environ).connection, count)
    clients = handler.clients(os.environ, system.time)._replace(dynamodb=DynamoDb(connection))
    outside = handler.outside(chosen, clients, system, write_line=lambda _line: None)
    if name == "one_by_one":
        outside = outside._replace(table=OneByOne(connection))
    return handler.program(chosen, outside)


def measure(name: str) -> dict[str, float]:
    """Return the cost of the worker `name` in this process: CPU us and calls a log, or wall s of a delayed batch."""
    calls = [0]

    def count() -> None:
        calls[0] += 1

    handler = _worker(name, count)
    if os.environ["SECONDS_PER_CHAR"] != "0":
        delayed = event(0, DELAYED_BATCH, "x" * DELAYED_CHARS)
        started_s = time.monotonic()
        handler(delayed, Context())
        return {"wall_s": time.monotonic() - started_s}
    handler(event(0, BATCH, LINE), Context())  # Opens connections and fills caches.
    calls[0] = 0
    events = [event(number * BATCH, BATCH, LINE) for number in range(BATCHES)]
    started_s = time.process_time()
    answers = [handler(batch, Context()) for batch in events]
    taken_s = time.process_time() - started_s
    if any(answer and answer["batchItemFailures"] for answer in answers):  # The serial worker answers nothing.
        raise SystemExit("A number of failures is no measurement.")
    logs = BATCHES * BATCH
    return {"cpu_us": 1e6 * taken_s / logs, "calls": calls[0] / logs}


def _start(name: str, url: str, seconds_per_char: str) -> "subprocess.Popen[str]":
    environ = os.environ | ENVIRON | {"AWS_ENDPOINT_URL": url, "SECONDS_PER_CHAR": seconds_per_char}
    return subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "bench.micro.consumer", name], stdout=subprocess.PIPE, text=True, env=environ
    )


def _result(process: "subprocess.Popen[str]") -> dict[str, float]:
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a worker ended with {process.returncode}")
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def measured(name: str, url: str) -> dict[str, float]:
    """Return what `measure` returns in a fresh process, without the delay."""
    return _result(_start(name, url, seconds_per_char="0"))


def main() -> None:
    """Measure all workers and print their numbers and ratios."""
    with stub.running() as url:
        start = partial(_start, url=url)
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in WORKERS}
        for _ in range(ROUNDS):
            for name in WORKERS:
                rounds[name].append(measured(name, url))
        # At the same time: they mostly sleep.
        delayed = {name: start(name, seconds_per_char=SECONDS_PER_CHAR) for name in ("ours", "serial")}
        wall_s = {name: _result(process)["wall_s"] for name, process in delayed.items()}

    cpu_us = {name: statistics.median(result["cpu_us"] for result in rounds[name]) for name in WORKERS}
    calls = {name: rounds[name][0]["calls"] for name in WORKERS}
    print(f"Delay off, batches of {BATCH} logs of {len(LINE)} characters, median of {ROUNDS} rounds:")
    for name in WORKERS:
        print(f"  {name:<10} {cpu_us[name]:7.0f} us CPU a log   {calls[name]:.3f} DynamoDB calls a log")
    for name in WORKERS[1:]:
        print(f"  ours is {cpu_us[name] / cpu_us['ours']:.1f} times cheaper in CPU than {name}")
    print(f"A batch of {DELAYED_BATCH} logs of {DELAYED_CHARS} characters at {SECONDS_PER_CHAR} s a character:")
    for name, seconds in wall_s.items():
        print(f"  {name:<10} {seconds:7.2f} s wall   {seconds * MEMORY_GB / DELAYED_BATCH:.3f} GB-s a log")
    print(f"  ours is {wall_s['serial'] / wall_s['ours']:.1f} times shorter and cheaper")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
