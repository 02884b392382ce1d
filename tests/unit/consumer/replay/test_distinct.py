"""The set of logs seen: in memory, or in a file beside a checkpoint."""

from pathlib import Path

import pytest

from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.replay.distinct import Seen


def test_a_log_is_new_once() -> None:
    """A log is new once; another tenant, log id or text makes it another log."""
    seen = Seen(None, commit=0)
    logs = [("a", "1", "text"), ("a", "1", "text"), ("b", "1", "text"), ("a", "2", "text"), ("a", "1", "other")]
    assert [seen.is_new(*log) for log in logs] == [True, False, True, True, True]
    seen.commit()
    assert not seen.is_new("a", "1", "text")
    seen.close()


def test_what_was_committed_is_known_to_the_next_run(tmp_path: Path) -> None:
    """A run that continues from commit 1 knows the logs of commit 1."""
    first = Seen(tmp_path / "seen", commit=0)
    assert first.is_new("a", "1", "text")
    first.commit()
    first.close()
    second = Seen(tmp_path / "seen", commit=1)
    assert (second.is_new("a", "1", "text"), second.is_new("a", "2", "text")) == (False, True)
    second.close()


@pytest.mark.parametrize("committed", [True, False])
def test_what_the_checkpoint_does_not_know_is_new_again(tmp_path: Path, *, committed: bool) -> None:
    """After a kill before the checkpoint, logs since the last commit count as new and are not lost."""
    first = Seen(tmp_path / "seen", commit=0)
    first.is_new("a", "1", "text")
    first.commit()
    first.is_new("a", "2", "text")
    if committed:
        first.commit()
    first.close()
    second = Seen(tmp_path / "seen", commit=1)
    assert (second.is_new("a", "1", "text"), second.is_new("a", "2", "text")) == (False, True)
    second.close()


def test_a_set_that_is_gone_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """A missing file of logs seen is an error, because logs would be written again."""
    with pytest.raises(CheckpointMismatchError, match="is missing"):
        Seen(tmp_path / "seen", commit=1)
    assert not (tmp_path / "seen").exists()


def test_a_new_replay_starts_with_an_empty_set(tmp_path: Path) -> None:
    """A new replay does not use the set that an earlier one left."""
    for _ in range(2):
        seen = Seen(tmp_path / "seen", commit=0)
        assert seen.is_new("a", "1", "text")
        seen.commit()
        seen.close()
