"""A file of lines that can be cut back to its last commit: what replays write into, plain or gz."""

import os
import zlib
from pathlib import Path
from typing import Final

from consumer.replay import private
from consumer.replay.checkpoint import CheckpointMismatchError

_BUFFERED_LINES: Final = 1_000
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's own gzip header carries no name and no time.


class LineFile:
    """Lines in a private file, cut back to its last commit on resume. With `gz`, each commit ends a gzip member."""

    def __init__(self, path: Path, *, gz: bool = False, resume_at: int = 0) -> None:
        """Open the file to write after its first `resume_at` bytes; 0 empties it.

        Raises:
            CheckpointMismatchError: the file is shorter than that: it is not the checkpoint's file.
            OSError: it cannot be written, or is a link.
        """
        size = path.stat().st_size if path.exists() else 0
        if size < resume_at:
            raise CheckpointMismatchError(
                f"{path} has {size} bytes, but {resume_at} at the checkpoint: it was cut, or is another file. "
                f"Bring it back, or "
                f"begin anew with another --checkpoint."
            )
        self._file = private.opened(path)
        self._file.truncate(resume_at)
        self._file.seek(resume_at)
        self._folder: Path | None = path.parent
        self._gz = gz
        self._member: zlib._Compress | None = None
        self._lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        """Take one line, without its line end."""
        self._lines.append(line)
        if len(self._lines) >= _BUFFERED_LINES:
            self._drain()

    def commit(self) -> int:
        """Write and sync everything; return the file's length in bytes."""
        self._drain()
        if self._member is not None:
            self._file.write(self._member.flush())
            self._member = None
        self._file.flush()
        os.fsync(self._file.fileno())
        if self._folder is not None:
            private.sync_folder(self._folder)
            self._folder = None
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _drain(self) -> None:
        if not self._lines:
            return
        chunk = b"\n".join(self._lines) + b"\n"
        self._lines.clear()
        if self._gz:
            self._member = self._member or zlib.compressobj(wbits=_GZIP)
            chunk = self._member.compress(chunk)
        self._file.write(chunk)
