"""When an invocation stops waiting, writing and making calls."""

from consumer.deadlines import Deadlines, deadlines


def test_a_function_leaves_ten_seconds_for_the_writes_and_five_for_the_answer() -> None:
    """The margins count from its start; the last call may begin until half of the answer's time is left."""
    assert deadlines(1_000, 50) == Deadlines(wait_budget_s=40, last_write_s=1_045, last_call_s=1_047.5)


def test_a_short_function_still_waits_and_writes() -> None:
    """It waits for half of its time and writes for three quarters."""
    assert deadlines(0, 8) == Deadlines(wait_budget_s=4, last_write_s=6, last_call_s=7)
