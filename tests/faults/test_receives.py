"""How few receives a queue may allow a message."""

import pytest

from tests.faults.scratch import scratch
from tests.faults.trial import Trial
from tests.faults.world import QUEUE_VISIBILITY_S
from tests.infra.configuration import template

_FEWEST: int = template()["Parameters"]["MaxReceiveCount"]["MinValue"]


@pytest.mark.parametrize(("max_receives", "dead"), [(_FEWEST - 1, 1), (_FEWEST, 0)])
def test_a_healthy_long_log_needs_the_receives_that_the_template_asks_for(max_receives: int, dead: int) -> None:
    """Its deferral is a receive, its storing another; with one fewer SQS dead-letters it, crash or none."""
    with scratch() as folder:
        trial = Trial(0, folder, max_receives=max_receives, crash_probability=0)
        trial.send_long()
        trial.drain()
        assert len(trial.world.dlq.messages) == dead
        assert len(trial.world.dynamodb.items) == 1 - dead


def test_the_longest_log_needs_no_more_receives() -> None:
    """Hidden until it is ready, hours after its visibility time-out would have brought it: two receives, not five."""
    with scratch() as folder:
        trial = Trial(0, folder, max_receives=_FEWEST, crash_probability=0)
        text = "x" * 160_000
        assert len(text) * trial.stack.settings.seconds_per_char > 20 * QUEUE_VISIBILITY_S
        trial.send_text("t-t01", "long", text)
        trial.drain()
    assert not trial.world.dlq.messages, "I7: a healthy log was received too often"
    assert len(trial.world.dynamodb.items) == 1
