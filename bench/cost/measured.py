"""The cost model's inputs, read from the results of runs that counted the functions' AWS calls.

Milliseconds are medians: means would include cold starts and the effects of other programs on the engine's machine.
"""

from pathlib import Path
from typing import Final

import msgspec

from bench.cost.model import Measured, Prices
from bench.result import read

KEPT: Final = Path(__file__).parents[1] / "results" / "kept"
SINGLES, BATCHES, BASELINE = "calls-design-singles", "calls-design-batches", "calls-baseline-singles"
_PRICES: Final = Path(__file__).parent / "prices.json"
_SQS_BATCH: Final = 10


def prices() -> Prices:
    """Return the dated price table."""
    return msgspec.json.decode(_PRICES.read_bytes(), type=Prices)


def design(folder: Path = KEPT) -> Measured:
    """Return the design's numbers, from the runs with single logs and with batches.

    Raises:
        ResultError: `folder` holds no such run.
    """
    singles, batches = read(folder / SINGLES), read(folder / BATCHES)
    single_ms, batch_ms = singles.usage["ingest"].median_ms, batches.usage["ingest"].median_ms
    batch_logs = batches.plan.batch_logs
    per_log_ms = max(0.0, (batch_ms - single_ms) / (batch_logs - 1))
    invocations = batches.usage["consumer"].invocations
    batch_size = int(batches.parameters["batch size"])
    requests = batches.accepted_requests
    return Measured(
        serial=False,
        ingest_ms_fixed=max(0.0, single_ms - per_log_ms),
        ingest_ms_per_log=per_log_ms,
        consumer_ms_fixed=batches.usage["consumer"].median_ms,
        consumer_ms_per_log=0.0,
        sends=batches.calls["sqs:SendMessageBatch"] / (requests * -(-batch_logs // _SQS_BATCH)),
        puts=batches.calls["kinesis:PutRecords"] / requests,
        fill=min(1.0, batches.judgement.counts["accepted"] / invocations / batch_size),
        ingest_log_bytes=singles.usage["ingest"].log_bytes / singles.usage["ingest"].invocations,
        consumer_log_bytes=batches.usage["consumer"].log_bytes / invocations,
    )


def baseline(folder: Path = KEPT) -> Measured:
    """Return the baseline's numbers, from its run. Raises: ResultError."""
    result = read(folder / BASELINE)
    invocations = result.usage["consumer"].invocations
    accepted = result.judgement.counts["accepted"]
    return Measured(
        serial=True,
        ingest_ms_fixed=result.usage["ingest"].median_ms,
        ingest_ms_per_log=0.0,
        consumer_ms_fixed=0.0,
        consumer_ms_per_log=result.usage["consumer"].median_ms / max(1.0, accepted / invocations),
        sends=result.calls["sqs:SendMessage"] / accepted,
        puts=0.0,
        # The same fill as the design's: at a high rate full batches wait for both.
        fill=design(folder).fill,
        ingest_log_bytes=result.usage["ingest"].log_bytes / result.usage["ingest"].invocations,
        consumer_log_bytes=result.usage["consumer"].log_bytes / invocations,
    )
