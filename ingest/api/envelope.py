"""What stands around logs in a body: each of them keeps it; where there is none, it may not hold any itself. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.record import MAX_FIELDS
from ingest.contract.errors import Rejected

_SAY_OF_ALL: Final = frozenset({"common", "fields", "tags"})
"""New Relic's and LogScale's names for what is so of each log: where there are no logs, nothing is lost with these."""


def kept_with(record: Record | Rejected, around: Mapping[str, Any]) -> Record | Rejected:
    """Return the log with what stands around it among its fields, which are its own: they are added to.

    `invalid_fields` where it says one of the names itself, because one of the two would be lost.
    """
    if not around or isinstance(record, Rejected):
        return record
    if len(around) > MAX_FIELDS:  # Before they are copied into each of 20,000 logs.
        return Rejected("invalid_fields")
    fields = record.fields
    if fields is None:
        return record._replace(fields=dict(around))
    if not around.keys().isdisjoint(fields):
        return Rejected("invalid_fields")
    fields.update(around)
    return record


def may_hold_logs(around: Mapping[str, Any]) -> bool:
    """Return whether what stands around no logs could hold some, under a name that nobody reads.

    A success would lose them. An application's name, or a time, is no log.
    """
    return any(value and isinstance(value, list | dict) for name, value in around.items() if name not in _SAY_OF_ALL)
