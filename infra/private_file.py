"""A file that holds tenants' texts: new, and nobody's but its owner's."""

import os
from pathlib import Path
from typing import TextIO

from infra.stack import StackError


def open_new(path: Path) -> TextIO:
    """Return the file, made with mode 0600 and open for writing. No file is overwritten, and no link followed.

    Raises:
        StackError: something has the name already, or it can't be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise StackError(f"{path} exists already. Name a new file.") from error
    except OSError as error:
        raise StackError(f"{path} can't be made: {error.strerror}.") from error
    return os.fdopen(descriptor, "w", encoding="utf-8")
