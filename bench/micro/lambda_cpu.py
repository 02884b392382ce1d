"""Measures what the cost model takes as the functions' CPU: `python -m bench.micro.lambda_cpu FOLDER` (a minute).

Each number is the least of `ROUNDS` fresh processes, in turns, against the same loopback stub of AWS. It is the
processes' own CPU time, to which other programs on the machine only add.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.cost import cpu
from bench.micro import against, consumer, ingest, stub
from bench.report import machine

ROUNDS: Final = 5

_HERE: Final = Path(__file__).parents[2]
_CASES: Final[dict[str, Callable[[str], float]]] = {
    "request_us": lambda url: ingest.measure(url, "ours", "invocation"),
    "request_log_us": lambda url: ingest.measure(url, "ours", "batch"),
    "small_log_us": lambda url: against.batches(cpu.SMALL)(_HERE, url),
    "batch_log_us": lambda url: against.batches(cpu.BATCH)(_HERE, url),
    "baseline_request_us": lambda url: ingest.measure(url, "baseline", "invocation"),
    "baseline_log_us": lambda url: consumer.measured("serial", url)["cpu_us"],
}


def measure() -> cpu.Cpu:
    """Return each case's least."""
    with stub.running() as url:
        rounds = [{name: case(url) for name, case in _CASES.items()} for _ in range(ROUNDS)]
    least = {name: min(one[name] for one in rounds) for name in _CASES}
    return cpu.Cpu(machine=machine.describe(), load_average=machine.load_average(), **least)


if __name__ == "__main__":
    cpu.write(measure(), Path(sys.argv[1]))
