"""The delay plan, for any batch, time and budget."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.delay import MAX_DELAY_S, plan, ready_at_ms
from tests.clock import START_MS
from tests.unit.consumer.fakes import log

LOGS = st.lists(
    st.builds(
        lambda chars, age_ms: log(text="x" * chars, first_receive_ms=START_MS - age_ms),
        st.integers(1, 20_000),
        st.integers(-10_000, 100_000_000),
    ),
    max_size=12,
)


@given(LOGS, st.floats(-5, 900), st.floats(0, 100, exclude_min=True))
def test_every_log_is_waited_for_or_deferred_and_never_processed_early(
    logs: list[object], budget_s: float, seconds_per_char: float
) -> None:
    """Each log is waited for within the budget or deferred once within SQS's limit, and none is processed early."""
    planned = plan(logs, now_ms=START_MS, budget_s=budget_s, seconds_per_char=seconds_per_char)  # type: ignore[arg-type] # hypothesis' builds are untyped
    deferred = [deferral.log for deferral in planned.deferrals]
    assert len(planned.ready) + len(deferred) == len(logs)
    assert all(any(entry is known for known in logs) for entry in [*planned.ready, *deferred])

    assert 0 <= planned.wait_s <= max(budget_s, 0)
    after_wait_ms = START_MS + 1000 * planned.wait_s
    assert all(ready_at_ms(entry, seconds_per_char) <= after_wait_ms + 1 for entry in planned.ready)
    lefts_s = [(ready_at_ms(entry, seconds_per_char) - START_MS) / 1000 for entry in planned.ready]
    assert planned.wait_s == max([0.0, *lefts_s])

    for deferral in planned.deferrals:
        assert 1 <= deferral.visibility_s <= MAX_DELAY_S
        if deferral.log.delivery.first_receive_ms <= START_MS:
            back_ms = START_MS + 1000 * deferral.visibility_s
            again = plan([deferral.log], now_ms=back_ms, budget_s=0, seconds_per_char=seconds_per_char)
            assert again.deferrals == []


@given(LOGS, st.floats(-5, 900))
def test_without_a_delay_no_log_waits(logs: list[object], budget_s: float) -> None:
    """Without a delay no log waits, even if a wrong clock puts its first receipt in the future."""
    assert plan(logs, now_ms=START_MS, budget_s=budget_s, seconds_per_char=0) == (logs, 0.0, [])  # type: ignore[arg-type] # as above
