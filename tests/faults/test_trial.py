"""What a trial itself must not take for a broken promise."""

from tests.faults.scratch import scratch
from tests.faults.trial import Trial


def test_a_rebuild_begins_once_no_dead_letter_is_hidden() -> None:
    """A dead letter that a reader received and never gave back does not make the rebuild a step outside the model."""
    with scratch() as folder:
        trial = Trial(0, folder, crash_probability=0)
        trial.send_refused_by_table()
        trial.drain()
        assert len(trial.world.dlq.receive(1)) == 1
        assert not trial.world.dlq.visible
        trial.check_rebuild()
    assert trial.witnessed["I10"] == []
