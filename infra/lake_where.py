"""Where a stack's lake is when nobody names one. It opens no table, so it needs no packages of the lake extra."""

from pathlib import Path
from typing import Final

from infra.stack import Stack

BUCKET_OUTPUT: Final = "LakeTableBucketArn"
LOCAL_FOLDER: Final = "lake"
"""The lake's folder in the data folder of a stack on this machine."""


def standing(stack: Stack, data_dir: Path | None) -> str | None:
    """Return the stack's table bucket, else the lake's folder in `data_dir` (None: no such folder), if it exists."""
    if BUCKET_OUTPUT in stack.outputs:
        return stack.outputs[BUCKET_OUTPUT]
    folder = None if data_dir is None else data_dir / LOCAL_FOLDER
    return str(folder) if folder is not None and folder.is_dir() else None
