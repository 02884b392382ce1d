"""Pure: which shards may be read now. A shard is read to its end before its children, to keep each tenant's order."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef


class Shard(NamedTuple):
    """A shard of the stream: none, one (split) or two (merge) `parents`; `closed` when it was split or merged."""

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


def from_listing(listing: "Iterable[ShardTypeDef]") -> dict[str, Shard]:
    """Return ListShards' shards by shard id, in the order of the ids. A merge's second parent is the adjacent one."""
    shards = [
        Shard(
            entry["ShardId"],
            tuple(p for p in (entry.get("ParentShardId"), entry.get("AdjacentParentShardId")) if p),
            "EndingSequenceNumber" in entry["SequenceNumberRange"],
        )
        for entry in listing
    ]
    return {shard.shard_id: shard for shard in sorted(shards)}


def readable(shards: Mapping[str, Shard], *, started: Collection[str], ended: Collection[str]) -> list[str]:
    """Return the ids of the shards that may be started now, in order: each parent has ended or is trimmed away.

    `started` are those in reading or ended; `ended` those read to their end. A parent that the stream no longer lists
    has outlived the retention time: nothing of it is left to wait for.
    """
    return [
        shard.shard_id
        for shard in shards.values()
        if shard.shard_id not in started
        and shard.shard_id not in ended
        and all(parent in ended or parent not in shards for parent in shard.parents)
    ]
