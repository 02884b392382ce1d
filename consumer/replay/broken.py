"""The quarantine file of a replay: pieces of the stream that are no logs, kept with their place and the reason."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from consumer.replay.deaggregate import Broken
from consumer.replay.lines import LineFile
from consumer.replay.merge import StreamRecord


class BrokenRecords:
    """One JSON object a line, in a file that is made when it is first needed.

    It holds data unredacted, as it was on the stream, so only its owner may read it.
    """

    def __init__(self, path: Path, *, resume_at: int) -> None:
        """Keep the file's first `resume_at` bytes. Raises: CheckpointMismatchError."""
        self._path = path
        self._bytes = resume_at
        self._file: LineFile | None = None
        if resume_at or path.exists():
            self._file = LineFile(path, resume_at=resume_at)

    def write(self, record: StreamRecord, broken: Broken) -> None:
        """Keep one piece with its place on the stream and what is wrong with it."""
        if self._file is None:
            self._file = LineFile(self._path)
        line = {
            "reason": broken.reason,
            "shard_id": record.shard_id,
            "sequence_number": record.sequence_number,
            "sub_sequence_number": broken.sub_sequence_number,
            "partition_key": broken.partition_key,
            "arrived_at": datetime.fromtimestamp(record.arrival_ms / 1000, UTC).isoformat(timespec="milliseconds"),
            "data_base64": b64encode(broken.data).decode(),
        }
        self._file.write(msgspec.json.encode(line))

    def commit(self) -> int:
        """Write and sync everything; return the file's length."""
        return 0 if self._file is None else self._file.commit()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
