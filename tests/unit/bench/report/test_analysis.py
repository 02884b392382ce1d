"""The numbers: percentiles within their bound, time counted from the intended send, halves and tenants apart."""

import math
from random import Random

import pytest

from bench.histogram import Histogram
from bench.judge.history import WARM_UP, RequestRow
from bench.judge.judge import Stored
from bench.report.analysis import MOST_BUCKETS, Analysis


def row(at_ms: float, *, latency_ms: float = 10, kind: str = "json", accepted: int = 1) -> RequestRow:
    """Return a request that was sent 4 ms late."""
    return RequestRow(kind, at_ms, at_ms + 4, at_ms + latency_ms, 202, 1, accepted, 100, "acme")


def test_percentiles_are_within_one_per_cent() -> None:
    """10,000 log-normal values: every percentile is within the promised bound of the exact one."""
    random = Random(1)
    values = sorted(random.lognormvariate(3, 2) for _ in range(10_000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    for percent in (1, 50, 95, 99, 99.9):
        exact = values[math.ceil(len(values) * percent / 100) - 1]
        assert histogram.percentile(percent) == pytest.approx(exact, rel=0.011)
    assert histogram.percentile(100) == pytest.approx(values[-1], rel=0.011)
    assert histogram.shares()[-1][1] == 1


def test_an_empty_histogram_has_no_percentile() -> None:
    """Nothing measured is not zero."""
    assert math.isnan(Histogram().percentile(50))


def test_latency_counts_from_the_intended_time() -> None:
    """A request that left late is not excused: coordinated omission shows."""
    analysis = Analysis(start_ms=0, duration_s=10, seconds_per_char=0)
    analysis.add_request(row(100, latency_ms=10))
    assert analysis.numbers().latency_ms["all"].p50 == pytest.approx(10, rel=0.011)


def test_the_warm_up_is_not_measured() -> None:
    """Its requests and logs stand on the time axis before zero and in no percentile."""
    analysis = Analysis(start_ms=10_000, duration_s=10, seconds_per_char=0)
    analysis.add_request(row(5_000, latency_ms=3_000, kind=WARM_UP))
    analysis.add_request(row(11_000))
    analysis.add_stored(Stored("acme", 5_000, 4_000, 10))
    analysis.add_stored(Stored("acme", 11_000, 50, 10))
    numbers = analysis.numbers()
    assert numbers.latency_ms["all"].count == 1
    assert numbers.lag_ms.count == 1
    assert numbers.timeline[0].at_s < 0


def test_quiet_tenants_are_told_apart_by_half() -> None:
    """The noisy tenant's lag is not the quiet ones', and alone is told from beside."""
    analysis = Analysis(start_ms=0, duration_s=10, seconds_per_char=0)
    for at_ms, tenant, lag_ms in ((1000, "r-t01", 10), (7000, "r-t01", 20), (7000, "r-noisy", 5000)):
        analysis.add_stored(Stored(tenant, at_ms, lag_ms, 1))
    numbers = analysis.numbers()
    assert numbers.quiet_lag_ms["first"].largest == 10
    assert numbers.quiet_lag_ms["second"].largest == 20
    assert [tenant.tenant_id for tenant in numbers.tenants] == ["r-t01", "r-noisy"]


def test_the_delay_is_taken_off_the_lag() -> None:
    """100 characters at 0.05 s are 5 s of the lag."""
    analysis = Analysis(start_ms=0, duration_s=10, seconds_per_char=0.05)
    analysis.add_stored(Stored("acme", 1000, 5_250, 100))
    assert analysis.numbers().lag_beyond_delay_ms.largest == pytest.approx(250)


def test_the_time_axis_stays_short_however_long_the_run() -> None:
    """A day's soak has as many moments as a minute's run."""
    analysis = Analysis(start_ms=0, duration_s=86_400, seconds_per_char=0)
    for minute in range(1440):
        analysis.add_request(row(minute * 60_000))
    assert len(analysis.numbers().timeline) <= MOST_BUCKETS + 1


def test_a_ramps_numbers_stand_by_step() -> None:
    """A request counts for the step it was meant for, a log for the step it was sent in; the delay is taken off."""
    analysis = Analysis(start_ms=10_000, duration_s=20, seconds_per_char=0.05, steps=2)
    for at_ms, latency_ms in ((10_000, 10), (19_999, 10), (20_000, 700)):
        analysis.add_request(row(at_ms, latency_ms=latency_ms))
    analysis.add_request(row(9_000, kind=WARM_UP))
    for sent_ms, lag_ms in ((11_000, 1_000), (29_000, 3_000), (31_000, 9_000)):
        analysis.add_stored(Stored("acme", sent_ms, lag_ms, 10))
    first, second = analysis.numbers().steps
    assert (first.requests_per_minute, second.requests_per_minute) == (12, 6)
    assert first.answer_p99_ms == pytest.approx(10, rel=0.011)
    assert second.answer_p50_ms == pytest.approx(700, rel=0.011)
    assert (first.stored_logs_per_s, second.stored_logs_per_s) == (0.1, 0.2)
    assert first.lag_p90_ms == pytest.approx(500, rel=0.011)
    assert second.lag_p90_ms == pytest.approx(8_500, rel=0.011)


def test_a_ramp_counts_quick_errors_and_lost_logs_by_step() -> None:
    """Neither is in the times: an error is quick, and a lost log has no lag."""
    analysis = Analysis(start_ms=0, duration_s=20, seconds_per_char=0, steps=2)
    for at_ms in (0, 1_000, 11_000, 12_000):
        analysis.add_request(row(at_ms, accepted=5))
    analysis.add_request(row(13_000, accepted=0)._replace(status=503, problem="503 instead of 202"))
    for sent_ms in [1] * 10 + [11_000] * 4:
        analysis.add_stored(Stored("acme", sent_ms, 10, 1))
    first, second = analysis.numbers().steps
    assert (first.wrong, first.unstored) == (0, 0)
    assert second.wrong == pytest.approx(1 / 3)
    assert second.unstored == pytest.approx(0.6)


def test_other_shapes_have_no_steps() -> None:
    """Only a ramp has a knee."""
    analysis = Analysis(start_ms=0, duration_s=10, seconds_per_char=0)
    analysis.add_request(row(0))
    assert analysis.numbers().steps == ()
