"""Loki's `PushRequest` in protobuf, read straight into records. Pure.

Tags are those of `pkg/push/push.proto`. The stream's hash is not kept, because it is computed from the labels. An
unknown field of an entry is kept under `unknown_fields`; unknown fields around the entries count as a refused entry.
"""

from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.loki.entry import entry, labels_of
from ingest.api.protobuf import BYTES, VARINT, Malformed, fields, int32, signed
from ingest.api.wire_values import MAX_LOG_BYTES, MAX_MEMBERS_BYTES, named, unknown_fields
from ingest.contract.errors import Rejected

_FIRST: Final = 1 << 3 | BYTES
_SECOND: Final = 2 << 3 | BYTES
_METADATA: Final = 3 << 3 | BYTES
_HASH: Final = 3 << 3 | VARINT
_SECONDS: Final = 1 << 3 | VARINT
_NANOS: Final = 2 << 3 | VARINT


def read(body: bytes, *, most: int) -> list[Record | Rejected]:
    """Return the request's entries, a `Rejected` in place of each that cannot be taken; reading ends after `most`.

    Raises:
        Rejected: `invalid_protobuf` if the bytes around the entries are no protobuf; `too_many_records` if there are
            more than `most` streams.
    """
    found: list[Record | Rejected] = []
    try:
        for count, (tag, stream) in enumerate(fields(body)):
            if count == most:
                raise Rejected("too_many_records")
            if tag == _FIRST:
                _read_stream(stream, found, most)
            else:
                found.append(Rejected("invalid_record"))
            if len(found) > most:
                break
    except Malformed as error:
        raise Rejected("invalid_protobuf") from error
    return found


def _read_stream(stream: bytes, found: list[Record | Rejected], most: int) -> None:
    selector = b""
    entries: list[bytes] = []
    has_unknown = False
    for tag, value in fields(stream):
        if tag == _SECOND:
            entries.append(value)
            if len(found) + len(entries) > most:
                break
        elif tag == _FIRST:
            selector = value
        elif tag != _HASH:
            has_unknown = True
    labels: Any = None
    if len(selector) > MAX_MEMBERS_BYTES:
        labels = Rejected("invalid_fields")
    else:
        try:
            labels = labels_of(selector.decode())
        except UnicodeDecodeError:
            labels = Rejected("invalid_encoding")
    found.extend(labels if isinstance(labels, Rejected) else _entry(message, labels) for message in entries)
    if has_unknown:
        found.append(Rejected("invalid_record"))


def _entry(message: bytes, labels: Any) -> Record | Rejected:
    if len(message) > MAX_LOG_BYTES:
        return Rejected("text_too_large")
    line = ""
    at_ns = 0
    metadata: list[tuple[str, str]] = []
    unknown: list[tuple[int, Any]] = []
    try:
        for tag, value in fields(message):
            if tag == _SECOND:
                line = value.decode()
            elif tag == _FIRST:
                at_ns = _time(value)
            elif tag == _METADATA:
                metadata.append(_pair(value))
            else:
                unknown.append((tag, value))
        return entry(at_ns, line, labels, named(metadata), unknown_fields(unknown))
    except Malformed:
        return Rejected("invalid_protobuf")
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")
    except Rejected as rejected:
        return rejected


def _time(timestamp: bytes) -> int:
    seconds = nanos = 0
    for tag, value in fields(timestamp):
        if tag == _SECONDS:
            seconds = signed(value)
        elif tag == _NANOS:
            nanos = int32(value)
        else:
            raise Malformed
    return seconds * 1_000_000_000 + nanos


def _pair(message: bytes) -> tuple[str, str]:
    """Return a `LabelPair`."""
    name = value = ""
    for tag, octets in fields(message):
        if tag == _FIRST:
            name = octets.decode()
        elif tag == _SECOND:
            value = octets.decode()
        else:
            raise Malformed
    return name, value
