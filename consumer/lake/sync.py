"""The loop of a sync: makes rows from the merged stream, commit by commit, and starts again if another writer won."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from uuid import uuid4

import msgspec

from consumer.erasures import Erasures
from consumer.lake import checkpoint as checkpoints
from consumer.lake.checkpoint import LakeCheckpoint
from consumer.lake.rows import WITHHELD, Batch, Held, Row, look_back
from consumer.redact import Redactor
from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.deaggregate import Broken
from consumer.replay.merge import Merge, ShardEnded, StreamRecord
from consumer.replay.reached import Reached
from consumer.replay.select import read_log
from ingest.aws.retry import Time

COMMIT_LOGS: Final = 200_000
"""The most logs read between two commits."""

COMMIT_BYTES: Final = 64 * 1024 * 1024
"""The most bytes of rows, about, that wait for a commit; all their columns count."""

COMMIT_EVERY_S: Final = 300.0
"""Seconds between commits while a quiet stream is followed: 12 commits an hour, as each file makes queries slower."""

_MAX_FAILURES: Final = 20  # In a row, and no other writer's commit among them: about a minute.
_FIRST_BACKOFF_S: Final = 0.1
_MAX_BACKOFF_S: Final = 5.0


class CommitUnclearError(Exception):
    """A commit failed, or its answer was lost: only the table can show whether the commit is there."""


class LakeUnreachableError(Exception):
    """No commit succeeds. Earlier commits stay, and a later run goes on from there."""


class Loaded(Protocol):
    """The table as it was when it was loaded: `consumer.lake.table.LakeTable`."""

    checkpoint: LakeCheckpoint | None

    def held(self, log_ids: Mapping[str, Sequence[str]], since: datetime) -> Iterable[Held]:
        """Return what the table holds of each tenant's log ids, in rows received at `since` or later."""

    def append(self, rows: Iterable[Row], checkpoint: LakeCheckpoint) -> None:
        """Commit both as one snapshot, on top of the loaded one. Raises: CommitUnclearError."""


class Stream(NamedTuple):
    """The stream: its name, when it was made, and how it is opened at its shards' positions.

    `replaced` returns the shards whose positions are wrong: the records that they name were never on this stream.
    """

    name: str
    created_ms: int
    opened: Callable[[Mapping[str, ShardPosition]], AbstractContextManager[Merge]]
    replaced: Callable[[Mapping[str, ShardPosition]], list[str]] = lambda _: []


class Policy(NamedTuple):
    """When a commit is due: `logs` and `row_bytes` bound memory, `every_s` the number of files."""

    logs: int = COMMIT_LOGS
    row_bytes: int = COMMIT_BYTES
    every_s: float = COMMIT_EVERY_S


class Counters:
    """Counters of one run, for display. `rows` counts the rows of this run's own commits.

    `repeated` counts logs that were in the table or in the batch already, `erased` those that have no row because they
    were erased. `withheld` counts the rows without content (`consumer.lake.rows.WITHHELD`). `begun_anew` counts how
    often another writer committed first. `expired_shards` are shards that the checkpoint was still reading and that the
    stream no longer has. For `trimmed_shards` see `consumer.replay.merge.Merge`. `restarted_shards` are read from their
    beginning, because they are not the shards that the checkpoint was reading. `is_new_stream`: the whole stream is
    read from its beginning, because a new stream was made under its name.
    """

    def __init__(self) -> None:
        self.logs = 0
        self.rows = 0
        self.repeated = 0
        self.erased = 0
        self.withheld = 0
        self.broken = 0
        self.commits = 0
        self.begun_anew = 0
        self.behind_ms: dict[str, int] = {}
        self.expired_shards: list[str] = []
        self.trimmed_shards: list[str] = []
        self.restarted_shards: list[str] = []
        self.is_new_stream = False

    @property
    def lag_ms(self) -> int:
        """How far the shard that is farthest behind is from its tip."""
        return max(tuple(self.behind_ms.values()), default=0)  # a copy: another thread shows it


class Sync:
    """One run, until the stream's end or as long as it is followed."""

    def __init__(
        self,
        *,
        load: Callable[[], Loaded],
        erasures: Callable[[], Erasures],
        stream: Stream,
        redactor: Redactor | None,
        key: bytes,
        time: Time,
        counters: Counters,
        policy: Policy = Policy(),  # noqa: B008 - immutable
    ) -> None:
        self._load = load
        self._erasures = erasures
        self._stream = stream
        self._redactor = redactor
        self._key = key
        self._time = time
        self._counters = counters
        self._policy = policy

    def run(self) -> Counters:
        """Read the stream from the table's checkpoint on, and commit; return the counters.

        Raises:
            WrongLakeError: the table is of another stream.
            LakeUnreachableError: too many commits failed in a row.
            Exception: what the stream raises; the last commit stays.
        """
        while not self._pass(self._load()):
            self._counters.begun_anew += 1
        return self._counters

    def _pass(self, table: Loaded) -> bool:
        """Return whether all was read and committed; False if another writer was faster: its checkpoint counts now."""
        began = checkpoints.start(table.checkpoint, stream=self._stream.name, created_ms=self._stream.created_ms)
        counters, policy, monotonic = self._counters, self._policy, self._time.monotonic
        found = table.checkpoint
        counters.is_new_stream |= found is not None and found.created_ms != began.created_ms
        if replaced := self._stream.replaced(began.shards):  # Logs that the table has already are left out.
            counters.restarted_shards = sorted({*counters.restarted_shards, *replaced})
            kept = {shard_id: position for shard_id, position in began.shards.items() if shard_id not in replaced}
            began = msgspec.structs.replace(began, shards=kept)
        with self._stream.opened(began.shards) as merge:
            counters.expired_shards = [
                shard_id
                for shard_id, position in began.shards.items()
                if shard_id not in merge.shards and position.sequence_number != SHARD_END
            ]
            counters.trimmed_shards = merge.trimmed
            reading = _Reading(began, self._redactor, self._key)
            committed_at_s = monotonic()
            for event in merge:
                if isinstance(event, StreamRecord):
                    reading.take(event)
                    counters.behind_ms[event.shard_id] = event.millis_behind
                elif isinstance(event, ShardEnded):
                    reading.reached.ended(event.shard_id)
                    counters.behind_ms.pop(event.shard_id, None)
                if reading.reached.changed and (
                    reading.logs >= policy.logs
                    or reading.batch.row_bytes >= policy.row_bytes
                    or monotonic() - committed_at_s >= policy.every_s
                ):
                    after = self._commit(table, reading, merge)
                    if after is None:
                        return False
                    table = after
                    reading = reading.after()
                    committed_at_s = monotonic()
            return not reading.reached.changed or self._commit(table, reading, merge) is not None

    def _commit(self, table: Loaded, reading: "_Reading", merge: Merge) -> Loaded | None:
        """Return the table with what was read committed, or None if what was read must be thrown away."""
        batch = reading.batch
        wanted = reading.settled(merge)
        began = table.checkpoint
        failures = 0
        while True:
            # The tombstones are read after the table was loaded. A later erasure commits after that load, so that this
            # commit fails and comes back here.
            batch.leave_out(self._erasures())
            rows = batch.without(table.held(batch.ids(), look_back(batch.earliest()))) if batch else []
            try:
                table.append(rows, wanted)
            except CommitUnclearError as error:
                failures += 1
                if failures > _MAX_FAILURES:
                    raise LakeUnreachableError(
                        f"The lake was not changed: {failures} commits failed in a row, the last with: {error} "
                        f"Run it again."
                    ) from error
                self._time.sleep(self._time.jitter() * min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2**failures))
                table = self._load()
                after = checkpoints.after_failure(began=began, wanted=wanted, found=table.checkpoint)
                if after == "anew":
                    return None
                if after == "again":
                    continue
            self._count(reading, rows)
            return table

    def _count(self, reading: "_Reading", rows: Sequence[Row]) -> None:
        counters = self._counters
        counters.commits += 1
        counters.logs += reading.logs
        counters.rows += len(rows)
        counters.withheld += sum(row.redaction_version == WITHHELD for row in rows)
        counters.broken += reading.broken
        counters.erased += reading.batch.erased
        counters.repeated += reading.logs - reading.broken - reading.batch.erased - len(rows)


class _Reading:
    """What was read since a checkpoint, for one commit."""

    def __init__(self, began: LakeCheckpoint, redactor: Redactor | None, key: bytes) -> None:
        self._began = began
        self._redactor = redactor
        self._key = key
        self._wanted = began
        self.reached = Reached(began.shards)
        self.batch = Batch(redactor, key)
        self.logs = 0
        self.broken = 0

    def take(self, record: StreamRecord) -> None:
        """Take the logs of a record that were not read yet."""
        pieces = self.reached.unread(record)
        self.logs += len(pieces)
        for piece in pieces:
            log = piece if isinstance(piece, Broken) else read_log(piece)
            if isinstance(log, Broken):
                self.broken += 1
            else:
                self.batch.add(log)

    def settled(self, merge: Merge) -> LakeCheckpoint:
        """Return the checkpoint after what was read."""
        self._wanted = checkpoints.advanced(
            self._began, self.reached.settled(), merge.shards, logs=self.logs, broken=self.broken, commit=uuid4().hex
        )
        return self._wanted

    def after(self) -> "_Reading":
        """Return an empty reading that goes on from that checkpoint."""
        return _Reading(self._wanted, self._redactor, self._key)
