"""The loop of a replay: deaggregates, selects and redacts the merged stream into a sink, and commits as it goes.

The order of a commit makes a kill harmless: the output is flushed and synced, then the set of logs seen, then the
checkpoint. A run that goes on from the checkpoint first removes the output beyond it.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from consumer.replay import checkpoint as checkpoints
from consumer.replay.broken import BrokenRecords
from consumer.replay.checkpoint import Checkpoint
from consumer.replay.deaggregate import Broken
from consumer.replay.distinct import Seen
from consumer.replay.merge import Idle, ShardEnded, StreamRecord
from consumer.replay.reached import Reached
from consumer.replay.select import read_log
from consumer.replay.sinks import Sink
from ingest.contract.message import InternalMessage


class Counters:
    """Counters of one run, for display. `logs` were read, `written` of them went to the sink.

    The others were `repeated`, `broken`, `erased`, or `not_selected`: of other times or tenants.
    `expired_shards` are shards that the checkpoint was still reading and that the stream no longer has. For
    `trimmed_shards` see `consumer.replay.merge.Merge`.
    """

    def __init__(self) -> None:
        self.shards_read: set[str] = set()
        self.shards_ended = 0
        self.records = 0
        self.logs = 0
        self.written = 0
        self.repeated = 0
        self.broken = 0
        self.erased = 0
        self.not_selected = 0
        self.commits = 0
        self.behind_ms: dict[str, int] = {}
        self.expired_shards: list[str] = []
        self.trimmed_shards: list[str] = []

    @property
    def lag_ms(self) -> int:
        """How far the shard that is farthest behind is from its tip."""
        return max(tuple(self.behind_ms.values()), default=0)  # a copy: another thread shows it


class Replay:
    """One run. It goes on from the checkpoint `start`; if `checkpoint_path` is given, its own checkpoints go there."""

    def __init__(
        self,
        *,
        sink: Sink,
        broken: BrokenRecords,
        start: Checkpoint,
        checkpoint_path: Path | None,
        wanted: Callable[[InternalMessage], bool],
        is_erased: Callable[[InternalMessage], bool],
        seen: Seen | None,
        transform: Callable[[InternalMessage], InternalMessage] | None,
        monotonic: Callable[[], float],
        counters: Counters,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._sink = sink
        self._broken = broken
        self._start = start
        self._checkpoint_path = checkpoint_path
        self._wanted = wanted
        self._is_erased = is_erased
        self._seen = seen
        self._transform = transform
        self._monotonic = monotonic
        self._counters = counters
        self._on_progress = on_progress
        self._reached = Reached(start.shards)
        self._commit = start.commit
        self._logs_at_commit = 0
        self._committed_at_s = monotonic()

    def run(self, events: Iterable[StreamRecord | ShardEnded | Idle]) -> Counters:
        """Read `events` to their end and commit; return the counters.

        Raises:
            Exception: what the sink or the stream raises; the last checkpoint and its output stay.
        """
        counters, sink = self._counters, self._sink
        for event in events:
            if isinstance(event, StreamRecord):
                self._take(event)
                if counters.logs - self._logs_at_commit >= sink.commit_logs or sink.full:
                    self.commit()
            elif isinstance(event, ShardEnded):
                counters.shards_ended += 1
                counters.behind_ms.pop(event.shard_id, None)
                self._reached.ended(event.shard_id)
            else:
                self._on_progress()
                if self._reached.changed and self._monotonic() - self._committed_at_s >= sink.idle_commit_s:
                    self.commit()
        if self._reached.changed or self._commit == self._start.commit:
            self.commit()
        self._on_progress()
        return counters

    def commit(self) -> None:
        """Make the output durable, and then the checkpoint that describes it."""
        output = self._sink.commit()
        broken = self._broken.commit()
        if self._seen is not None:
            self._seen.commit()
        self._commit += 1
        self._counters.commits += 1
        self._logs_at_commit = self._counters.logs
        self._committed_at_s = self._monotonic()
        shards = self._reached.settled()
        if self._checkpoint_path is not None:
            checkpoints.save(
                self._checkpoint_path,
                msgspec.structs.replace(
                    self._start,
                    commit=self._commit,
                    logs=self._start.logs + self._counters.logs,
                    output=output,
                    broken=broken,
                    shards=shards,
                ),
            )
        self._on_progress()

    def _take(self, record: StreamRecord) -> None:
        counters, sink, seen, transform = self._counters, self._sink, self._seen, self._transform
        user_records = self._reached.unread(record)
        if not user_records:
            return
        counters.records += 1
        counters.logs += len(user_records)
        counters.shards_read.add(record.shard_id)
        counters.behind_ms[record.shard_id] = record.millis_behind
        for piece in user_records:
            log = read_log(piece) if not isinstance(piece, Broken) else piece
            if isinstance(log, Broken):
                counters.broken += 1
                self._broken.write(record, log)
            elif not self._wanted(log):
                counters.not_selected += 1
            elif self._is_erased(log):
                counters.erased += 1
            else:
                if seen is not None and not seen.is_new(log.tenant_id, log.log_id, log.text):
                    counters.repeated += 1
                    continue
                counters.written += 1
                sink.write(log if transform is None else transform(log))
