"""Which shards may be read when."""

from typing import Any

from consumer.replay.shards import Shard, from_listing, readable


def listed(shard_id: str, *parents: str, closed: bool = False) -> Any:
    """Return a shard as ListShards gives it."""
    names = dict(zip(("ParentShardId", "AdjacentParentShardId"), parents, strict=False))
    end = {"EndingSequenceNumber": "9"} if closed else {}
    return {"ShardId": shard_id, "SequenceNumberRange": {"StartingSequenceNumber": "1"} | end, **names}


def shards(*listing: Any) -> dict[str, Shard]:
    """Return the shards of a listing."""
    return from_listing(listing)


def test_a_listing_gives_shards_by_id() -> None:
    """Each shard has its parents (two after a merge) and whether it is closed; they are sorted by id."""
    found = shards(listed("s-2", "s-0", "s-1"), listed("s-0", closed=True), listed("s-1", closed=True))
    assert list(found.items()) == [
        ("s-0", Shard("s-0", (), closed=True)),
        ("s-1", Shard("s-1", (), closed=True)),
        ("s-2", Shard("s-2", ("s-0", "s-1"), closed=False)),
    ]


def test_children_of_a_split_wait_for_their_parent() -> None:
    """After a split, both children may be read only when the parent has ended."""
    found = shards(listed("s-0", closed=True), listed("s-1", "s-0"), listed("s-2", "s-0"))
    assert readable(found, started=[], ended=[]) == ["s-0"]
    assert readable(found, started=["s-0"], ended=[]) == []
    assert readable(found, started=["s-0"], ended=["s-0"]) == ["s-1", "s-2"]


def test_the_child_of_a_merge_waits_for_both_parents() -> None:
    """After a merge, the child may be read only when both parents have ended."""
    found = shards(listed("s-0", closed=True), listed("s-1", closed=True), listed("s-2", "s-0", "s-1"))
    assert readable(found, started=["s-0", "s-1"], ended=["s-0"]) == []
    assert readable(found, started=["s-0", "s-1"], ended=["s-1", "s-0"]) == ["s-2"]


def test_a_parent_that_was_trimmed_away_is_not_waited_for() -> None:
    """A parent that the stream no longer lists is not waited for; a listed one still is."""
    found = shards(listed("s-2", "s-0", "s-1"), listed("s-1", closed=True), listed("s-5", "s-4"))
    assert readable(found, started=[], ended=[]) == ["s-1", "s-5"]
    assert readable(found, started=["s-1", "s-5"], ended=["s-1"]) == ["s-2"]


def test_shards_that_a_checkpoint_ended_are_not_read_again() -> None:
    """A shard that the checkpoint marks as ended is not read again."""
    found = shards(listed("s-0", closed=True), listed("s-1", "s-0"))
    assert readable(found, started=[], ended=["s-0"]) == ["s-1"]
