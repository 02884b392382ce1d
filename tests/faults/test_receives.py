"""How few receives a queue may allow a message."""

import pytest

from tests.faults.scratch import scratch
from tests.faults.trial import Trial
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
