"""The work on a unit of logs: crash or not, stream, redact, write. Pure: `Edges` are passed in."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from consumer.apart import Ended
from consumer.crash import CrashPoint
from consumer.item import Item, build
from consumer.redact import Redactor
from consumer.unpack import Log
from consumer.verdict import ERASED, Verdict, not_taken, retried
from ingest.contract.message import InternalMessage

_From = TypeVar("_From")
_To = TypeVar("_To")


class BuildsEach(Protocol):
    """Builds one thing from another, each with a time limit: it decides in which process."""

    def __call__(self, build: Callable[[_From], _To], each: Sequence[_From], /) -> list[_To | Ended]:
        """Return what is built from each, or `Ended` in place of what was not built."""


class Edges(NamedTuple):
    """What the work needs from outside.

    `erased` returns the positions of the erased messages, or an error code if they are not known. `put_on_stream`
    returns the positions that are not on the stream. `insert` yields each item's position and verdict as soon as the
    table has answered, and raises if the table refuses a whole call. `together` says whether the logs' texts may be
    redacted in one go: not if one of them may have ended a process.
    """

    crash: Callable[[CrashPoint, Sequence[Log]], None]
    erased: Callable[[Sequence[InternalMessage]], frozenset[int] | str]
    put_on_stream: Callable[[Sequence[InternalMessage]], frozenset[int]]
    insert: Callable[[Sequence[Item]], Iterator[tuple[int, Verdict]]]
    processed_at: Callable[[], str]
    build_each: BuildsEach
    together: bool


class Work:
    """The `work` of `bisect`. It keeps each log's verdict, and skips a log that has one in later units."""

    def __init__(self, edges: Edges, redactor: Redactor, *, retention_days: int) -> None:
        self._edges = edges
        self._redactor = redactor
        self._retention_days = retention_days
        self._on_stream: set[str] = set()
        self.verdicts: dict[str, Verdict] = {}

    def __call__(self, logs: Sequence[Log]) -> None:
        """Give each log of the unit its verdict.

        An erased log goes nowhere, not even to the stream. If the tombstones cannot be read, no log goes anywhere.
        A log that ingest could not put on the stream is put there before it is written; without that it is not
        written. So the table never holds a log that a rebuild from the stream would miss, and a log that ends in the
        DLQ because the stream was unavailable is not in the table too.

        Raises:
            Exception: the unit failed as a whole. Verdicts that were given before that stay.
        """
        self._edges.crash("before_work", logs)
        self._leave_out_erased(self._open(logs))
        self._put_pending(self._open(logs))
        self._edges.crash("before_write", logs)
        self._write(self._open(logs))
        self._edges.crash("after_write", logs)

    def _open(self, logs: Sequence[Log]) -> list[Log]:
        return [log for log in logs if log.message_id not in self.verdicts] if self.verdicts else list(logs)

    def _leave_out_erased(self, logs: Sequence[Log]) -> None:
        if not logs:
            return
        erased = self._edges.erased([log.message for log in logs])
        for position, log in enumerate(logs):
            if isinstance(erased, str):
                self.verdicts[log.message_id] = not_taken(erased)
            elif position in erased:
                self.verdicts[log.message_id] = ERASED

    def _put_pending(self, logs: Sequence[Log]) -> None:
        pending = [log for log in logs if log.message.stream_pending and log.message_id not in self._on_stream]
        if not pending:
            return
        missing = self._edges.put_on_stream([log.message for log in pending])
        for position, log in enumerate(pending):
            if position in missing:
                self.verdicts[log.message_id] = not_taken("not_on_stream")
            else:
                self._on_stream.add(log.message_id)

    def _write(self, logs: Sequence[Log]) -> None:
        if not logs:
            return
        processed_at = self._edges.processed_at()

        redacted = self._redacted(logs)

        def item_of(log: Log) -> Item:
            return build(
                log.message,
                received_ms=log.received_ms,
                redactor=self._redactor,
                redacted=redacted.get(log.message_id),
                processed_at=processed_at,
                retention_days=self._retention_days,
            )

        written: list[Log] = []
        items: list[Item] = []
        for log, item in zip(logs, self._edges.build_each(item_of, logs), strict=True):
            if isinstance(item, Ended):
                self.verdicts[log.message_id] = retried(item.cause)
            else:
                written.append(log)
                items.append(item)
        for position, verdict in self._edges.insert(items):
            self.verdicts[written[position].message_id] = verdict

    def _redacted(self, logs: Sequence[Log]) -> dict[str, str]:
        """Return the redacted text of each log by its message id, from one go; nothing if each must be redacted alone.

        Alone, because an operator's pattern may take any time, and each log has a time limit of its own.
        """
        if len(logs) == 1 or not self._edges.together or not self._redactor.is_linear:
            return {}
        [texts] = self._edges.build_each(self._redactor.texts, [[log.message.text for log in logs]])
        if isinstance(texts, Ended):
            return {}
        return {log.message_id: text for log, text in zip(logs, texts, strict=True)}
