"""Checks the engine's saved state: whether a stop has written it, and whether a start can read it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.stack import StackError

_FOLDER: Final = "engine"
_HOLDS_DATA: Final = ("cloudformation", "dynamodb", "kinesis", "lambda", "s3", "sqs")
"""The files of MiniStack 1.5.33 without which a stack can't be restored. It writes each by a rename when it stops."""


def check_readable(data_dir: Path) -> None:
    """Refuse a damaged saved state. The engine would start without the damaged file, and overwrite it when it stops.

    Raises:
        StackError: a file is damaged.
    """
    for path in sorted((data_dir / _FOLDER).glob("*.json")):
        try:
            with path.open("rb") as file:
                json.load(file)
        except (ValueError, OSError) as error:
            raise StackError(
                f"{path} is damaged ({error}). Nothing was started: the next stop would overwrite what is left. "
                f"Bring back a copy of {data_dir / _FOLDER}, or start another folder: --data-dir D."
            ) from error


def check_written(data_dir: Path, *, since_ns: int) -> None:
    """Return if the engine's stop, which began at `since_ns` (of the file system's clock), saved everything.

    Raises:
        StackError: a file is missing or older.
    """
    unsaved = [name for name in _HOLDS_DATA if _written_ns(data_dir / _FOLDER / f"{name}.json") < since_ns]
    if unsaved:
        raise StackError(
            f"The engine has stopped and could not save {', '.join(unsaved)}: what came since its start is lost. "
            f"Is the disk full? {data_dir / 'engine.log'} says why; what was saved before is as it was."
        )


def last_stop(data_dir: Path) -> datetime | None:
    """Return when the engine last saved its data, or None if it never did."""
    written_ns = max(_written_ns(data_dir / _FOLDER / f"{name}.json") for name in _HOLDS_DATA)
    return datetime.fromtimestamp(written_ns // 10**9, UTC) if written_ns else None


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
