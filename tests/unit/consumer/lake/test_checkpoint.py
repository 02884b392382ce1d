"""The checkpoint in a snapshot's summary, and what a sync does after another writer's commit."""

import msgspec
import pytest

from consumer.lake import checkpoint as checkpoints
from consumer.lake.checkpoint import LakeCheckpoint, Next, WrongLakeError
from consumer.replay.checkpoint import SHARD_END, ShardPosition

AT_1 = LakeCheckpoint(stream="logs", created_ms=7, logs=1, shards={"s": ShardPosition(sequence_number="1")})
AT_2 = LakeCheckpoint(stream="logs", created_ms=7, logs=2, shards={"s": ShardPosition(sequence_number="2")})
ANOTHERS_2 = msgspec.structs.replace(AT_2, commit="another writer's")
AT_3 = LakeCheckpoint(stream="logs", created_ms=7, logs=3, shards={"s": ShardPosition(sequence_number="3")})


def test_a_summary_is_read_as_it_was_written() -> None:
    """A summary is read as it was written, with sequence numbers as strings."""
    assert checkpoints.read(checkpoints.summary(AT_1)) == AT_1
    assert checkpoints.read({"operation": "append"}) is None


def test_a_summary_of_another_program_is_refused() -> None:
    """A summary that cannot be read as a position is refused, and nothing is written into the lake."""
    with pytest.raises(WrongLakeError, match=r"rdp.checkpoint is not a checkpoint"):
        checkpoints.read({checkpoints.PROPERTY: "{}"})


@pytest.mark.parametrize(
    ("began", "found", "then"),
    [
        (AT_1, AT_2, "landed"),
        (AT_1, AT_1, "again"),
        (AT_1, AT_3, "anew"),
        (AT_1, ANOTHERS_2, "anew"),
        (None, None, "again"),
        (None, AT_1, "anew"),
        (AT_1, None, "anew"),
    ],
)
def test_what_stands_in_the_table_decides(
    began: LakeCheckpoint | None, found: LakeCheckpoint | None, then: Next
) -> None:
    """After a failed commit, the table's checkpoint decides whether to go on, try again, or drop the rows."""
    assert checkpoints.after_failure(began=began, wanted=AT_2, found=found) == then


def test_a_stream_made_anew_under_its_name_is_read_from_its_beginning() -> None:
    """A new stream under an old name is read from its start, as the old sequence numbers do not apply."""
    assert checkpoints.start(AT_1, stream="logs", created_ms=7) is AT_1
    assert checkpoints.start(AT_1, stream="logs", created_ms=8).shards == {}
    assert checkpoints.start(None, stream="logs", created_ms=7).shards == {}


def test_another_stream_has_another_lake() -> None:
    """A lake accepts the logs of one stream only, because its checkpoint is that stream's."""
    with pytest.raises(WrongLakeError, match="from the stream logs, not from others"):
        checkpoints.start(AT_1, stream="others", created_ms=7)


def test_shards_that_are_over_are_forgotten() -> None:
    """An ended shard that is no longer listed is dropped; one that was still being read stays, to be reported."""
    positions = {
        "over": ShardPosition(sequence_number=SHARD_END),
        "ended": ShardPosition(sequence_number=SHARD_END),
        "lost": ShardPosition(sequence_number="5"),
    }
    after = checkpoints.advanced(AT_1, positions, {"ended"}, logs=2, broken=1, commit="c")
    assert set(after.shards) == {"ended", "lost"}
    assert (after.logs, after.broken, after.commit) == (3, 1, "c")
