"""Pure: how far the lake has read the stream, as a snapshot's summary records it, and what to do after a lost race."""

from collections.abc import Container, Mapping
from typing import Final, Literal

import msgspec

from consumer.replay.checkpoint import SHARD_END, ShardPosition

PROPERTY: Final = "rdp.checkpoint"
"""The name in a snapshot's summary, and in the table's properties."""

Next = Literal["landed", "again", "anew"]
"""What to do after a failed commit. `landed`: nothing, it is in the table after all. `again`: commit the same rows
again. `anew`: throw the rows away and read again from the table's checkpoint."""


class LakeCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a snapshot cover: each shard of the stream up to its position.

    A stream of the same name that was made at another time (`created_ms`, since the epoch) is another stream. `logs`
    counts the pieces that were read from it, `broken` those of them that were no logs. `commit` is random for each
    commit: by it, two writers that read the same logs tell their commits apart.
    """

    stream: str
    created_ms: int
    logs: int = 0
    broken: int = 0
    commit: str = ""
    shards: dict[str, ShardPosition] = {}


class WrongLakeError(Exception):
    """The lake is of another stream, or of another key, or has lost its checkpoint. The text says which."""


def summary(checkpoint: LakeCheckpoint) -> dict[str, str]:
    """Return the checkpoint as a snapshot's summary holds it."""
    return {PROPERTY: msgspec.json.encode(checkpoint, order="sorted").decode()}


def read(properties: Mapping[str, str | None]) -> LakeCheckpoint | None:
    """Return the checkpoint that a summary or properties hold, or None if they hold none.

    Raises:
        WrongLakeError: the value there is not a checkpoint.
    """
    encoded = properties.get(PROPERTY)
    if encoded is None:
        return None
    try:
        return msgspec.json.decode(encoded, type=LakeCheckpoint)
    except msgspec.MsgspecError as error:
        raise WrongLakeError(
            f"The lake's property {PROPERTY} is not a checkpoint: {error}. Name another lake."
        ) from error


def start(found: LakeCheckpoint | None, *, stream: str, created_ms: int) -> LakeCheckpoint:
    """Return the checkpoint to go on from: the one found, or the beginning of a stream that is new to the lake.

    Raises:
        WrongLakeError: the lake is of a stream with another name.
    """
    if found is None or (found.stream == stream and found.created_ms != created_ms):
        return LakeCheckpoint(stream=stream, created_ms=created_ms)
    if found.stream != stream:
        raise WrongLakeError(
            f"This lake was synced from the stream {found.stream}, not from {stream}. Name another lake: --warehouse."
        )
    return found


def advanced(
    began: LakeCheckpoint,
    positions: Mapping[str, ShardPosition],
    listed: Container[str],
    *,
    logs: int,
    broken: int,
    commit: str,
) -> LakeCheckpoint:
    """Return the checkpoint after `logs` more, without ended shards that the stream no longer lists."""
    kept = {
        shard_id: position
        for shard_id, position in positions.items()
        if shard_id in listed or position.sequence_number != SHARD_END
    }
    return msgspec.structs.replace(
        began, shards=kept, logs=began.logs + logs, broken=began.broken + broken, commit=commit
    )


def after_failure(*, began: LakeCheckpoint | None, wanted: LakeCheckpoint, found: LakeCheckpoint | None) -> Next:
    """Return what to do after a commit from `began` to `wanted` failed, or may have; `found` is in the table now.

    Another writer's checkpoint never equals `wanted`, even if it read the same. Compaction leaves the checkpoint as is.
    """
    if found == wanted:
        return "landed"
    return "again" if found == began else "anew"
