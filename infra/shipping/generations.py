"""A followed log file and its rotated siblings: which of them holds a position, and which comes next."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from infra.shipping import log_file
from infra.shipping.position import Position

_ROTATED: Final = re.compile(r"[.-][0-9][0-9T:._-]*")
"""What rotation adds to a name: `.1`, `-20261124`. Packed files (`.gz`) do not match."""


def find(path: Path, position: Position) -> BinaryIO | None:
    """Return the open file that holds the position, or None if neither `path` nor a sibling does.

    The file may still have its name, or be renamed, or be the copy that was made before the file was truncated
    (copytruncate). It is recognized by the last line that was sent, which must be at its place.
    """
    files = [path, *siblings(path)]
    same = [file for file in files if _identity(file) == (position.device, position.inode)]
    for candidate in [*same, *files]:
        try:
            stream = candidate.open("rb")
        except OSError:
            continue
        if holds(stream, position):
            return stream
        stream.close()
    return None


def holds(stream: BinaryIO, position: Position) -> bool:
    """Say whether the file holds the position: the last line that was sent must end there."""
    if os.fstat(stream.fileno()).st_size < position.place.offset:
        return False
    if position.before is None:
        return True
    stream.seek(position.before.offset)
    last = next(log_file.read(stream, position.before, "utf-8"), None)
    return last is not None and last.end.digest == position.place.digest


def successor(path: Path, modified_ns: int, own: tuple[int, int]) -> Path | None:
    """Return the file that comes after `own` (device and inode): the oldest newer sibling, else `path` itself.

    A sibling is newer if it was modified after `modified_ns`. None while `path` is still `own`, or does not exist yet.
    """
    if _identity(path) == own:
        return None
    newer = [
        (status.st_mtime_ns, file)
        for file in siblings(path)
        if (status := _status(file)) and status.st_mtime_ns > modified_ns and (status.st_dev, status.st_ino) != own
    ]
    if newer:
        return min(newer)[1]
    return path if _identity(path) else None


def siblings(path: Path) -> Iterator[Path]:
    """Yield the rotated files beside `path`."""
    for file in sorted(path.parent.glob(f"{_escaped(path.name)}*")):
        if _ROTATED.fullmatch(file.name.removeprefix(path.name)):
            yield file


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    status = _status(path)
    return status and (status.st_dev, status.st_ino)
