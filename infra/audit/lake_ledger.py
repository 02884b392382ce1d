"""Whether the lake has what the stream has: each log once, with its text, and nothing else.

Memory is bounded as the ledger's is: what was read goes to a temporary SQLite file, texts as 16-byte digests.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

Kind = Literal["lake_lacks", "stream_lacks", "text_differs", "twice", "erased"]

_CACHE_KIB: Final = 16 * 1024

# A row is of the log of its key whose text it has, or whose original's keyed digest. Of a row and a log of one key that
# are of nobody else, the text differs; else one of the two sides lacks it. A row that the stream need not hold any more
# accounts for its log, and is never lacked. A row of an erased log should not be there, whatever the stream has.
_SETTLE: Final = """
CREATE TABLE log AS SELECT DISTINCT tenant_id, log_id, plain, keyed, shown FROM streamed;
DROP TABLE streamed;
CREATE INDEX log_key ON log (tenant_id, log_id);
CREATE TABLE gone AS SELECT DISTINCT tenant_id, log_id FROM lake WHERE erased;
DELETE FROM lake WHERE erased;
CREATE INDEX row_key ON lake (tenant_id, log_id);
CREATE TABLE lost AS SELECT DISTINCT tenant_id, log_id FROM log
WHERE NOT EXISTS (SELECT 1 FROM lake r WHERE r.tenant_id = log.tenant_id AND r.log_id = log.log_id
                    AND r.known IN (log.plain, log.keyed));
CREATE TABLE stray AS SELECT tenant_id, log_id, MAX(due) AS due FROM lake
WHERE NOT EXISTS (SELECT 1 FROM log WHERE lake.tenant_id = log.tenant_id AND lake.log_id = log.log_id
                    AND lake.known IN (log.plain, log.keyed))
GROUP BY tenant_id, log_id;
CREATE INDEX stray_key ON stray (tenant_id, log_id);
CREATE INDEX lost_key ON lost (tenant_id, log_id);
CREATE TABLE difference AS
SELECT 'erased' AS kind, tenant_id, log_id FROM gone
UNION
SELECT 'lake_lacks', tenant_id, log_id FROM lost
WHERE NOT EXISTS (SELECT 1 FROM stray s WHERE s.tenant_id = lost.tenant_id AND s.log_id = lost.log_id)
UNION
SELECT 'stream_lacks', tenant_id, log_id FROM stray
WHERE due AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.tenant_id = stray.tenant_id AND l.log_id = stray.log_id)
UNION
SELECT 'text_differs', tenant_id, log_id FROM lost
WHERE EXISTS (SELECT 1 FROM stray s WHERE s.tenant_id = lost.tenant_id AND s.log_id = lost.log_id)
UNION
SELECT 'text_differs', tenant_id, log_id FROM lake
WHERE shown IS NOT NULL
  AND EXISTS (SELECT 1 FROM log WHERE lake.tenant_id = log.tenant_id AND lake.log_id = log.log_id
                AND lake.known IN (log.plain, log.keyed) AND lake.shown <> log.shown)
UNION
SELECT 'twice', tenant_id, log_id FROM log
WHERE (SELECT COUNT(*) FROM lake r WHERE r.tenant_id = log.tenant_id AND r.log_id = log.log_id
         AND r.known IN (log.plain, log.keyed)) > 1;
"""


class StreamedLog(NamedTuple):
    """A log of the stream: digests of its text, of the same under the lake's key, and of what the lake is to show."""

    tenant_id: str
    log_id: str
    plain: bytes
    keyed: bytes
    shown: bytes


class LakeRow(NamedTuple):
    """A row: `known` is its text's digest, or its original's under the key; `shown` its text's, None under old rules.

    `due`: received so late that the stream holds it. `erased`: it should not be there.
    """

    tenant_id: str
    log_id: str
    known: bytes
    shown: bytes | None
    due: bool
    erased: bool = False


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One log on which lake and stream are not of one mind."""

    kind: Kind
    tenant_id: str
    log_id: str


class LakeAudit(msgspec.Struct, frozen=True, kw_only=True):
    """The lake at `where` beside the stream: of `logs` (distinct) up to its checkpoint it is to hold each once.

    `rows` were read for it; `after_checkpoint` logs of the stream it need not hold yet. `differences` are by kind, and
    by name only on request.
    """

    where: str
    logs: int
    rows: int
    after_checkpoint: int
    differences: dict[Kind, int]
    named: list[Difference] | msgspec.UnsetType = msgspec.UNSET


class LakeLedger:
    """What stands where, on disk. First everything is added, then it is asked."""

    def __init__(self) -> None:
        """Open a temporary file, which goes with the ledger."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            f"PRAGMA cache_size = -{_CACHE_KIB}; PRAGMA temp_store = FILE;"
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE streamed (tenant_id TEXT, log_id TEXT, plain BLOB, keyed BLOB, shown BLOB);"
            "CREATE TABLE lake (tenant_id TEXT, log_id TEXT, known BLOB, shown BLOB, due INTEGER, erased INTEGER);"
            "BEGIN;"
        )
        self._settled = False

    def add_streamed(self, logs: Iterable[StreamedLog]) -> None:
        """Take logs that the lake must hold; a log may come more than once."""
        self._database.executemany("INSERT INTO streamed VALUES (?, ?, ?, ?, ?)", logs)

    def add_rows(self, rows: Iterable[LakeRow]) -> None:
        """Take rows of the lake."""
        self._database.executemany("INSERT INTO lake VALUES (?, ?, ?, ?, ?, ?)", rows)

    def counts(self) -> tuple[int, int]:
        """Return how many distinct logs the stream has, and how many rows that were not erased were read."""
        self._settle()
        [(logs,)] = self._database.execute("SELECT COUNT(*) FROM log")
        [(rows,)] = self._database.execute("SELECT COUNT(*) FROM lake")
        return logs, rows

    def differences(self) -> Iterator[Difference]:
        """Yield where they differ, by tenant and log id; of one key and kind one."""
        self._settle()
        for kind, tenant_id, log_id in self._database.execute(
            "SELECT kind, tenant_id, log_id FROM difference ORDER BY tenant_id, log_id, kind"
        ):
            yield Difference(kind=kind, tenant_id=tenant_id, log_id=log_id)

    def by_kind(self) -> dict[Kind, int]:
        """Return how many differences there are of each kind that there is."""
        self._settle()
        return dict(self._database.execute("SELECT kind, COUNT(*) FROM difference GROUP BY kind ORDER BY kind"))

    def close(self) -> None:
        """Delete the file."""
        self._database.close()

    def _settle(self) -> None:
        if not self._settled:
            self._database.execute("COMMIT")
            self._database.executescript(_SETTLE)
            self._settled = True
