"""Tells which files in some folders were opened, by any library, as Linux reports it (inotify(7))."""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_IN_OPEN: Final = 0x20
_EVENT: Final = struct.Struct("iIII")
_BUFFER_BYTES: Final = 1 << 20


@contextmanager
def opened_in(folders: Iterable[Path]) -> Iterator[set[Path]]:
    """Give a set; when the block has ended, it holds the files that were opened in these folders."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    watched = {libc.inotify_add_watch(descriptor, os.fsencode(folder), _IN_OPEN): folder for folder in folders}
    if descriptor < 0 or min(watched, default=0) < 0:
        raise OSError(ctypes.get_errno(), "inotify cannot watch")
    found: set[Path] = set()
    try:
        yield found
        while True:
            try:
                said = os.read(descriptor, _BUFFER_BYTES)
            except BlockingIOError:
                break
            place = 0
            while place < len(said):
                number, _, _, length = _EVENT.unpack_from(said, place)
                name = said[place + _EVENT.size : place + _EVENT.size + length].rstrip(b"\0")
                if name:
                    found.add(watched[number] / os.fsdecode(name))
                place += _EVENT.size + length
    finally:
        os.close(descriptor)
