"""Pure: makes the lake's rows from logs, and tells whether two rows are the same log."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from consumer.erasures import Erasures
from consumer.redact import Redactor
from consumer.replay.select import redacted_in_time, withheld
from consumer.timestamps import instant
from ingest.contract import exact_json
from ingest.contract.message import InternalMessage

KEY_BYTES: Final = 32
"""Bytes of the lake's key, which keeps `original_digest` from being guessed."""

DISTINCT_DAYS: Final = 30
"""Two copies of a log that were received within this many days become one row.

No two copies on the stream are further apart: the stream keeps a record for 7 days, and a log gets there at most 18
days after it was received (4 in the queue, 14 as a dead letter)."""

WITHHELD: Final = "withheld"
"""The `redaction_version` of a row without its log's content, because an operator's pattern took too long."""

_ROW_BYTES: Final = 128  # A row's times and its overhead.
_DIGEST_BYTES: Final = 16  # Two of a billion texts share a digest with a probability of 1e-21.


class Row(NamedTuple):
    """One row, its columns in the table's order.

    Times are in UTC and name no zone, so that no reader needs a time zone library. `event_at` is text, with all the
    digits that the sender gave. `event_time` is the same cut to microseconds, or None if it is no instant.
    `original_digest` is set if redaction changed the text: it is the original text, hashed with the lake's key.
    """

    tenant_id: str
    log_id: str
    received_at: datetime
    event_at: str | None
    event_time: datetime | None
    severity: str | None
    source: str
    text: str
    fields: str | None
    redaction_version: str
    original_digest: bytes | None


class Held(NamedTuple):
    """The columns of a row in the table that tell its log from another."""

    tenant_id: str
    log_id: str
    text: str
    original_digest: bytes | None


def row(message: InternalMessage, redactor: Redactor | None, key: bytes) -> Row:
    """Return the log's row: redacted, or the original if `redactor` is None.

    If the redaction takes too long, the row is `WITHHELD`: it has nothing of the text and the fields.
    """
    shown, version = message, ""
    if redactor is not None:
        in_time = redacted_in_time(message, redactor)
        shown, version = (withheld(message), WITHHELD) if in_time is None else (in_time, redactor.version)
    return Row(
        tenant_id=message.tenant_id,
        log_id=message.log_id,
        received_at=_utc(message.received_at),
        event_at=message.event_at,
        event_time=_event_time(message.event_at),
        severity=message.severity,
        source=message.source,
        text=shown.text,
        fields=None if shown.fields is None else exact_json.encode(shown.fields).decode(),
        redaction_version=version,
        original_digest=None if shown.text == message.text else original_digest(message.text, key),
    )


def original_digest(text: str, key: bytes) -> bytes:
    """Return the keyed digest of an original text: without the key nobody can try phone numbers until one fits."""
    return blake2b(text.encode(), key=key, digest_size=_DIGEST_BYTES).digest()


class Batch:
    """Rows of one commit, each log once. `row_bytes` is the size of all their columns and of the original texts.

    `erased` counts the logs that were left out because they were erased, each log once.
    """

    def __init__(self, redactor: Redactor | None, key: bytes) -> None:
        self._redactor = redactor
        self._key = key
        self._rows: dict[tuple[str, str, str], Row] = {}
        self.row_bytes = 0
        self.erased = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, message: InternalMessage) -> None:
        """Take a log, unless it is here already."""
        identity = (message.tenant_id, message.log_id, message.text)
        if identity not in self._rows:
            made = row(message, self._redactor, self._key)
            self._rows[identity] = made
            self.row_bytes += _ROW_BYTES + _bytes(message.text) + sum(_bytes(value) for value in made)

    def leave_out(self, erasures: Erasures) -> None:
        """Drop the logs that were erased."""
        if erasures.tenants or erasures.logs:
            before = len(self._rows)
            self._rows = {
                identity: row
                for identity, row in self._rows.items()
                if not erasures.covers(row.tenant_id, row.log_id, said(row.received_at))
            }
            self.erased += before - len(self._rows)

    def ids(self) -> dict[str, list[str]]:
        """Return each tenant's log ids, in order."""
        ids: dict[str, set[str]] = {}
        for tenant_id, log_id, _ in self._rows:
            ids.setdefault(tenant_id, set()).add(log_id)
        return {tenant_id: sorted(found) for tenant_id, found in sorted(ids.items())}

    def earliest(self) -> datetime:
        """Return when the first of the logs was received."""
        return min(row.received_at for row in self._rows.values())

    def without(self, held: Iterable[Held]) -> list[Row]:
        """Return the rows whose logs are not in `held`, in their order.

        The original texts are compared, not the redacted ones: two logs that differ only in a phone number stay two.
        """
        gone: set[tuple[str, str, str]] = set()  # Only the batch's own: the table may have many texts per id.
        digests: dict[tuple[str, str, bytes], tuple[str, str, str]] | None = None
        for log in held:
            if log.original_digest is None:
                identity = (log.tenant_id, log.log_id, log.text)
                if identity in self._rows:
                    gone.add(identity)
                continue
            if digests is None:
                digests = {
                    (tenant_id, log_id, original_digest(text, self._key)): (tenant_id, log_id, text)
                    for tenant_id, log_id, text in self._rows
                }
            found = digests.get((log.tenant_id, log.log_id, log.original_digest))
            if found is not None:
                gone.add(found)
        return [row for identity, row in self._rows.items() if identity not in gone]


def _bytes(value: object) -> int:
    """Return how many bytes a column's value takes: text counts as UTF-8."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return len(value) if isinstance(value, bytes) else 0


def said(received_at: datetime) -> str:
    """Return a row's time of receipt in the form that the log has it in."""
    return f"{received_at.isoformat(timespec='milliseconds')}Z"


def _utc(timestamp: str) -> datetime:
    return instant(timestamp).replace(tzinfo=None)


def _event_time(event_at: str | None) -> datetime | None:
    try:
        return None if event_at is None else _utc(event_at)
    except ValueError:
        return None


def look_back(earliest: datetime) -> datetime:
    """Return the time from which the table may hold copies of logs received at `earliest` or later."""
    try:
        return earliest - timedelta(days=DISTINCT_DAYS)
    except OverflowError:
        return datetime.min  # noqa: DTZ901 - compared with times of the table, which name no zone
