"""The backoff: longer at each try, counted from when the log could first be tried."""

import pytest

from consumer.backoff import visibility_s
from consumer.delay import MAX_DELAY_S
from tests.clock import START_MS
from tests.unit.consumer.fakes import delivery


@pytest.mark.parametrize(
    ("receive_count", "tried_s", "expected"),
    [
        (1, 40, None),
        (2, 0.9, None),
        (2, -5, None),
        (2, 300, 1_200),
        (3, 1_500, 6_000),
        (4, 7_500, 30_000),
        (5, 37_500, MAX_DELAY_S),
        (2, 2.5, 10),
    ],
)
def test_hidden_for_four_times_as_long_as_tried(receive_count: int, tried_s: float, expected: int | None) -> None:
    """A log is hidden for four times as long as it has been tried, and never longer than SQS can hide it."""
    now_ms = START_MS + round(1000 * tried_s)
    assert visibility_s(delivery(receive_count=receive_count), ready_at_ms=START_MS, now_ms=now_ms) == expected
