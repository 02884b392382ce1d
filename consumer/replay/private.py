"""Files that only their owner may read: they hold tenants' texts, keys, or a position that must not be lost.

A path that is a symbolic link is refused: whoever may write in the folder could point it at any file of ours.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_TOLD: Final = {
    errno.ELOOP: "It is a symbolic link; name the file itself",
    errno.EEXIST: "It exists already; name a new file",
}


def opened(path: Path, *, anew: bool = False) -> BinaryIO:
    """Return the file open for reading and writing, made if it is missing, readable by its owner alone from now on.

    Its content stays; with `anew` it must not exist yet.

    Raises:
        OSError: it cannot be opened, or is a link, a device, or another user's file; the error names the path.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_EXCL if anew else 0)
    try:
        descriptor = os.open(path, flags, _FILE_MODE)
    except OSError as error:
        if error.errno in _TOLD:
            raise OSError(error.errno, _TOLD[error.errno], str(path)) from error
        raise
    try:
        _make_private(descriptor, path)
        return os.fdopen(descriptor, "r+b")
    except BaseException:
        os.close(descriptor)
        raise


def _make_private(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "This is not a regular file", str(path))
    os.fchmod(descriptor, _FILE_MODE)


def replace(path: Path, content: bytes) -> None:
    """Replace the file in one step, durably: a reader finds the old one or the new one whole, after a crash too."""
    partial = partial_path(path)  # Beside it, because a rename is atomic only within one file system.
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()  # Left by a killed run; a link that somebody put there is removed, not followed.
    with opened(partial, anew=True) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def partial_path(path: Path) -> Path:
    """Return where `replace` writes its draft."""
    return path.with_name(f".{path.name}.partial")


def made_folder(path: Path) -> Path:
    """Return the folder; it and its parents are made if they are missing, open to their owner alone."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    return path


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable (a rename or a new file is not until its folder is synced)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems cannot sync a folder, and say so with EINVAL: there is nothing more to do there.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
