"""Where replayed logs go: NDJSON to a file (plain or gz) or a stream, or the queue. `parquet` has the fourth sink."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from consumer.replay.lines import LineFile
from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog, InternalMessage, encode
from ingest.sinks.queue import send

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

COMMIT_LOGS: Final = 20_000
"""Logs read between two commits: a fixed number, because each ends a gz member and replays must give equal files."""

_QUEUE_LOGS: Final = 500
_QUEUE_GIVE_UP_S: Final = 60.0


class Sink(Protocol):
    """Takes logs in order. After a kill, the sink is resumed with what `commit` returned last.

    `commit_logs` is how many logs may be read between two commits. `full` asks for a commit sooner. `idle_commit_s` is
    how many seconds the logs of a followed stream may wait for a commit while the stream is idle.
    """

    commit_logs: int
    idle_commit_s: float

    @property
    def full(self) -> bool:
        """Whether a commit is needed now to free memory."""

    def resume(self, committed: int) -> None:
        """Remove everything written after the commit that returned `committed`. Raises: CheckpointMismatchError."""

    def write(self, message: InternalMessage) -> None:
        """Take one log."""

    def commit(self) -> int:
        """Make everything written durable and return the sink's position."""

    def close(self) -> None:
        """Close the target; logs that were not committed may be in it or not."""


class FileSink:
    """NDJSON in a file; `gz` compresses it. The position is its length in bytes."""

    commit_logs = COMMIT_LOGS
    idle_commit_s = 1.0
    full = False

    def __init__(self, path: Path, *, gz: bool = False) -> None:
        self._path = path
        self._gz = gz
        self._file: LineFile | None = None

    def resume(self, committed: int) -> None:
        """Cut the file to `committed` bytes; 0 empties it. Raises: CheckpointMismatchError."""
        self._file = LineFile(self._path, gz=self._gz, resume_at=committed)

    def write(self, message: InternalMessage) -> None:
        """Take one log."""
        self._opened.write(encode(message))

    def commit(self) -> int:
        """Write and sync everything; return the file's length."""
        return self._opened.commit()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    @property
    def _opened(self) -> LineFile:
        if self._file is None:
            self.resume(0)
        if self._file is None:  # for the type checker: resume opened it
            raise AssertionError
        return self._file


class Lines(Protocol):
    """An open stream."""

    def write(self, content: bytes, /) -> object:
        """Write whole lines."""

    def flush(self) -> object:
        """Hand on what was written."""


class StreamSink:
    """NDJSON on an open stream, such as standard output, one line per write.

    Nothing can be taken back: after a kill, the next run repeats the lines since the last commit.
    """

    commit_logs = COMMIT_LOGS
    idle_commit_s = 0.0
    full = False

    def __init__(self, stream: Lines) -> None:
        self._stream = stream

    def resume(self, committed: int) -> None:
        """Do nothing: written lines cannot be taken back."""

    def write(self, message: InternalMessage) -> None:
        """Take one log."""
        self._stream.write(encode(message) + b"\n")

    def commit(self) -> int:
        """Flush; the position is always 0."""
        self._stream.flush()
        return 0

    def close(self) -> None:
        """Leave the stream to its owner."""


class QueueRefusedError(Exception):
    """SQS did not take logs for a minute. The last checkpoint is before these logs."""


class QueueSink:
    """Sends the logs to the queue again. After a kill some are sent twice; the consumer's writes store them once."""

    commit_logs = COMMIT_LOGS
    idle_commit_s = 1.0
    full = False

    def __init__(
        self,
        client: "SQSClient",
        queue_url: str,
        *,
        time: Time,
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._time = time
        self._messages: list[EncodedLog] = []
        self._sent = 0

    def resume(self, committed: int) -> None:
        """Go on counting from `committed` logs sent."""
        self._sent = committed

    def write(self, message: InternalMessage) -> None:
        """Take one log."""
        self._messages.append(EncodedLog(message.tenant_id, encode(message)))
        if len(self._messages) >= _QUEUE_LOGS:
            self._send()

    def commit(self) -> int:
        """Send everything; return how many logs were sent. Raises: QueueRefusedError."""
        self._send()
        return self._sent

    def close(self) -> None:
        """Leave unsent what was not committed."""

    def _send(self) -> None:
        if not self._messages:
            return
        refusals: dict[str, int] = {}

        def on_refusal(code: str, messages: int) -> None:
            refusals[code] = refusals.get(code, 0) + messages

        refused = send(
            self._client,
            self._queue_url,
            self._messages,
            give_up_at_s=self._time.monotonic() + _QUEUE_GIVE_UP_S,
            time=self._time,
            on_refusal=on_refusal,
        )
        if refused:
            raise QueueRefusedError(
                f"The queue refused {len(refused)} logs: {', '.join(sorted(refusals))}. Run it again."
            )
        self._sent += len(self._messages)
        self._messages.clear()
