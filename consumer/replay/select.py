"""Without I/O: decodes user records into logs, tells which logs are wanted, and redacts them for the reader."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from consumer.apart import Ended
from consumer.in_time import in_time
from consumer.redact import TOKEN, Redactor
from consumer.replay.deaggregate import Broken, UserRecord
from consumer.timestamps import instant
from ingest.contract.errors import Unreadable
from ingest.contract.message import InternalMessage, decode

MOST_S: Final = 2.0
"""Seconds that the redaction of one log may take: the rules need milliseconds for the longest text."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which logs are wanted: `since` <= received_at < `until` (both aware), and of which tenants (empty: of all)."""

    since: datetime | None = None
    until: datetime | None = None
    tenants: frozenset[str] = frozenset()


def read_log(record: UserRecord) -> InternalMessage | Broken:
    """Return the log in a user record, without the mark `stream_pending`: it is on the stream.

    A record that does not decode, or that has another tenant's partition key, is `Broken`.
    """
    try:
        message = decode(record.data)
        if message.tenant_id != record.partition_key:
            return Broken(*record, "tenant_mismatch")
        instant(message.received_at)
    except Unreadable as error:
        return Broken(*record, error.unreadable)
    except ValueError:  # received_at is no instant, but every sink must be able to write it
        return Broken(*record, "undecodable")
    return msgspec.structs.replace(message, stream_pending=False) if message.stream_pending else message


def selector(selection: Selection) -> Callable[[InternalMessage], bool]:
    """Return the test whether a log is wanted. Erased logs are another matter: see `Erasures.covers`."""
    since, until, tenants = selection.since, selection.until, selection.tenants

    def wanted(message: InternalMessage) -> bool:
        if tenants and message.tenant_id not in tenants:
            return False
        if since is None and until is None:
            return True
        received_at = instant(message.received_at)
        return (since is None or received_at >= since) and (until is None or received_at < until)

    return wanted


def redacted(message: InternalMessage, redactor: Redactor) -> InternalMessage:
    """Return the log with its text and fields redacted, or `withheld` if that takes longer than `MOST_S`."""
    return redacted_in_time(message, redactor) or withheld(message)


def redacted_in_time(message: InternalMessage, redactor: Redactor) -> InternalMessage | None:
    """Return the log with its text and fields redacted; None if an operator's pattern takes longer than `MOST_S`.

    Only the main thread can stop a pattern (`consumer.in_time`).
    """
    if redactor.is_linear:
        return _redacted(message, redactor)
    (done,) = in_time(partial(_redacted, redactor=redactor), [message], budget_s=MOST_S, monotonic=time.monotonic)
    return None if isinstance(done, Ended) else done


def withheld(message: InternalMessage) -> InternalMessage:
    """Return the log without any of its content: the text is the token of redaction, and the fields are gone."""
    return msgspec.structs.replace(message, text=TOKEN, fields=None)


def _redacted(message: InternalMessage, redactor: Redactor) -> InternalMessage:
    return msgspec.structs.replace(
        message,
        text=redactor.text(message.text),
        fields=None if message.fields is None else redactor.fields(message.fields),
    )
