"""The history of a run in SQLite, on disk: what was sent and answered, and what was found afterwards.

Memory stays within SQLite's page cache, however long the run is. A log takes about 0.45 KB of disk, with all evidence
and the index (tests/unit/bench/judge/test_history.py fails above 0.6 KB). Only digests of texts are kept, never texts.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, Literal, NamedTuple, Self

from ingest.contract.errors import PoisonReason

Fate = Literal["stored"] | PoisonReason
Kind = Literal["sent", "item", "dead_letter", "stream"]

NO_ANSWER: Final = 0
"""The status of a request without an answer: a timeout, a cut connection, or a client killed while it waited."""

WARM_UP: Final = "warm-up"
"""The kind of a request that is judged like all others but not measured."""

_PAGE_CACHE_KIB: Final = 32 * 1024
_PLANTED_SEPARATOR: Final = "\x1f"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS request (kind TEXT, intended_ms REAL, sent_ms REAL, answered_ms REAL, status INT,
    logs INT, accepted INT, body_bytes INT, tenant_id TEXT, problem TEXT);
CREATE TABLE IF NOT EXISTS sent (tenant_id TEXT, log_id TEXT, digest BLOB, status INT, sent_ms REAL,
    planted TEXT, fate TEXT);
CREATE TABLE IF NOT EXISTS item (tenant_id TEXT, log_id TEXT, digest BLOB, leaks INT, received_ms REAL,
    processed_ms REAL, characters INT);
CREATE TABLE IF NOT EXISTS dead_letter (tenant_id TEXT, log_id TEXT, digest BLOB, reason TEXT);
CREATE TABLE IF NOT EXISTS stream (tenant_id TEXT, log_id TEXT, digest BLOB);
"""
_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS sent_key ON sent (tenant_id, log_id);
CREATE INDEX IF NOT EXISTS sent_digest ON sent (digest);
"""
# One sorted pass over all evidence, grouped by log; SQLite sorts in temporary files.
_EVIDENCE: Final = """
SELECT tenant_id, log_id, 0, digest, status, fate, sent_ms, 0 FROM sent
UNION ALL SELECT tenant_id, log_id, 1, digest, leaks, '', processed_ms, characters FROM item
UNION ALL SELECT tenant_id, log_id, 2, digest, 0, reason, 0, 0 FROM dead_letter
UNION ALL SELECT tenant_id, log_id, 3, digest, 0, '', 0, 0 FROM stream
ORDER BY 1, 2, 3
"""
_KINDS: Final[tuple[Kind, ...]] = ("sent", "item", "dead_letter", "stream")


class RequestRow(NamedTuple):
    """One HTTP request; times are ms since the epoch, `problem` says what was unexpected in the answer, or is ""."""

    kind: str
    intended_ms: float
    sent_ms: float
    answered_ms: float
    status: int
    logs: int
    accepted: int
    body_bytes: int
    tenant_id: str
    problem: str = ""


class SentLog(NamedTuple):
    """One log of a request and the answer for this log: 202, 4xx (also for a record of a batch), 5xx or `NO_ANSWER`.

    `log_id` is the one sent, else the one answered, else "". `planted` are the phone numbers in the text. `fate` says
    how the log must end. A message put straight on the queue is a `SentLog` too; if it cannot be decoded, its tenant_id
    and log_id are "".
    """

    tenant_id: str
    log_id: str
    digest: bytes
    status: int
    sent_ms: float = 0
    planted: tuple[str, ...] = ()
    fate: Fate = "stored"


_PLANTED_AT: Final = SentLog._fields.index("planted")


class Evidence(NamedTuple):
    """One row about a log, of any kind.

    `number` is the status of a sent log, or the count of phone numbers left in an item. `word` is the fate of a sent
    log, or the reason of a dead letter. `at_ms` is when a log was sent, or an item processed.
    """

    tenant_id: str
    log_id: str
    kind: Kind
    digest: bytes
    number: int
    word: str
    at_ms: float
    characters: int


def digest(text: str | bytes) -> bytes:
    """Return the first 16 bytes of the SHA-256 of a text's UTF-8."""
    encoded = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(encoded).digest()[:16]


def phones_left(planted: Iterable[str], modified: str) -> int:
    """Return how many planted numbers are still in `modified`, whole or with any seven digits in a row."""
    return sum(any(part in modified for part in _parts(number)) for number in planted)


def _parts(number: str) -> Iterator[str]:
    digits = [match.start() for match in re.finditer(r"\d", number)]
    if len(digits) <= 7:  # noqa: PLR2004 - a subscriber number has seven digits
        yield number
    for first, last in zip(digits, digits[6:], strict=False):
        yield number[first : last + 1]


class History:
    """The rows of one run, in memory or in a file. The load generator writes the file, and the judge opens it."""

    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        # WAL without fsync: a killed process loses its open transaction at most. A loss by a power cut is accepted.
        self._connection.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-{_PAGE_CACHE_KIB};"
            f"PRAGMA temp_store={'MEMORY' if path == ':memory:' else 'FILE'}; {_SCHEMA}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_request(self, request: RequestRow, logs: Iterable[SentLog]) -> None:
        """Append a request and its logs; `commit` makes them durable."""
        self._connection.execute("INSERT INTO request VALUES (?,?,?,?,?,?,?,?,?,?)", request)
        self.add_sent(logs)

    def add_sent(self, logs: Iterable[SentLog]) -> None:
        """Append logs that were sent in another way than by a request."""
        self._connection.executemany(
            "INSERT INTO sent VALUES (?,?,?,?,?,?,?)",
            ((*log[:_PLANTED_AT], _PLANTED_SEPARATOR.join(log.planted), log.fate) for log in logs),
        )

    def add_item(
        self,
        tenant_id: str,
        log_id: str,
        original: str,
        modified: str,
        *,
        received_ms: float = 0,
        processed_ms: float = 0,
    ) -> None:
        """Append a stored item. All `sent` rows must be there already: their planted numbers are looked up now."""
        leaks = phones_left(self._planted(tenant_id, log_id), modified)
        row = (tenant_id, log_id, digest(original), leaks, received_ms, processed_ms, len(original))
        self._connection.execute("INSERT INTO item VALUES (?,?,?,?,?,?,?)", row)

    def add_dead_letter(self, tenant_id: str, log_id: str, text: str | bytes, reason: str) -> None:
        """Append a DLQ entry; `reason` is "" when SQS itself moved the message there."""
        self._connection.execute("INSERT INTO dead_letter VALUES (?,?,?,?)", (tenant_id, log_id, digest(text), reason))

    def add_stream_record(self, tenant_id: str, log_id: str, text: str) -> None:
        """Append a user record of the stream, under the tenant of its partition key."""
        self._connection.execute("INSERT INTO stream VALUES (?,?,?)", (tenant_id, log_id, digest(text)))

    def commit(self) -> None:
        """Make what was appended visible to other processes."""
        self._connection.commit()

    def index(self) -> None:
        """Build the indexes that reading needs: once, after the last `sent` row."""
        self._connection.executescript(_INDEXES)

    def close(self) -> None:
        """Commit and close."""
        self._connection.commit()
        self._connection.close()

    def tenants(self) -> list[str]:
        """Return every tenant for which something was sent."""
        rows = self._connection.execute("SELECT DISTINCT tenant_id FROM sent WHERE tenant_id != '' ORDER BY 1")
        return [tenant_id for (tenant_id,) in rows]

    def requests(self) -> Iterator[RequestRow]:
        """Yield the requests in the order of their intended send times."""
        for row in self._connection.execute("SELECT * FROM request ORDER BY intended_ms"):
            yield RequestRow(*row)

    def logs(self) -> Iterator[tuple[str, str, list[Evidence]]]:
        """Yield (tenant_id, log_id, all evidence about this log), one log at a time."""
        rows = self._connection.execute(_EVIDENCE)
        for (tenant_id, log_id), group in groupby(rows, key=lambda row: (row[0], row[1])):
            yield tenant_id, log_id, [Evidence(t, i, _KINDS[kind], *rest) for t, i, kind, *rest in group]

    def senders(self, text_digest: bytes) -> list[Evidence]:
        """Return every sent log with this text, whatever its tenant_id and log_id (1,000 at most)."""
        query = "SELECT tenant_id, log_id, digest, status, fate, sent_ms FROM sent WHERE digest = ? LIMIT 1000"
        rows = self._connection.execute(query, (text_digest,))
        return [Evidence(t, i, "sent", d, status, fate, at, 0) for t, i, d, status, fate, at in rows]

    def _planted(self, tenant_id: str, log_id: str) -> set[str]:
        query = "SELECT planted FROM sent WHERE tenant_id = ? AND log_id = ? AND planted != ''"
        rows = self._connection.execute(query, (tenant_id, log_id))
        return {number for (planted,) in rows for number in planted.split(_PLANTED_SEPARATOR)}
