"""Bars over time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from infra.console.histogram import MAX_BARS, bars

_MS = st.integers(0, 4_102_444_800_000)


@given(st.lists(st.tuples(_MS, st.booleans())), _MS, st.integers(1, 10**12))
def test_each_log_of_the_time_is_in_one_bar(arrivals: list[tuple[int, bool]], since_ms: int, span_ms: int) -> None:
    """The bars cover the time without a gap, are few, and add up to the logs between their ends."""
    found = bars(arrivals, since_ms=since_ms, until_ms=since_ms + span_ms)
    assert 1 <= len(found) <= MAX_BARS
    assert found[0].since_ms <= since_ms
    assert found[-1].until_ms >= since_ms + span_ms
    assert all(one.until_ms == two.since_ms for one, two in pairwise(found))
    inside = [grave for at_ms, grave in arrivals if found[0].since_ms <= at_ms < found[-1].until_ms]
    assert (sum(bar.logs for bar in found), sum(bar.grave for bar in found)) == (len(inside), sum(inside))


def test_bars_are_as_wide_as_a_clock_says() -> None:
    """An hour has bars of two minutes, each beginning at an even one."""
    found = bars([], since_ms=3_600_000 * 10 + 1, until_ms=3_600_000 * 11)
    assert {bar.until_ms - bar.since_ms for bar in found} == {120_000}
    assert found[0].since_ms == 3_600_000 * 10
