"""The cost model's inputs: calls and line bytes from runs on the engine, CPU time from `bench.micro.lambda_cpu`."""

from pathlib import Path
from typing import Final

import msgspec

from bench.cost import cpu
from bench.cost.model import Measured, Prices
from bench.result import Result, read

KEPT: Final = Path(__file__).parents[1] / "results" / "kept"
SINGLES, BATCHES, BASELINE = "calls-design-singles", "calls-design-batches", "calls-baseline-singles"
_PRICES: Final = Path(__file__).parent / "prices.json"
_SQS_BATCH: Final = 10
METRICS: Final = 13
"""Custom metrics of a stack whose every count has a point: one for each name of ingest and consumer."""
ALARMS: Final = 10
"""The template's alarms without authentication."""


def prices() -> Prices:
    """Return the dated price table."""
    return msgspec.json.decode(_PRICES.read_bytes(), type=Prices)


def design(folder: Path = KEPT) -> Measured:
    """Return the design's numbers, from the runs with single logs and with batches.

    Raises:
        ResultError: `folder` holds no such run.
    """
    singles, batches, used = read(folder / SINGLES), read(folder / BATCHES), cpu.read(folder)
    request, batch = cpu.of_requests(used), cpu.of_batches(used)
    batch_logs, requests = batches.plan.batch_logs, batches.accepted_requests
    return Measured(
        serial=False,
        ingest_cpu_ms=request.fixed_ms,
        ingest_cpu_ms_per_log=request.log_ms,
        consumer_cpu_ms=batch.fixed_ms,
        consumer_cpu_ms_per_log=batch.log_ms,
        sends=batches.calls["sqs:SendMessageBatch"] / (requests * -(-batch_logs // _SQS_BATCH)),
        puts=batches.calls["kinesis:PutRecords"] / requests,
        fill=_fill(batches),
        ingest_log_bytes=_line_bytes(singles, "ingest"),
        consumer_log_bytes=_line_bytes(batches, "consumer"),
        metrics=METRICS,
        alarms=ALARMS,
    )


def baseline(folder: Path = KEPT) -> Measured:
    """Return the baseline's numbers, from its run. Raises: ResultError."""
    result, used = read(folder / BASELINE), cpu.read(folder)
    return Measured(
        serial=True,
        ingest_cpu_ms=used.baseline_request_us / 1000,
        ingest_cpu_ms_per_log=0.0,
        consumer_cpu_ms=0.0,
        consumer_cpu_ms_per_log=used.baseline_log_us / 1000,
        sends=result.calls["sqs:SendMessage"] / result.accepted_requests,
        puts=0.0,
        # The same fill as the design's: at a high rate full batches wait for both.
        fill=_fill(read(folder / BATCHES)),
        ingest_log_bytes=_line_bytes(result, "ingest"),
        consumer_log_bytes=_line_bytes(result, "consumer"),
    )


def _fill(batches: Result) -> float:
    # The judge's counts are no use here: they hold the warm-up, which the invocations leave out, and no duplicates.
    accepted = batches.numbers.accepted_logs_per_s * batches.plan.duration_s
    return min(1.0, accepted / batches.usage["consumer"].invocations / int(batches.parameters["batch size"]))


def _line_bytes(result: Result, function: str) -> float:
    return result.usage[function].log_bytes / result.usage[function].invocations
