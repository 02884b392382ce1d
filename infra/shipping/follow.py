"""Follows a log file: sends what is appended, through rotation and truncation, from a position that survives a kill.

The position is written after ingest has taken the lines. If it is killed before that, it sends the lines again. Their
ids are computed from the file's content, so they are the same, and each line is stored once.
"""

import os
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from infra.shipping import content, generations, log_file, position, refusals, shipment
from infra.shipping.log_file import Empty, Line, Undecodable
from infra.shipping.once import Asked
from infra.shipping.position import Of, Position
from infra.shipping.records import as_record
from infra.shipping.sender import Sender, Tally
from infra.stack import StackError

POLL_S: Final = 0.5
"""How often the file is checked while nothing is appended."""

GRACE_S: Final = 5.0
"""How long a rotated file must get no lines before the next file is begun: its writer may still write to it."""

_WINDOW_LINES: Final = 5_000
_WINDOW_BYTES: Final = 8 << 20
_MAX_BACKOFF_S: Final = 60.0


class Follower:
    """Follows `path`. The `tally` is of all rounds; `tell` gets a sentence for each event that a person should know."""

    def __init__(
        self,
        path: Path,
        asked: Asked,
        position_path: Path,
        *,
        stop: threading.Event,
        monotonic: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        """Begin at the saved position, or at the file's start.

        Raises:
            StackError: the position is of another file.
            NotTextError: the file is packed, binary or of an encoding whose lines cannot be found from the middle.
        """
        self.tally = Tally()
        self._path = path
        self._asked = asked
        self._position_path = position_path
        self._stop = stop
        self._monotonic = monotonic
        self._tell = tell
        self._file: BinaryIO | None = None
        self._silent_since_s: float | None = None
        of = Of(asked.url, asked.tenant, asked.name, str(path))
        known = position.load(position_path, of)
        self.position = known or Position(of=of, place=log_file.start(asked.tenant, asked.name))
        self._file = generations.find(path, self.position)
        if self._file is None and known is not None:
            tell(
                f"{path}: lines after line {known.place.number:,} may be lost: the file that had them was deleted or "
                f"compressed. Going on with the next file."
            )
            self._next()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def run(self) -> None:
        """Follow until `stop`.

        Raises:
            StackError: the stack refuses the credentials or the URL.
        """
        while not self._stop.is_set():
            if not self.step():
                self._stop.wait(POLL_S)

    def step(self) -> bool:
        """Send the new lines, up to one window of them; return whether there was something to do."""
        if self._file is None:
            return self._next() or self._begin(self._path)
        if not generations.holds(self._file, self.position):
            return self._cut()
        if self._send(unfinished=True):
            self._silent_since_s = None
            return True
        if not self._is_rotated():
            self._silent_since_s = None
            return False
        now_s = self._monotonic()
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        if now_s - self._silent_since_s < GRACE_S:
            return False
        self._send(unfinished=False)
        return not self._stop.is_set() and self._next()

    def _is_rotated(self) -> bool:
        assert self._file is not None  # noqa: S101 - the caller has looked
        own = os.fstat(self._file.fileno())
        return generations.successor(self._path, own.st_mtime_ns, (own.st_dev, own.st_ino)) is not None

    def _cut(self) -> bool:
        """Handle a truncated or rewritten file: continue in the copy that was made before, else at the file's start."""
        assert self._file is not None  # noqa: S101 - the caller has looked
        self._file.close()
        self._file = generations.find(self._path, self.position)
        if self._file is None:
            self._begin(self._path)
        return True

    def _next(self) -> bool:
        """Begin the file that follows in the rotation; return whether there is one."""
        own = (self.position.device, self.position.inode)
        modified_ns = self.position.modified_ns
        if self._file is not None:
            status = os.fstat(self._file.fileno())
            own, modified_ns = (status.st_dev, status.st_ino), status.st_mtime_ns
        following = generations.successor(self._path, modified_ns, own)
        return following is not None and self._begin(following)

    def _begin(self, path: Path) -> bool:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        self.close()
        self._file = file
        self._silent_since_s = None
        place = self.position.place.next_file() if self.position.place.offset else self.position.place
        self._keep(place, before=None)
        return True

    def _keep(self, place: log_file.Place, before: log_file.Place | None) -> None:
        assert self._file is not None  # noqa: S101 - the caller has looked
        status = os.fstat(self._file.fileno())
        self.position = msgspec.structs.replace(
            self.position,
            place=place,
            before=before,
            device=status.st_dev,
            inode=status.st_ino,
            modified_ns=status.st_mtime_ns,
        )
        position.save(self._position_path, self.position)

    def _send(self, *, unfinished: bool) -> bool:
        """Send the next lines; save the position once ingest has answered for each; return whether there were any."""
        assert self._file is not None  # noqa: S101 - the caller has looked
        place = self.position.place
        if place.offset == 0:
            place = place._replace(
                offset=content.mark_bytes(
                    self._file, self._asked.encoding, name=str(self._path), even_with_nul=self._asked.text
                )
            )
        self._file.seek(place.offset)
        found = log_file.read(self._file, place, self._asked.encoding, unfinished=lambda: unfinished)
        window: list[Line | Undecodable | Empty] = []
        for line in islice(found, _WINDOW_LINES):
            window.append(line)
            if line.end.offset - place.offset >= _WINDOW_BYTES:
                break
        if not window:
            return False
        if self._taken(window):
            self._keep(window[-1].end, before=window[-2].end if len(window) > 1 else place)
        return True

    def _taken(self, window: list[Line | Undecodable | Empty]) -> bool:
        """Send the lines, and repeat until none fails; return False if `stop` was set before."""
        lines = [line for line in window if isinstance(line, Line)]
        if self._asked.ndjson:
            lines = list(map(as_record, lines))
        backoff_s = 1.0
        while lines:
            sender = Sender(
                self._asked.url,
                self._asked.tenant,
                connections=self._asked.connections,
                headers=self._asked.headers,
                stop=self._stop,
            )
            sender.run(shipment.requests(lines, self._asked.tenant, self._asked.batch))
            if sender.tally.accepted + sender.tally.rejected.total() == len(lines):
                self._count(sender.tally)
                break
            if sender.lost.startswith("HTTP"):
                why = f"{sender.lost}. {refusals.told(sender.lost)}".rstrip()
                raise StackError(
                    f"The stack refuses the requests: {why} The position is kept: mend the cause and run it again."
                )
            if self._stop.is_set():
                return False
            cause = sender.lost or ", ".join(sender.tally.failed)
            self._tell(f"Not accepted: {cause}. Trying again.")
            if self._stop.wait(backoff_s):
                return False
            backoff_s = min(_MAX_BACKOFF_S, 2 * backoff_s)
        for line in window:
            if isinstance(line, Undecodable):
                self._reject(line.number, "invalid_encoding")
        return True

    def _count(self, round_: Tally) -> None:
        self.tally.accepted += round_.accepted
        self.tally.rejected.update(round_.rejected)
        for number, reason in round_.examples:
            self._tell_rejected(number, reason)

    def _reject(self, number: int, reason: str) -> None:
        self.tally.reject(number, reason)
        self._tell_rejected(number, reason)

    def _tell_rejected(self, number: int, reason: str) -> None:
        self._tell(f"Line {number:,} was rejected: {reason}. {refusals.told(reason)}".rstrip())
