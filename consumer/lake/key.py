"""The key of a lake's digests: a random file that is made once, for a new lake, and kept as long as the lake."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.rows import KEY_BYTES
from consumer.replay import private

KEY_FILE: Final = "lake.key"
"""The key's name in the folder of a lake."""


def read(path: Path) -> bytes:
    """Return the key in the file. Without the key nobody learns anything from a lake's digests.

    Raises:
        OSError: the file cannot be read.
        WrongLakeError: there is no file, or it is no key. No new key is drawn: copies of a redacted log would be two.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError as error:
        raise WrongLakeError(
            f"The lake's key is not at {path}. Name the file of the key that the lake was made with: --key FILE. "
            f"If the key is lost, sync into a new lake."
        ) from error
    if len(key) != KEY_BYTES:
        raise WrongLakeError(
            f"{path} is not the key of a lake: it has {len(key)} bytes, not {KEY_BYTES}. Name another: --key FILE."
        )
    return key


def draw(path: Path) -> bool:
    """Return whether a random key was written into the file; a key that is there stays. For a new lake only.

    Raises:
        OSError: the file cannot be made.
    """
    if path.exists():
        return False
    drawn = path.with_name(f"{path.name}.{os.getpid()}")
    with private.opened(drawn, anew=True) as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    is_first = False
    with suppress(FileExistsError):
        os.link(drawn, path)  # If two programs draw at once, the first one's whole key counts.
        is_first = True
    drawn.unlink()
    private.sync_folder(path.parent)
    return is_first
