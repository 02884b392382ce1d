"""Fluent Bit's and Fluentd's events in msgpack: a record with its time, or a record alone. Pure.

An event is `[[time, metadata], record]` since Fluent Bit 2.1, and `[time, record]` before. A body is a sequence of
documents, or an array of events. The time is seconds, or the extension 0 of eight bytes: seconds and nanoseconds.
https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1#eventtime-ext-format
"""

from struct import Struct
from typing import Any, Final

import msgspec

from ingest.api.event_time import event_at, of_ns
from ingest.api.msgpack import documents, is_json
from ingest.contract.errors import Rejected

_PAIR: Final = 2
_EVENT_TIME: Final = 0
_SECONDS_AND_NANOS: Final = Struct(">II")

_TIME: Final = "date"
"""The name of the event's time in Fluent Bit's JSON (`json_date_key`)."""

_METADATA: Final = "metadata"


def values(body: bytes, *, most: int) -> list[Any]:
    """Return the records as JSON values, with their time and metadata as members; reading ends soon after `most`.

    A `Rejected` stands in place of each that cannot be read or that JSON cannot express.

    Raises:
        Rejected: `invalid_record` or `invalid_fields`, the reason of the body's only record.
    """
    found: list[Any] = []
    for document in documents(body, most=most):
        are_many = isinstance(document, list) and _time_beside(document) is None
        found += map(_record, document if are_many else [document])
        if len(found) > most:
            break
    if found and isinstance(found[0], Rejected) and len(found) == 1:
        raise found[0]
    return found


def _record(value: Any) -> Any:
    beside = _time_beside(value)
    if beside is not None:
        at, metadata = beside
        value = value[1]
        own = {_TIME: at} | ({_METADATA: metadata} if metadata else {})
        if own.keys() & value.keys():  # The record has a member of that name: keep both.
            own = {f"_{name}": said for name, said in own.items()}
        if own.keys() & value.keys():
            return Rejected("invalid_fields")
        value |= own
    return value if is_json(value) else Rejected("invalid_fields")


def _time_beside(value: Any) -> tuple[Any, Any] | None:
    """Return the time and metadata of `[[time, metadata], record]` or `[time, record]`; None for anything else."""
    if not isinstance(value, list) or len(value) != _PAIR or not isinstance(value[1], dict):
        return None
    head, metadata = value[0], None
    if isinstance(head, list):
        if len(head) != _PAIR:
            return None
        head, metadata = head
    if isinstance(head, msgspec.msgpack.Ext):
        data = bytes(head.data)
        if head.code != _EVENT_TIME or len(data) != _SECONDS_AND_NANOS.size:
            return None
        seconds, nanos = _SECONDS_AND_NANOS.unpack(data)
        return of_ns(seconds * 1_000_000_000 + nanos), metadata
    is_number = isinstance(head, int | float) and not isinstance(head, bool)
    return (head, metadata) if is_number and event_at(head, unit="s") else None
