"""Compares a log's cost in two trees' Lambdas: `python -m bench.micro.against TREE [WORD ...]`.

TREE is another checkout, for example of a release (`git worktree add ../before v1`). Only cases whose title contains a
WORD are run. Each case runs in a fresh process for each tree, in turns, against the same loopback stub of AWS. A ratio
is the median of the ratios of all pairs. It is of the processes' own CPU time, so that a busy machine slows both alike.
No bytecode is written in either tree: Lambda's code folder has none either. Lines are measured in the bytes that
CloudWatch bills.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.micro import consumer, ingest, stub

ROUNDS: Final = 7
LOGS: Final = 2_000
PACKED: Final = 100
"""`LogsPerMessage` of the production profile, and the number of logs in a request."""
_OF_AN_EVENT: Final = 26
"""Bytes that CloudWatch adds to each line (PutLogEvents API reference, November 2026)."""

_ID: Final = consumer.Context.aws_request_id
_OF_LAMBDA: Final = (
    f"START RequestId: {_ID} Version: $LATEST",
    f"END RequestId: {_ID}",
    f"REPORT RequestId: {_ID}\tDuration: 9.87 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 64 MB",
)
_QUIET: Final = "SystemLogLevel: WARN"
"""With this in a tree's template, Lambda writes none of the lines above."""

_HERE: Final = Path(__file__).parents[2]
_PROGRAM: Final = str(Path(__file__).with_name("one_process.py"))


class Case(NamedTuple):
    """A number measured in a tree: its title, its unit, and the function that measures it (with a stub at the URL)."""

    title: str
    unit: str
    measure: Callable[[Path, str], float]


def _run(tree: Path, url: str, arguments: list[str], asked: object = None, **settings: str) -> list[str]:
    """Return the lines that the program printed; the last is the number."""
    environ = os.environ | consumer.ENVIRON | {"AWS_ENDPOINT_URL": url, "SECONDS_PER_CHAR": "0"}
    ran = subprocess.run(  # noqa: S603 - ours
        [sys.executable, *arguments],
        cwd=tree,
        env=environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"} | settings,
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def _ingest(case: str) -> Callable[[Path, str], float]:
    return lambda tree, url: float(_run(tree, url, ["-m", "bench.micro.ingest", "ours", case])[-1])


def _cold(module: str, event: Callable[[], Any]) -> Callable[[Path, str], float]:
    def measure(tree: Path, url: str) -> float:
        asked = {"module": module, "before": [], "cold": True, "events": [event()]}
        return 1e3 * float(_run(tree, url, ["-P", _PROGRAM], asked)[-1])

    return measure


def _paid_bytes(module: str, event: Callable[[], Any]) -> Callable[[Path, str], float]:
    def measure(tree: Path, url: str) -> float:
        asked = {"module": module, "before": [], "cold": False, "events": [event()]}
        lines = [line for line in _run(tree, url, ["-P", _PROGRAM], asked)[:-1] if line]
        if _QUIET not in (tree / "infra/cloudformation/template.yaml").read_text():
            lines += _OF_LAMBDA
        return sum(len(line) + _OF_AN_EVENT for line in lines)

    return measure


def batches(size: int) -> Callable[[Path, str], float]:
    """Return the measurement of the consumer's CPU us a log at batches of `size`, in the tree of a path."""

    def measure(tree: Path, url: str) -> float:
        first, *events = [consumer.event(start, size, consumer.LINE) for start in range(0, LOGS + size, size)]
        asked = {"module": "consumer.handler", "before": [first], "cold": False, "events": events}
        return 1e6 * float(_run(tree, url, ["-P", _PROGRAM], asked)[-1]) / LOGS

    return measure


def _production(messages: int) -> Callable[[Path, str], float]:
    """Return the measurement of a log's cost in ingest and consumer together, with 100 logs a request and a message.

    An invocation gets this many `messages`. A tree without packed messages gets one log a message, in batches of 25,
    which is its cheapest way.
    """

    def measure(tree: Path, url: str) -> float:
        packs = (tree / "ingest/contract/packed.py").exists()
        size = PACKED * messages if packs else 25
        events = [consumer.event(start, size, consumer.LINE) for start in range(0, LOGS + size, size)]
        first, *rest = [consumer.packed(event, PACKED) for event in events] if packs else events
        asked = {"module": "consumer.handler", "before": [first], "cold": False, "events": rest}
        consumed = 1e6 * float(_run(tree, url, ["-P", _PROGRAM], asked)[-1]) / (size * len(rest))
        taken = _run(tree, url, ["-m", "bench.micro.ingest", "ours", "batch"], LOGS_PER_MESSAGE=str(PACKED))[-1]
        return consumed + float(taken)

    return measure


CASES: Final = (
    Case("ingest: handler alone, one JSON log", "us", _ingest("handler")),
    Case("ingest: invocation, one JSON log", "us", _ingest("invocation")),
    Case("ingest: a log of an NDJSON batch of 100", "us", _ingest("batch")),
    Case("ingest: cold start", "ms", _cold("ingest.handler", lambda: ingest.ONE)),
    Case("consumer: a log of a batch of 5", "us", batches(5)),
    Case("consumer: a log of a batch of 25", "us", batches(25)),
    Case("consumer: a log of a batch of 100", "us", batches(100)),
    Case("packed: both, a log of a message of 100", "us", _production(1)),
    Case("packed: both, of five such messages", "us", _production(5)),
    Case("consumer: cold start", "ms", _cold("consumer.handler", lambda: consumer.event(0, 1, consumer.LINE))),
    Case("lines of a request", "B", _paid_bytes("ingest.handler", lambda: ingest.ONE)),
    Case("lines of a batch of 5", "B", _paid_bytes("consumer.handler", lambda: consumer.event(0, 5, consumer.LINE))),
)
"""They use only what every tree has: the handlers, and the worker in its own bench/micro/ingest.py."""


def main(tree: Path, words: list[str]) -> None:
    """Print the table of the two trees."""
    for cache in (folder for root in (tree, _HERE) for folder in root.glob("*/**/__pycache__")):
        if ".venv" not in cache.parts:
            shutil.rmtree(cache)
    wanted = [case for case in CASES if not words or any(word in case.title for word in words)]
    print(f"{'CPU, ' + str(ROUNDS) + ' rounds in turns':42}{'there':>10}{'here':>10}{'here/there':>12}")
    with stub.running() as url:
        for case in wanted:
            pairs = [(case.measure(tree, url), case.measure(_HERE, url)) for _ in range(ROUNDS)]
            there, here = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(after / before for before, after in pairs)
            print(f"{case.title:42}{there:8.1f}{case.unit}{here:8.1f}{case.unit}{ratio:12.2f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
