"""Pure: how far the lake has read the stream, as a snapshot's summary says it, and what follows from a lost race."""

from collections.abc import Container, Mapping
from typing import Final, Literal

import msgspec

from consumer.replay.checkpoint import SHARD_END, ShardPosition

PROPERTY: Final = "rdp.checkpoint"
"""The name in a snapshot's summary, and in the table's properties."""

Next = Literal["landed", "again", "anew"]
"""After a commit that failed: it is there all the same; commit the same rows again; throw them away and begin anew."""


class LakeCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a snapshot are made of: each shard of the stream up to its position.

    A stream of the same name that was made at another time (`created_ms`, since the epoch) is another stream. `logs`
    were read from it, `broken` pieces of it were no logs. `commit` is drawn for each commit: of two that read the same
    each knows its own.
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
    """Return what a snapshot's summary says of the checkpoint."""
    return {PROPERTY: msgspec.json.encode(checkpoint, order="sorted").decode()}


def read(properties: Mapping[str, str | None]) -> LakeCheckpoint | None:
    """Return the checkpoint that a summary or properties hold, or None where they hold none.

    Raises:
        WrongLakeError: something else stands there.
    """
    encoded = properties.get(PROPERTY)
    if encoded is None:
        return None
    try:
        return msgspec.json.decode(encoded, type=LakeCheckpoint)
    except msgspec.MsgspecError as error:
        raise WrongLakeError(f"The lake's {PROPERTY} is no checkpoint of this program: {error}") from error


def start(found: LakeCheckpoint | None, *, stream: str, created_ms: int) -> LakeCheckpoint:
    """Return the checkpoint to go on from: the one found, or the beginning of a stream that is new to the lake.

    Raises:
        WrongLakeError: the lake is of a stream with another name.
    """
    if found is None or (found.stream == stream and found.created_ms != created_ms):
        return LakeCheckpoint(stream=stream, created_ms=created_ms)
    if found.stream != stream:
        raise WrongLakeError(f"This lake is of stream {found.stream}, not of {stream}: name another --warehouse.")
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
    """Return the checkpoint after `logs` more, without the shards that have ended and that the stream lists no more."""
    kept = {
        shard_id: position
        for shard_id, position in positions.items()
        if shard_id in listed or position.sequence_number != SHARD_END
    }
    return msgspec.structs.replace(
        began, shards=kept, logs=began.logs + logs, broken=began.broken + broken, commit=commit
    )


def after_failure(*, began: LakeCheckpoint | None, wanted: LakeCheckpoint, found: LakeCheckpoint | None) -> Next:
    """Return what to do after a commit from `began` to `wanted` failed, or may have, and `found` stands in the table.

    Another writer's is never the one wanted, though it read the same. Compaction moves files and no checkpoint.
    """
    if found == wanted:
        return "landed"
    return "again" if found == began else "anew"
