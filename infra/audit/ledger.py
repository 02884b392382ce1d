"""Whether every log on the stream is accounted for: stored with its text, or in the dead-letter queue with a reason.

Memory is bounded for any number of logs: what was read goes to a temporary SQLite file (some 300 bytes a log, texts as
16-byte digests), is sorted there, and SQLite keeps 64 MiB of it in memory. The readers of the stream hold about 64 MiB
more, those of the table a few pages of 1 MB: 204 MB in all for a million logs, measured (bench/micro/audit.py).
"""

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

import msgspec

Finding = Literal["complete", "missing", "undecided", "changed", "erased_stored", "lake_differs"]

CONFLICT: Final = "log_id_conflict"
STORED_TOO: Final = "stored_too"
"""The reason shown for a dead letter's log that is stored: SQS moved its message whole, or a copy was stored later."""
_CACHE_KIB: Final = 64 * 1024

# A log of the stream is a text under a key. It is accounted for by the item of its key that has its text, or by a dead
# letter of its key that has its text (or none that can be read). An item was changed after it was stored if the stream
# has logs of its key and must still hold its own, and none of them has its text: two texts that came under one log id
# are both on the stream.
_SETTLE: Final = """
CREATE INDEX stored_key ON stored (tenant_id, log_id);
CREATE INDEX dead_key ON dead (tenant_id, log_id);
CREATE TABLE log AS SELECT DISTINCT tenant_id, log_id, text FROM streamed;
CREATE INDEX log_key ON log (tenant_id, log_id);
CREATE TABLE missing AS
SELECT tenant_id, log_id, text,
       EXISTS (SELECT 1 FROM stored s WHERE s.tenant_id = log.tenant_id AND s.log_id = log.log_id) AS other_text_stored
FROM log
WHERE NOT EXISTS (SELECT 1 FROM stored s
                  WHERE s.tenant_id = log.tenant_id AND s.log_id = log.log_id AND s.text = log.text)
  AND NOT EXISTS (SELECT 1 FROM dead d
                  WHERE d.tenant_id = log.tenant_id AND d.log_id = log.log_id
                    AND (d.text IS NULL OR d.text = log.text));
CREATE INDEX missing_key ON missing (tenant_id, log_id);
CREATE TABLE changed AS
SELECT DISTINCT tenant_id, log_id, text FROM stored
WHERE due_on_stream
  AND EXISTS (SELECT 1 FROM log WHERE log.tenant_id = stored.tenant_id AND log.log_id = stored.log_id)
  AND NOT EXISTS (SELECT 1 FROM log
                  WHERE log.tenant_id = stored.tenant_id AND log.log_id = stored.log_id AND log.text = stored.text);
"""

_COUNTS: Final = {
    "on_stream": "SELECT tenant_id, COUNT(DISTINCT log_id) FROM log GROUP BY tenant_id",
    "stored": "SELECT tenant_id, SUM(counted) FROM stored GROUP BY tenant_id",
    "conflicts": "SELECT tenant_id, SUM(counted AND conflict) FROM stored GROUP BY tenant_id",
    "erased_stored": "SELECT tenant_id, SUM(erased) FROM stored GROUP BY tenant_id",
    "missing": "SELECT tenant_id, COUNT(DISTINCT log_id) FROM missing GROUP BY tenant_id",
    "changed": "SELECT tenant_id, COUNT(*) FROM changed GROUP BY tenant_id",
    "stored_not_on_stream": """
SELECT tenant_id, COUNT(*) FROM stored
WHERE due_on_stream
  AND NOT EXISTS (SELECT 1 FROM log WHERE log.tenant_id = stored.tenant_id AND log.log_id = stored.log_id)
GROUP BY tenant_id""",
}
"""Each count of a tenant's audit, by its name there."""


_DEAD: Final = """
SELECT tenant_id,
       CASE WHEN EXISTS (SELECT 1 FROM stored s
                         WHERE s.tenant_id = dead.tenant_id AND s.log_id = dead.log_id AND s.text = dead.text)
            THEN ? ELSE reason END AS why,
       COUNT(*)
FROM dead GROUP BY tenant_id, why ORDER BY why"""


class TenantAudit(msgspec.Struct, kw_only=True):
    """One tenant's logs: `on_stream` and `missing` are distinct log ids, `stored` items, `quarantined` dead letters.

    `quarantined` is by reason, `stored_too` for one that is stored as well, which needs no redrive; `conflicts` are
    those items that stand beside the one that has their log id; `changed` are items whose text is none of those that
    the stream has for their log id; `stored_not_on_stream` are items that were received within the time that the
    stream still holds; `erased_stored` are items, of any time, that were erased.
    """

    tenant_id: str
    on_stream: int = 0
    stored: int = 0
    quarantined: dict[str, int] = {}
    conflicts: int = 0
    missing: int = 0
    changed: int = 0
    stored_not_on_stream: int = 0
    erased_stored: int = 0


class MissingLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log on the stream that stands nowhere else. `other_text_stored`: its key holds another log's text."""

    tenant_id: str
    log_id: str
    other_text_stored: bool


class ChangedItem(msgspec.Struct, frozen=True, kw_only=True):
    """The log id of an item whose text is not what was sent under it."""

    tenant_id: str
    log_id: str


class ErasedItem(msgspec.Struct, frozen=True, kw_only=True):
    """The log id of an item that was erased, and is stored."""

    tenant_id: str
    log_id: str


class StoredRow(NamedTuple):
    """One item. `counted`: in the audit's range of time. `due_on_stream`: received so late that the stream holds it.

    `conflict`: it stands beside the item that has its log id. `erased`: it should not be there.
    """

    tenant_id: str
    log_id: str
    text: str
    counted: bool
    due_on_stream: bool
    conflict: bool = False
    erased: bool = False


class Ledger:
    """What stands where, on disk. First everything is added, then it is asked."""

    def __init__(self) -> None:
        """Open a temporary file, which goes with the ledger."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            f"PRAGMA cache_size = -{_CACHE_KIB}; PRAGMA temp_store = FILE;"
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE streamed (tenant_id TEXT, log_id TEXT, text BLOB);"
            "CREATE TABLE stored (tenant_id TEXT, log_id TEXT, text BLOB, counted INTEGER, due_on_stream INTEGER,"
            "  conflict INTEGER, erased INTEGER);"
            "CREATE TABLE dead (tenant_id TEXT, log_id TEXT, text BLOB, reason TEXT);"
            "BEGIN;"
        )
        self._settled = False

    def add_streamed(self, logs: Iterable[tuple[str, str, str]]) -> None:
        """Take (tenant_id, log_id, text) of logs on the stream; a log may come more than once."""
        self._database.executemany("INSERT INTO streamed VALUES (?, ?, ?)", ((t, i, digest(x)) for t, i, x in logs))

    def add_stored(self, rows: Iterable[StoredRow]) -> None:
        """Take items; one that is not counted only accounts for its log."""
        self._database.executemany(
            "INSERT INTO stored VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((one.tenant_id, one.log_id, digest(one.text), *one[3:]) for one in rows),
        )

    def add_dead(self, letters: Iterable[tuple[str, str, str | None, str]]) -> None:
        """Take (tenant_id, log_id, text or None, reason) of dead letters; unknown ids are empty."""
        self._database.executemany(
            "INSERT INTO dead VALUES (?, ?, ?, ?)",
            ((t, i, None if x is None else digest(x), r) for t, i, x, r in letters),
        )

    def tenants(self) -> list[TenantAudit]:
        """Return the counts of each tenant, by tenant id; dead letters of nobody known stand under ""."""
        self._settle()
        tenants: dict[str, TenantAudit] = {}

        def tenant_of(tenant_id: str) -> TenantAudit:
            return tenants.setdefault(tenant_id, TenantAudit(tenant_id=tenant_id))

        for name, query in _COUNTS.items():
            for tenant_id, count in self._database.execute(query):
                setattr(tenant_of(tenant_id), name, count)
        for tenant_id, reason, count in self._database.execute(_DEAD, (STORED_TOO,)):
            tenant = tenant_of(tenant_id)
            if reason == CONFLICT:
                tenant.conflicts += count  # From before conflicts were items.
            else:
                tenant.quarantined = {**tenant.quarantined, reason: count}
        return [tenants[tenant_id] for tenant_id in sorted(tenants)]

    def missing(self) -> Iterator[MissingLog]:
        """Yield the logs that stand nowhere but on the stream, by tenant and log id."""
        self._settle()
        for tenant_id, log_id, other in self._database.execute(
            "SELECT DISTINCT tenant_id, log_id, other_text_stored FROM missing ORDER BY tenant_id, log_id"
        ):
            yield MissingLog(tenant_id=tenant_id, log_id=log_id, other_text_stored=bool(other))

    def changed(self) -> Iterator[ChangedItem]:
        """Yield the log ids whose items were changed, by tenant and log id."""
        self._settle()
        for tenant_id, log_id in self._database.execute(
            "SELECT DISTINCT tenant_id, log_id FROM changed ORDER BY tenant_id, log_id"
        ):
            yield ChangedItem(tenant_id=tenant_id, log_id=log_id)

    def erased(self) -> Iterator[ErasedItem]:
        """Yield the log ids whose items were erased and are stored, by tenant and log id."""
        self._settle()
        for tenant_id, log_id in self._database.execute(
            "SELECT DISTINCT tenant_id, log_id FROM stored WHERE erased ORDER BY tenant_id, log_id"
        ):
            yield ErasedItem(tenant_id=tenant_id, log_id=log_id)

    def is_changed(self, tenant_id: str, log_id: str, text: str) -> bool:
        """Say whether the item of this log id and text was changed after it was stored."""
        self._settle()
        query = "SELECT 1 FROM changed WHERE tenant_id = ? AND log_id = ? AND text = ?"
        return self._database.execute(query, (tenant_id, log_id, digest(text))).fetchone() is not None

    def is_streamed(self, tenant_id: str, log_id: str, text: str) -> bool:
        """Say whether the stream has this log."""
        self._settle()
        query = "SELECT 1 FROM log WHERE tenant_id = ? AND log_id = ? AND text = ?"
        return self._database.execute(query, (tenant_id, log_id, digest(text))).fetchone() is not None

    def miss(self, tenant_id: str, log_id: str) -> None:
        """Take every log of the stream under this log id for missing: its items were taken out."""
        self._settle()
        self._database.execute("DELETE FROM missing WHERE tenant_id = ? AND log_id = ?", (tenant_id, log_id))
        self._database.execute(
            "INSERT INTO missing SELECT tenant_id, log_id, text, 0 FROM log WHERE tenant_id = ? AND log_id = ?",
            (tenant_id, log_id),
        )

    def spare_changed(self) -> None:
        """Take no log for missing whose log id has a changed item: sent again, it would only conflict with it."""
        self._settle()
        self._database.execute(
            "DELETE FROM missing WHERE EXISTS (SELECT 1 FROM changed c"
            " WHERE c.tenant_id = missing.tenant_id AND c.log_id = missing.log_id)"
        )

    def claim(self, tenant_id: str, log_id: str, text: str) -> bool:
        """Say whether this log is missing. It is not any more from here on: who claims it restores it."""
        self._settle()
        query = "DELETE FROM missing WHERE tenant_id = ? AND log_id = ? AND text = ?"
        return self._database.execute(query, (tenant_id, log_id, digest(text))).rowcount > 0

    def close(self) -> None:
        """Delete the file."""
        self._database.close()

    def _settle(self) -> None:
        if not self._settled:
            self._database.execute("COMMIT")
            self._database.executescript(_SETTLE)
            self._settled = True


def digest(text: str) -> bytes:
    """Return the 16 bytes that stand for a log's text."""
    return blake2b(text.encode(), digest_size=16).digest()


def finding(
    *,
    missing: int,
    changed: int,
    in_flight: int,
    dead_letters_unseen: int,
    erased_stored: int = 0,
    lake_differs: bool = False,
) -> Finding:
    """Return what is wrong first: logs missing for certain, items changed, or erased and still there, the lake another.

    Logs in the queue, and in dead letters that SQS did not show, are known by number only. So as long as there may be
    as many of them as there are logs unaccounted for, these may be those: undecided, until the queue is empty. Of the
    lake nothing is undecided: it is of the stream alone.
    """
    if missing > in_flight + dead_letters_unseen:
        return "missing"
    if missing == 0 and changed:
        return "changed"
    if erased_stored:
        return "erased_stored"
    if lake_differs:
        return "lake_differs"
    return "undecided" if missing else "complete"
