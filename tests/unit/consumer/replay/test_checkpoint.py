"""Checkpoints: complete or absent, and valid only for the replay that wrote them."""

from pathlib import Path

import msgspec
import pytest

from consumer.replay.checkpoint import (
    SHARD_END,
    TRIM_HORIZON,
    Checkpoint,
    CheckpointMismatchError,
    ShardPosition,
    check_continues,
    load,
    save,
)

CHECKPOINT = Checkpoint(
    stream="logs",
    started_at="2026-11-24T05:40:00+00:00",
    query={"to": "out.ndjson", "since": "2h"},
    commit=3,
    logs=700,
    output=12_345,
    broken=9,
    shards={
        "s-0": ShardPosition(sequence_number=SHARD_END),
        "s-1": ShardPosition(sequence_number="000049680512667972867622582230301310", sub_sequence_number=99),
    },
)


def test_a_checkpoint_is_read_as_it_was_saved(tmp_path: Path) -> None:
    """A checkpoint is read as saved, with its numbers' zeros; it may replace an older one and leaves no other file."""
    path = tmp_path / "at.json"
    save(path, msgspec.structs.replace(CHECKPOINT, commit=1))
    save(path, CHECKPOINT)
    assert load(path) == CHECKPOINT
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_speaks_the_kcls_terms(tmp_path: Path) -> None:
    """The file has sequence_number and sub_sequence_number for each shard, as in the KCL."""
    save(tmp_path / "at.json", CHECKPOINT)
    written = msgspec.json.decode((tmp_path / "at.json").read_bytes())
    assert written["shards"]["s-1"] == {
        "sequence_number": "000049680512667972867622582230301310",
        "sub_sequence_number": 99,
    }
    assert written["shards"]["s-0"]["sequence_number"] == "SHARD_END"
    assert ShardPosition().sequence_number == TRIM_HORIZON


def test_no_file_is_no_checkpoint(tmp_path: Path) -> None:
    """Without a file there is no checkpoint, as at a first run."""
    assert load(tmp_path / "at.json") is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"stream": 7}'])
def test_another_file_is_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    """A file that is no checkpoint is refused and not overwritten."""
    (tmp_path / "at.json").write_bytes(content)
    with pytest.raises(CheckpointMismatchError, match="is not a checkpoint"):
        load(tmp_path / "at.json")


def test_it_continues_its_own_replay_only() -> None:
    """A checkpoint of another stream or other options is refused with an error that names the difference."""
    check_continues(CHECKPOINT, stream="logs", query=dict(CHECKPOINT.query))
    with pytest.raises(CheckpointMismatchError, match="of the stream logs, not of other"):
        check_continues(CHECKPOINT, stream="other", query=dict(CHECKPOINT.query))
    with pytest.raises(CheckpointMismatchError, match="other options: since, tenants"):
        check_continues(CHECKPOINT, stream="logs", query={"to": "out.ndjson", "tenants": "acme"})
