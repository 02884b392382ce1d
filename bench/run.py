"""One run: locust sends as a child process, the queue is sampled and drained, then the evidence is read and judged."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from bench.cost import usage
from bench.judge import evidence
from bench.judge.history import WARM_UP, History
from bench.judge.judge import Asked, judge
from bench.judge.promises import PROMISES, Promise
from bench.load import plan as plans
from bench.load.plan import Plan
from bench.load.shapes import RAMP_STEPS
from bench.report import machine
from bench.report.analysis import Analysis
from bench.result import Result
from infra.counts import queue_depth
from infra.stack import Stack

_LOCUSTFILE: Final = Path(__file__).parent / "locustfile.py"
_SAMPLE_S: Final = 1.0
_CLOCK_MARGIN: Final = timedelta(seconds=5)


def run(
    plan: Plan,
    stack: Stack,
    folder: Path,
    *,
    parameters: dict[str, str] | None = None,
    counter: usage.CallCounter | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Result:
    """Make a run and return its result; its history and locust's log stay in `folder`.

    A `counter` counts the functions' AWS calls, which slows the engine.

    Raises:
        RuntimeError: locust itself failed; its log says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("history.db*"):  # Of an earlier run with this name: not to be judged here.
        left.unlink()
    started = datetime.now(UTC)
    load_before = machine.load_average()
    if counter is not None:
        counter.start()
    with _Sampler(stack) as sampler:
        _send(plan, stack, folder, tell)
        sent_s = time.monotonic()
        counts = evidence.await_empty(
            stack, timeout_s=plan.drain_timeout_s, tell=lambda left: tell(f"draining: {left:,} messages left")
        )
        drain_s = time.monotonic() - sent_s
    calls = counter.counts() if counter is not None else {}
    load_after = machine.load_average()
    ended_ms = time.time() * 1000
    tell("reading what is stored, streamed and dead-lettered")
    with History(str(folder / "history.db")) as history:
        has_stream = "I5" in plan.promises
        evidence.collect(history, stack, since=started - _CLOCK_MARGIN, has_stream=has_stream)
        start_ms = next(row.intended_ms for row in history.requests() if row.kind != WARM_UP)
        analysis = Analysis(
            start_ms=start_ms,
            duration_s=plan.duration_s,
            seconds_per_char=plan.seconds_per_char,
            steps=RAMP_STEPS if plan.shape == "ramp" else 0,
        )
        request_bytes = accepted_requests = 0
        for request in history.requests():
            analysis.add_request(request)
            request_bytes += request.body_bytes
            accepted_requests += request.accepted > 0
        analysis.add_waiting(sampler.samples)
        tell("judging")
        asked = Asked(plan.least_rate, plan.duration_s) if plan.least_rate else None
        judgement = judge(history, counts=counts, asked=asked, promises=plan.promises, on_stored=analysis.add_stored)
    return Result(
        plan=plan,
        started_at=started.isoformat(timespec="seconds"),
        parameters=parameters or {},
        machine=machine.describe(),
        load_average=(load_before, load_after),
        judgement=judgement,
        numbers=analysis.numbers(),
        usage=usage.functions(stack, since_ms=start_ms, until_ms=ended_ms),
        drain_s=drain_s,
        request_bytes=request_bytes,
        accepted_requests=accepted_requests,
        calls=calls,
    )


def _send(plan: Plan, stack: Stack, folder: Path, tell: Callable[[str], None]) -> None:
    """Run locust until its schedule is over."""
    plan_file = folder / "plan.json"
    plans.write(plan, plan_file)
    command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE)]
    command += ["--headless", "--only-summary", "--exit-code-on-error=0", "--host", stack.endpoint]
    command += ["--plan", str(plan_file.absolute()), "--history", str((folder / "history.db").absolute())]
    total_s = plan.warm_up_s + plan.duration_s
    with (folder / "locust.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=_LOCUSTFILE.parent.parent)  # noqa: S603 - no shell, words of our own
        started_s = time.monotonic()
        try:
            while process.poll() is None:
                tell(f"sending: {min(time.monotonic() - started_s, total_s):.0f} of {total_s:.0f} s")
                time.sleep(_SAMPLE_S)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        raise RuntimeError(f"locust ended with code {process.returncode}; see {folder / 'locust.log'}")


class _Sampler:
    """Reads the queue's depth once a second in a thread of its own, from entry to exit."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.samples: list[tuple[float, int]] = []
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _watch(self) -> None:
        try:
            while not self._stop.wait(_SAMPLE_S):
                self.samples.append((time.time() * 1000, sum(queue_depth(self._stack, self._stack.queue_url))))
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits for this one
            self.failure = error


def without_stream() -> tuple[Promise, ...]:
    """Return the promises on which a system without a stream is judged."""
    every: Collection[Promise] = PROMISES
    return tuple(promise for promise in every if promise != "I5")
