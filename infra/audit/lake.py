"""The lake's part of the audit: compares the stream's logs up to the lake's checkpoint with the lake's rows."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from consumer.lake import rows
from consumer.lake.checkpoint import LakeCheckpoint
from consumer.redact import Redactor
from consumer.replay.checkpoint import SHARD_END, TRIM_HORIZON, ShardPosition
from consumer.replay.merge import StreamRecord
from infra.audit.lake_ledger import LakeAudit, LakeLedger, LakeRow, StreamedLog
from infra.audit.ledger import digest
from infra.audit.places import Piece, Selection

if TYPE_CHECKING:
    from consumer.lake.listed import ListedLog

_MARGIN: Final = timedelta(hours=1)  # For clocks that differ, and for records that expire while the stream is read.


class LakeSide:
    """One loaded lake. Rows and checkpoint are of one snapshot, which is taken before the stream is read.

    `rows_since` gives the rows that were received at a time (UTC, without a zone) or later, in batches.
    """

    def __init__(
        self,
        where: str,
        checkpoint: LakeCheckpoint,
        rows_since: "Callable[[datetime], Iterable[list[ListedLog]]]",
        redactor: Redactor,
        key: bytes,
    ) -> None:
        self._where = where
        self._rows_since = rows_since
        self._checkpoint = checkpoint
        self._redactor = redactor
        self._key = key
        self._ledger = LakeLedger()
        self._earliest: datetime | None = None
        self._after_checkpoint = 0

    def take(self, record: StreamRecord, pieces: Iterable[Piece]) -> None:
        """Add the logs of a record of the stream."""
        position = self._checkpoint.shards.get(record.shard_id, ShardPosition())
        covered: list[StreamedLog] = []
        for piece in pieces:
            if piece.log is None:
                continue
            if not is_read(position, record.sequence_number, piece.sub_sequence_number):
                self._after_checkpoint += 1
                continue
            row = rows.row(piece.log, self._redactor, self._key)
            self._earliest = min(self._earliest or row.received_at, row.received_at)
            keyed = rows.original_digest(piece.log.text, self._key)
            covered.append(StreamedLog(row.tenant_id, row.log_id, digest(piece.log.text), keyed, digest(row.text)))
        self._ledger.add_streamed(covered)

    def compare(
        self, within: Selection, *, name: bool = False, tell: Callable[[int], None] = lambda _read: None
    ) -> LakeAudit:
        """Read the lake's rows of the range, and return what differs. Add the whole stream with `take` first.

        Raises:
            UnreadableFileError: a data file has a delete file, which this program does not read.
        """
        due_since = _naive(within.stream_holds_since) + _MARGIN
        created = datetime.fromtimestamp(self._checkpoint.created_ms / 1000, UTC)
        due_since = max(due_since, _naive(created))  # Older rows, of an earlier stream of that name, are right.
        until = _naive(within.until)
        since = min(due_since, self._earliest or due_since) if within.since is None else _naive(within.since)
        read = 0
        for batch in self._rows_since(since):
            self._ledger.add_rows(self._row(log, within, due_since) for log in batch if log.received_at < until)
            read += len(batch)
            tell(read)
        logs, found = self._ledger.counts()
        return LakeAudit(
            where=self._where,
            logs=logs,
            rows=found,
            after_checkpoint=self._after_checkpoint,
            differences=self._ledger.by_kind(),
            named=list(self._ledger.differences()) if name else msgspec.UNSET,
        )

    def close(self) -> None:
        """Delete the temporary file."""
        self._ledger.close()

    def _row(self, log: "ListedLog", within: Selection, due_since: datetime) -> LakeRow:
        shown = digest(log.text)
        return LakeRow(
            log.tenant_id,
            log.log_id,
            log.original_digest or shown,
            shown if log.redaction_version == self._redactor.version else None,
            log.received_at >= due_since,
            within.erasures.covers(log.tenant_id, log.log_id, f"{log.received_at.isoformat(timespec='milliseconds')}Z"),
        )


def is_read(position: ShardPosition, sequence_number: str, sub_sequence_number: int) -> bool:
    """Say whether a reader at this position has already read this user record of its shard."""
    if position.sequence_number in (SHARD_END, TRIM_HORIZON):
        return position.sequence_number == SHARD_END
    # Compared as numbers, not as text: an engine pads them with zeros, AWS does not.
    reached = int(position.sequence_number), position.sub_sequence_number
    return (int(sequence_number), sub_sequence_number) <= reached


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
