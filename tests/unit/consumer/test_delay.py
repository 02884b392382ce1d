"""The delay plan: a log is waited for in this invocation, or deferred."""

from consumer.delay import MAX_DELAY_S, plan, ready_at_ms
from consumer.unpack import Log
from ingest.contract.message import MAX_TEXT_BYTES
from tests.clock import START_MS
from tests.unit.consumer.fakes import log

DEFAULT_SECONDS_PER_CHAR = 0.05
LONGEST_VISIBILITY_S = 43_200


def of_chars(count: int, message_id: str = "m") -> Log:
    """Return a log of so many characters, first received at START_MS."""
    return log(message_id, text="x" * count)


def test_a_batch_waits_for_its_longest_log_and_not_for_the_sum() -> None:
    """Ten logs of 100 characters at 0.05 s a character wait 5 s together, not 50."""
    planned = plan(
        [of_chars(100, f"m{n}") for n in range(10)],
        now_ms=START_MS,
        budget_s=40,
        seconds_per_char=DEFAULT_SECONDS_PER_CHAR,
    )
    assert planned.wait_s == 5
    assert len(planned.ready) == 10


def test_time_since_the_first_receipt_counts() -> None:
    """A log that was received long ago is ready at once."""
    planned = plan([of_chars(100)], now_ms=START_MS + 5_000, budget_s=40, seconds_per_char=DEFAULT_SECONDS_PER_CHAR)
    assert (planned.wait_s, len(planned.ready)) == (0, 1)


def test_a_log_beyond_the_budget_is_deferred_to_its_ready_time() -> None:
    """A log of 6,000 characters at 0.05 s is hidden for 300 s, and a short log beside it is processed."""
    long, short = of_chars(6_000, "long"), of_chars(20, "short")
    planned = plan([long, short], now_ms=START_MS, budget_s=40, seconds_per_char=DEFAULT_SECONDS_PER_CHAR)
    assert planned.ready == [short]
    assert planned.wait_s == 1
    assert [(deferral.log, deferral.visibility_s) for deferral in planned.deferrals] == [(long, 300)]


def test_a_deferred_log_is_ready_when_it_comes_back() -> None:
    """A deferral is rounded up to whole seconds, so that a log does not come back early and is deferred twice."""
    deferred = plan([of_chars(6_001)], now_ms=START_MS + 7, budget_s=40, seconds_per_char=0.05).deferrals[0]
    back_ms = START_MS + 7 + 1000 * deferred.visibility_s
    planned = plan([deferred.log], now_ms=back_ms, budget_s=0, seconds_per_char=0.05)
    assert (planned.ready, planned.wait_s) == ([deferred.log], 0)


def test_zero_seconds_a_character_never_waits() -> None:
    """At 0 s a character, as in production, no log waits."""
    planned = plan([of_chars(170_000)], now_ms=START_MS, budget_s=0, seconds_per_char=0)
    assert (planned.wait_s, len(planned.ready)) == (0, 1)


def test_no_delay_exceeds_what_sqs_can_hide() -> None:
    """Whatever the seconds a character, one deferral is enough and SQS accepts it."""
    planned = plan([of_chars(170_000)], now_ms=START_MS, budget_s=40, seconds_per_char=10)
    assert planned.deferrals[0].visibility_s == MAX_DELAY_S < LONGEST_VISIBILITY_S
    back_ms = START_MS + 1000 * MAX_DELAY_S
    assert plan([planned.deferrals[0].log], now_ms=back_ms, budget_s=0, seconds_per_char=10).deferrals == []


def test_the_default_delay_of_the_longest_text_fits_one_deferral() -> None:
    """At 0.05 s a character no accepted log reaches the cap, so none is processed before its time."""
    assert ready_at_ms(of_chars(MAX_TEXT_BYTES), DEFAULT_SECONDS_PER_CHAR) - START_MS == 8_500_000 < 1000 * MAX_DELAY_S


def test_a_first_receipt_in_the_future_adds_nothing_beyond_the_cap() -> None:
    """A first receipt in the future, from another clock, never makes a deferral longer than SQS accepts."""
    planned = plan([of_chars(1)], now_ms=START_MS - 86_400_000, budget_s=40, seconds_per_char=0.05)
    assert planned.deferrals[0].visibility_s == MAX_DELAY_S


def test_a_negative_budget_still_lets_ready_logs_pass() -> None:
    """Logs that are ready are processed even if the time budget is negative."""
    planned = plan([of_chars(1)], now_ms=START_MS + 1_000, budget_s=-3, seconds_per_char=0.05)
    assert len(planned.ready) == 1
