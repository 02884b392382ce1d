"""When an invocation stops waiting, writing and making calls."""

from consumer.deadlines import Deadlines, deadlines


def test_a_function_leaves_ten_seconds_for_the_writes_and_five_for_the_answer() -> None:
    """A function of 50 s waits for 40 s at most, and before its end stops writing by 5 s and calling by 2.5 s."""
    assert deadlines(1_000, 50) == Deadlines(wait_budget_s=40, last_write_s=1_045, last_call_s=1_047.5)


def test_a_short_function_still_waits_and_writes() -> None:
    """A function of 8 s waits for half of its time at most, and writes for three quarters of it."""
    assert deadlines(0, 8) == Deadlines(wait_budget_s=4, last_write_s=6, last_call_s=7)
