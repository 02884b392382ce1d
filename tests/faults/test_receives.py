"""How many receives a message needs."""

from collections import Counter

import pytest

from tests.faults.scratch import scratch
from tests.faults.trial import PACKINGS, Trial
from tests.faults.world import QUEUE_VISIBILITY_S
from tests.infra.configuration import template
from tests.interleavings.whereabouts import held_in

_FEWEST: int = template()["Parameters"]["MaxReceiveCount"]["MinValue"]


@pytest.mark.parametrize(("max_receives", "dead"), [(_FEWEST - 1, 1), (_FEWEST, 0)])
def test_a_healthy_long_log_needs_the_receives_that_the_template_asks_for(max_receives: int, dead: int) -> None:
    """A long log needs one receive to be deferred and one to be stored; with fewer it is dead-lettered."""
    with scratch() as folder:
        trial = Trial(0, folder, max_receives=max_receives, crash_probability=0)
        trial.send_long()
        trial.drain()
        assert len(trial.world.dlq.messages) == dead
        assert len(trial.world.dynamodb.items) == 1 - dead


def test_the_longest_log_needs_no_more_receives() -> None:
    """The longest log, hidden for hours, needs two receives and not five."""
    with scratch() as folder:
        trial = Trial(0, folder, max_receives=_FEWEST, crash_probability=0)
        text = "x" * 160_000
        assert len(text) * trial.stack.settings.seconds_per_char > 20 * QUEUE_VISIBILITY_S
        trial.send_text("t-t01", "long", text)
        trial.drain()
    assert not trial.world.dlq.messages, "I7: a healthy log was received too often"
    assert len(trial.world.dynamodb.items) == 1


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_log_that_always_fails_is_tried_as_often_whatever_messages_it_comes_in(packing: int) -> None:
    """A log that always fails gets five receives in all, packed or not, and then is dead-lettered alone."""
    with scratch() as folder:
        trial = Trial(0, folder, logs_per_message=packing, crash_probability=1)
        trial.send("batch")
        trial.drain()
        happened = [told for log, told in trial.journal.happened.items() if log[0]]
        letters = trial.world.dlq.messages.values()
    assert happened
    assert {len(held_in(letter.body)) for letter in letters} == {1}
    tries = {Counter(action for action, _ in told)["receive"] - ("give up" in dict(told)) for told in happened}
    assert tries == {5}, f"a receive count was lost: {tries} tries"
