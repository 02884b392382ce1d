"""Gathers a run's numbers row by row in bounded memory: latency and lag over time, by kind and by tenant."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from bench.histogram import Histogram
from bench.judge.history import WARM_UP, RequestRow
from bench.judge.judge import Stored
from bench.result import Numbers, Spread, Step, Stretch, TenantNumbers

MOST_BUCKETS: Final = 60
"""The most points on a time axis, so that the report of a day-long soak stays readable and small."""


class Analysis:
    """Takes the requests, the stored logs and the samples of the queue; `numbers` returns the results.

    `steps` is the number of a ramp's steps, all of equal length; it is 0 for any other shape.
    """

    def __init__(self, *, start_ms: float, duration_s: float, seconds_per_char: float, steps: int = 0) -> None:
        self._start_ms = start_ms
        self._duration_s = duration_s
        self._seconds_per_char = seconds_per_char
        self._bucket_s = max(1.0, duration_s / MOST_BUCKETS)
        self._latency: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._latency_at: defaultdict[int, Histogram] = defaultdict(Histogram)
        self._requests_at: Counter[int] = Counter()
        self._accepted_at: Counter[int] = Counter()
        self._stored_at: Counter[int] = Counter()
        self._waiting_at: dict[int, int] = {}
        self._lag, self._beyond = Histogram(), Histogram()
        self._quiet: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._by_tenant: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._answers_of = [Histogram() for _ in range(steps)]
        self._lags_of = [Histogram() for _ in range(steps)]
        self._wrong_of: Counter[int] = Counter()
        self._accepted_of: Counter[int] = Counter()
        self._accepted = 0
        self._last_processed_ms = start_ms

    def add_request(self, request: RequestRow) -> None:
        """Count a request; one of the warm-up only adds its logs to those accepted over time."""
        bucket = self._bucket(request.answered_ms)
        self._accepted_at[bucket] += request.accepted
        if request.kind == WARM_UP:
            return
        self._accepted += request.accepted
        latency_ms = request.answered_ms - request.intended_ms
        self._requests_at[bucket] += 1
        for name in ("all", request.kind):
            self._latency[name].add(latency_ms)
        self._latency_at[self._bucket(request.intended_ms)].add(latency_ms)
        if self._answers_of:
            step = self._step(request.intended_ms)
            self._answers_of[step].add(latency_ms)
            self._wrong_of[step] += bool(request.problem)
            self._accepted_of[self._step(request.sent_ms)] += request.accepted  # As its logs' lags.

    def add_stored(self, log: Stored) -> None:
        """Count a stored log."""
        processed_ms = log.sent_ms + log.lag_ms
        self._stored_at[self._bucket(processed_ms)] += 1
        self._last_processed_ms = max(self._last_processed_ms, processed_ms)
        if log.sent_ms < self._start_ms:
            return
        beyond_ms = log.lag_ms - 1000 * self._seconds_per_char * log.characters
        self._lag.add(log.lag_ms)
        self._beyond.add(beyond_ms)
        if self._lags_of:
            self._lags_of[self._step(log.sent_ms)].add(beyond_ms)
        self._by_tenant[log.tenant_id].add(log.lag_ms)
        if not log.tenant_id.endswith("-noisy"):
            half = "second" if log.sent_ms > self._start_ms + self._duration_s * 500 else "first"
            self._quiet[half].add(log.lag_ms)

    def add_waiting(self, samples: Sequence[tuple[float, int]]) -> None:
        """Take samples (time in ms, messages queued and in flight); each stretch of time keeps its largest."""
        for at_ms, waiting in samples:
            bucket = self._bucket(at_ms)
            self._waiting_at[bucket] = max(waiting, self._waiting_at.get(bucket, 0))

    def numbers(self) -> Numbers:
        """Return the numbers of the run."""
        elapsed_s = max((self._last_processed_ms - self._start_ms) / 1000, self._duration_s)
        buckets = {*self._accepted_at, *self._stored_at, *self._requests_at, *self._waiting_at}
        axis = range(min(buckets, default=0), max(buckets, default=0) + 1)
        return Numbers(
            latency_ms={name: spread(histogram) for name, histogram in sorted(self._latency.items())},
            lag_ms=spread(self._lag),
            lag_beyond_delay_ms=spread(self._beyond),
            quiet_lag_ms={half: spread(histogram) for half, histogram in sorted(self._quiet.items())},
            stored_logs_per_s=self._lag.count / elapsed_s,
            accepted_logs_per_s=self._accepted / self._duration_s,
            timeline=tuple(self._stretch(bucket) for bucket in axis),
            tenants=_tenants(self._by_tenant),
            lag_shares=tuple(self._lag.shares()),
            steps=self._steps(),
        )

    def _bucket(self, at_ms: float) -> int:
        return int((at_ms - self._start_ms) / 1000 // self._bucket_s)

    def _step(self, at_ms: float) -> int:
        """Return the step that a moment belongs to; a log sent late, after the ramp's end, belongs to the last."""
        number = int((at_ms - self._start_ms) / 1000 / self._duration_s * len(self._answers_of))
        return min(number, len(self._answers_of) - 1)

    def _steps(self) -> tuple[Step, ...]:
        step_s = self._duration_s / max(len(self._answers_of), 1)
        return tuple(
            Step(
                requests_per_minute=answers.count / step_s * 60,
                answer_p50_ms=spread(answers).p50,
                answer_p99_ms=spread(answers).p99,
                lag_p90_ms=spread(lags).p90,
                stored_logs_per_s=lags.count / step_s,
                wrong=self._wrong_of[step] / max(answers.count, 1),
                unstored=max(0, self._accepted_of[step] - lags.count) / max(self._accepted_of[step], 1),
            )
            for step, (answers, lags) in enumerate(zip(self._answers_of, self._lags_of, strict=True))
        )

    def _stretch(self, bucket: int) -> Stretch:
        latency = self._latency_at.get(bucket)
        p50, p95, p99 = (latency.percentile(percent) for percent in (50, 95, 99)) if latency else (None, None, None)
        return Stretch(
            at_s=bucket * self._bucket_s,
            requests_per_s=self._requests_at[bucket] / self._bucket_s,
            accepted_per_s=self._accepted_at[bucket] / self._bucket_s,
            stored_per_s=self._stored_at[bucket] / self._bucket_s,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            waiting=self._waiting_at.get(bucket),
        )


def spread(histogram: Histogram) -> Spread:
    """Return a histogram's spread; all zero when it is empty."""
    if not histogram.count:
        return Spread(0, 0, 0, 0, 0, 0, 0, 0)
    p50, p90, p95, p99, p999 = (histogram.percentile(percent) for percent in (50, 90, 95, 99, 99.9))
    return Spread(histogram.count, histogram.total / histogram.count, p50, p90, p95, p99, p999, histogram.largest)


def _tenants(by_tenant: Mapping[str, Histogram]) -> tuple[TenantNumbers, ...]:
    largest_first = sorted(by_tenant.items(), key=lambda pair: (-pair[1].count, pair[0]))
    return tuple(
        TenantNumbers(tenant_id, lag.count, lag.percentile(50), lag.percentile(95)) for tenant_id, lag in largest_first
    )
