"""Opens what is to be sent: a file, or a pipe that can be interrupted while it waits for input."""

import io
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import click

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Source:
    """An open file or pipe. `total_bytes` is None if unknown; `name` is for messages."""

    def __init__(self, stream: BinaryIO, wake: int, name: str) -> None:
        self.name = name
        self._descriptor = _descriptor(stream)
        self._before = self._state()
        if self._descriptor is not None and not stream.seekable():
            stream = cast("BinaryIO", io.BufferedReader(_Pipe(self._descriptor, wake)))
        self.stream = stream
        self.total_bytes = self._before[0] if self._before else None

    def read_bytes(self) -> int:
        """Return how many bytes of a file were read; 0 for a pipe."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR) if self._before and self._descriptor is not None else 0

    def grows(self) -> bool:
        """Say whether the file was written to since it was opened: its last line may be incomplete."""
        return self._state() != self._before

    def _state(self) -> tuple[int, int] | None:
        if self._descriptor is None:
            return None
        status = os.fstat(self._descriptor)
        return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


@contextmanager
def opened(path: str, wake: int) -> Iterator[Source]:
    """Open the file, or standard input for `-`. A byte on the descriptor `wake` ends the reading of a pipe."""
    stream = cast("BinaryIO", click.open_file(path, "rb"))
    with stream:
        yield Source(stream, wake, path)


class _Pipe(io.RawIOBase):
    def __init__(self, descriptor: int, wake: int) -> None:
        self._descriptor = descriptor
        self._wake = wake

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        ready, _, _ = select.select([self._descriptor, self._wake], [], [])
        return 0 if self._wake in ready else os.readv(self._descriptor, [buffer])


def _descriptor(stream: BinaryIO) -> int | None:
    try:
        return stream.fileno()
    except (AttributeError, OSError):  # An in-memory stream.
        return None
