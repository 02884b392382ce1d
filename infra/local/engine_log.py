"""Reads the errors in the engine's own log. Only there is an error of a function that did not even start."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

_ERROR: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ERROR \[\w+\] (.*)")
_FUNCTION: Final = re.compile(r" for \S+-(ingest|consumer|reader): ")
_QUEUES_READER: Final = "ESM SQS poller"
"""MiniStack 1.5.33's name of the mapping from queue to consumer. If it fails, no log is processed."""


class Complaint(NamedTuple):
    """One error in the engine's log. `service` is the function that it is about, or `engine`."""

    timestamp_ms: int
    service: str
    message: str


class Reader:
    """Reads the new errors of a data folder's engine. A restart of the engine truncates the log."""

    def __init__(self, data_dir: Path, since_ms: int) -> None:
        self._data_dir = data_dir
        self._since_ms = since_ms
        self._read_bytes = 0

    def new(self) -> Iterator[Complaint]:
        """Yield the errors since the last call; none if the folder has no log."""
        path = path_in(self._data_dir)
        if not path.exists():
            return
        with path.open("rb") as log:
            if path.stat().st_size < self._read_bytes:
                self._read_bytes = 0
            log.seek(self._read_bytes)
            for line in log:
                if not line.endswith(b"\n"):
                    break  # The line is incomplete: read it again at the next call.
                self._read_bytes += len(line)
                complaint = _complaint(line.decode(errors="replace").rstrip("\n"))
                if complaint is not None and complaint.timestamp_ms >= self._since_ms:
                    yield complaint


def path_in(data_dir: Path) -> Path:
    """Return the path of the log. A Terraform stack's folder is within the engine's folder, which has the log."""
    own = data_dir / "engine.log"
    return own if own.exists() else data_dir.parent / "engine.log"


def _complaint(line: str) -> Complaint | None:
    found = _ERROR.fullmatch(line)
    if found is None:
        return None
    # The engine writes local time, which is also this process's, because the engine inherits TZ.
    at = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").astimezone(UTC)
    about = _FUNCTION.search(found[2])
    service = about[1] if about else "consumer" if _QUEUES_READER in found[2] else "engine"
    return Complaint(int(at.timestamp() * 1000), service, found[2])
