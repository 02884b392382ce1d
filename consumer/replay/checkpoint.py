"""A replay's position in each shard, in the KCL's terms, and how much output belongs to it. Written after the output.

A checkpoint is replaced in one step (fsync, rename), so that after a kill the old one or the new one is there, whole.
"""

from pathlib import Path
from typing import Final

import msgspec

from consumer.replay import private

TRIM_HORIZON: Final = "TRIM_HORIZON"
"""The KCL's sentinel sequence number: nothing of the shard is read yet."""
SHARD_END: Final = "SHARD_END"
"""The KCL's sentinel sequence number: the shard is closed and read to its end."""


class ShardPosition(msgspec.Struct, frozen=True, kw_only=True):
    """The last user record read: `sequence_number` is Kinesis's string as it came, or a sentinel of the KCL."""

    sequence_number: str = TRIM_HORIZON
    sub_sequence_number: int = 0


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One committed state of a replay.

    `commit` counts the commits. `output` and `broken` say what each sink held then, in the sink's own terms (a file:
    its bytes). `query` are the options that decide the output: a checkpoint only continues the replay that wrote it.
    `started_at` (RFC 3339) is when that replay began: ages such as `2h` count back from it.
    """

    stream: str
    started_at: str
    query: dict[str, str]
    commit: int = 0
    logs: int = 0
    output: int = 0
    broken: int = 0
    shards: dict[str, ShardPosition] = {}


class CheckpointMismatchError(Exception):
    """The checkpoint belongs to another replay, or its output is not there any more. The text says which."""


def load(path: Path) -> Checkpoint | None:
    """Return the checkpoint in the file, or None if there is none.

    Raises:
        CheckpointMismatchError: the file is not a checkpoint.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise CheckpointMismatchError(
            f"{path} is not a checkpoint: {error}. Name another file: --checkpoint."
        ) from error


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file durably. The caller has flushed the output that the checkpoint describes."""
    encoded = msgspec.json.format(msgspec.json.encode(checkpoint, order="sorted"), indent=1)
    private.replace(path, encoded)


def check_continues(checkpoint: Checkpoint, *, stream: str, query: dict[str, str]) -> None:
    """Return if a replay of `stream` with `query` may continue the checkpoint.

    Raises:
        CheckpointMismatchError: another replay wrote it.
    """
    if checkpoint.stream != stream:
        raise CheckpointMismatchError(
            f"The checkpoint is of the stream {checkpoint.stream}, not of {stream}. Name another file: --checkpoint."
        )
    changed = sorted(k for k in query.keys() | checkpoint.query.keys() if query.get(k) != checkpoint.query.get(k))
    if changed:
        raise CheckpointMismatchError(
            f"The checkpoint was written with other options: {', '.join(changed)}. Give the same options, or name "
            f"another "
            f"file: --checkpoint."
        )
