"""A folder for a trial's files, in memory if the machine has such a place, because SQLite syncs at each commit."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is deleted when the `with` block ends."""
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder:
        yield Path(folder)
