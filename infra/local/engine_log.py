"""The engine's own log: what it says of functions that did not even start, which no function can write itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

_ERROR: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ERROR \[\w+\] (.*)")
_FUNCTION: Final = re.compile(r" for \S+-(ingest|consumer|reader): ")
_QUEUES_READER: Final = "ESM SQS poller"
"""What MiniStack 1.5.33 calls the mapping from queue to consumer. Without it nothing is processed."""


class Complaint(NamedTuple):
    """One error of the engine, and the function that it is about, or `engine`."""

    timestamp_ms: int
    service: str
    message: str


class Reader:
    """Reads the new errors of a data folder's engine; a restart begins the file anew."""

    def __init__(self, data_dir: Path, since_ms: int) -> None:
        self._data_dir = data_dir
        self._since_ms = since_ms
        self._read_bytes = 0

    def new(self) -> Iterator[Complaint]:
        """Yield the errors that were not there at the last look; a folder without a log has none."""
        path = path_in(self._data_dir)
        if not path.exists():
            return
        with path.open("rb") as log:
            if path.stat().st_size < self._read_bytes:
                self._read_bytes = 0
            log.seek(self._read_bytes)
            for line in log:
                if not line.endswith(b"\n"):
                    break  # Half a line: the rest is yet to come.
                self._read_bytes += len(line)
                complaint = _complaint(line.decode(errors="replace").rstrip("\n"))
                if complaint is not None and complaint.timestamp_ms >= self._since_ms:
                    yield complaint


def path_in(data_dir: Path) -> Path:
    """Return where the log lies. A Terraform stack's folder stands within that of the engine."""
    own = data_dir / "engine.log"
    return own if own.exists() else data_dir.parent / "engine.log"


def _complaint(line: str) -> Complaint | None:
    found = _ERROR.fullmatch(line)
    if found is None:
        return None
    # The engine writes its local time, which is ours: it inherits TZ.
    at = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").astimezone(UTC)
    about = _FUNCTION.search(found[2])
    service = about[1] if about else "consumer" if _QUEUES_READER in found[2] else "engine"
    return Complaint(int(at.timestamp() * 1000), service, found[2])
