"""Which logs were seen already, by (tenant_id, log_id, text), on disk: 16-byte digests in SQLite, some 40 bytes a log.

Memory stays at SQLite's page cache, however many logs there are. Two of a billion logs share a digest with a
probability of 1e-21. With a checkpoint the file is kept after the run. Each digest has the number of its commit: if a
run is killed after it wrote a digest and before it wrote its checkpoint, the next run takes the log again.
"""

import sqlite3
from hashlib import blake2b
from pathlib import Path
from typing import Final

from consumer.replay import private
from consumer.replay.checkpoint import CheckpointMismatchError

_CACHE_KIB: Final = 64 * 1024


class Seen:
    """The set of logs seen. `path` keeps it for a later run; without one it lives in a temporary file."""

    def __init__(self, path: Path | None, *, commit: int) -> None:
        """Open the set as it was at commit number `commit`; commit 0 starts with an empty set.

        Raises:
            CheckpointMismatchError: the set that belongs to the checkpoint is not there.
        """
        if path is not None and commit > 0 and not path.exists():
            raise CheckpointMismatchError(
                f"{path} is missing, which lists the logs seen before the checkpoint. Bring it back, or begin "
                f"anew with "
                f"another --checkpoint."
            )
        if path is not None and commit == 0:
            path.unlink(missing_ok=True)
        if path is not None:
            private.opened(path).close()
        # The empty name is SQLite's own temporary file, which it deletes.
        self._database = sqlite3.connect("" if path is None else path, isolation_level=None, cached_statements=8)
        self._database.executescript(
            f"PRAGMA cache_size = -{_CACHE_KIB};"
            # Nobody reads a temporary set again. A kept one must not run behind the checkpoint after a power cut.
            + ("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" if path is None else "PRAGMA synchronous = FULL;")
            + "CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, taken_in INTEGER NOT NULL) WITHOUT ROWID;"
        )
        self._database.execute("DELETE FROM seen WHERE taken_in > ?", (commit,))
        self._next_commit = commit + 1
        self._database.execute("BEGIN")

    def is_new(self, tenant_id: str, log_id: str, text: str) -> bool:
        """Return whether the log was not seen before, and remember it."""
        # Neither id holds a newline, so no two logs give the same bytes.
        digest = blake2b(f"{tenant_id}\n{log_id}\n{text}".encode(), digest_size=16).digest()
        inserted = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, self._next_commit))
        return inserted.rowcount == 1

    def commit(self) -> None:
        """Make the logs seen durable, as part of the next commit of the replay."""
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")
        self._next_commit += 1

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        self._database.close()
