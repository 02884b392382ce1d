"""The members around the logs of a body: each log keeps them as fields. Without a log they must hold none. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.api.dialect import Record
from ingest.contract.errors import Rejected

MAX_AROUND: Final = 255
"""Members around the logs. Each of up to 20,000 logs gets them as fields of its own: 1,000 would take 0.7 GB, and a
Lambda has 512 MB. It is as many as New Relic takes of a log (Log API limits, November 2026)."""

_SAY_OF_ALL: Final = frozenset({"common", "fields", "tags"})
"""New Relic's and LogScale's names of members that describe every log: without logs, nothing is lost with them."""


def kept_with(record: Record | Rejected, around: Mapping[str, Any]) -> Record | Rejected:
    """Return the log with the members around it added to its fields; its own dict of fields is changed.

    `Rejected("invalid_fields")` if the log has a field of the same name, because one of the two would be lost, or if
    they are more than `MAX_AROUND`.
    """
    if not around or isinstance(record, Rejected):
        return record
    if len(around) > MAX_AROUND:
        return Rejected("invalid_fields")
    fields = record.fields
    if fields is None:
        return record._replace(fields=dict(around))
    if not around.keys().isdisjoint(fields):
        return Rejected("invalid_fields")
    fields.update(around)
    return record


def may_hold_logs(around: Mapping[str, Any]) -> bool:
    """Return whether an envelope without logs may hold logs in another member, one that no code reads.

    An answer of success would lose them. Only lists and objects count: an application's name, or a time, is no log.
    """
    return any(value and isinstance(value, list | dict) for name, value in around.items() if name not in _SAY_OF_ALL)
