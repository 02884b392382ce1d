"""`ExportLogsServiceRequest` in protobuf, read straight into records. Pure.

Tags are those of opentelemetry-proto 1.x, `logs/v1/logs.proto` and `common/v1/common.proto`. An unknown field is kept
under `unknown_fields`, as its number and its value; if there is no log to keep it, it counts as a refused log. The cost
of a hostile body is bounded by its size: a message over a log's limits is not decoded, and scopes without logs count
like logs.
"""

from collections.abc import Callable
from struct import unpack
from typing import Any, Final, NamedTuple

from ingest.api.dialect import Record
from ingest.api.otlp.log import MAX_DEPTH, record
from ingest.api.protobuf import BYTES, FIXED32, FIXED64, VARINT, Malformed, fields, int32, signed
from ingest.api.wire_values import (
    MAX_LISTED,
    MAX_LOG_BYTES,
    MAX_MEMBERS_BYTES,
    MAX_PAIRS,
    bytes_value,
    double,
    named,
    unknown_fields,
)
from ingest.contract.errors import Rejected

_Origin = dict[str, Any] | Rejected
_Fields = list[tuple[int, Any]]


class _Tags(NamedTuple):
    """The tags of `Resource` or `InstrumentationScope`."""

    attributes: int
    dropped: int
    strings: dict[int, str]


_RESOURCE: Final = _Tags(1 << 3 | BYTES, 2 << 3 | VARINT, {})
_SCOPE: Final = _Tags(3 << 3 | BYTES, 4 << 3 | VARINT, {1 << 3 | BYTES: "name", 2 << 3 | BYTES: "version"})

_KEY: Final = 1 << 3 | BYTES
_VALUE: Final = 2 << 3 | BYTES
_STRING: Final = 1 << 3 | BYTES
_BOOL: Final = 2 << 3 | VARINT
_INT: Final = 3 << 3 | VARINT
_DOUBLE: Final = 4 << 3 | FIXED64
_ARRAY: Final = 5 << 3 | BYTES
_KVLIST: Final = 6 << 3 | BYTES
_OCTETS: Final = 7 << 3 | BYTES
_ELEMENT: Final = 1 << 3 | BYTES

_BODY: Final = 5 << 3 | BYTES
_ATTRIBUTE: Final = 6 << 3 | BYTES


def _uint32(varint: int) -> int:
    return varint & 0xFFFF_FFFF


_SCALARS: Final[dict[int, tuple[str, Callable[[Any], Any]]]] = {
    1 << 3 | FIXED64: ("time_unix_nano", int),
    2 << 3 | VARINT: ("severity_number", int32),
    3 << 3 | BYTES: ("severity_text", bytes.decode),
    7 << 3 | VARINT: ("dropped_attributes_count", _uint32),
    8 << 3 | FIXED32: ("flags", int),
    9 << 3 | BYTES: ("trace_id", bytes.hex),
    10 << 3 | BYTES: ("span_id", bytes.hex),
    11 << 3 | FIXED64: ("observed_time_unix_nano", int),
    12 << 3 | BYTES: ("event_name", bytes.decode),
}

_SCOPE_LOGS: Final = 2 << 3 | BYTES
_LIBRARY_LOGS: Final = 1000 << 3 | BYTES  # opentelemetry-proto 0.15 to 0.19. Before, they were field 2.

_SHORT: Final = range(6, 128)  # Sizes of a KeyValue in which every length is one byte.


def read(body: bytes, *, most: int) -> list[Record | Rejected]:
    """Return the request's logs, a `Rejected` in place of each that cannot be taken; reading ends after `most`.

    Raises:
        Rejected: `invalid_protobuf` if the bytes around the logs are no protobuf; `too_many_records` if there are more
            than `most` scopes.
    """
    found: list[Record | Rejected] = []
    scopes_left = most
    has_unknown = False
    try:
        for tag, resource_logs in fields(body):
            if tag != _ELEMENT:
                has_unknown = True
                continue
            scopes_left -= _read_resource_logs(resource_logs, found, most, scopes_left)
            if len(found) > most:
                return found
    except Malformed as error:
        raise Rejected("invalid_protobuf") from error
    if has_unknown:
        found.append(Rejected("invalid_record"))
    return found


def _read_resource_logs(message: bytes, found: list[Record | Rejected], most: int, scopes_left: int) -> int:
    """Return how many scopes a resource has, at least 1, and append its logs to `found`."""
    resource, schema_url, scopes, unknown = _envelope(message, most, (_SCOPE_LOGS, _LIBRARY_LOGS))
    has_unknown, before = bool(unknown), len(found)
    shared = _origin("resource", resource, schema_url, unknown, _RESOURCE)
    if max(len(scopes), 1) > scopes_left:
        raise Rejected("too_many_records")
    for scope_logs in scopes:
        _read_scope_logs(scope_logs, shared, found, most)
        if len(found) > most:
            break
    if has_unknown and len(found) == before:
        found.append(Rejected("invalid_record"))
    return max(len(scopes), 1)


def _read_scope_logs(message: bytes, resource: _Origin, found: list[Record | Rejected], most: int) -> None:
    scope, schema_url, logs, unknown = _envelope(message, most, (_SCOPE_LOGS,))
    if unknown and not logs:
        found.append(Rejected("invalid_record"))
    own = _origin("scope", scope, schema_url, unknown, _SCOPE)
    # A flaw of the resource or scope is a flaw of each of its logs.
    if isinstance(resource, Rejected):
        found.extend(resource for _ in logs)
    elif isinstance(own, Rejected):
        found.extend(own for _ in logs)
    else:
        shared = resource | own
        found.extend(_log(log, shared) for log in logs)


def _envelope(message: bytes, most: int, inner_tags: tuple[int, ...]) -> tuple[bytes, bytes, list[bytes], _Fields]:
    """Return a `ResourceLogs`'s or `ScopeLogs`'s parts: resource or scope, schema's URL, inner messages, all else."""
    origin: list[bytes] = []
    schema_url = b""
    inner: list[bytes] = []
    unknown: _Fields = []
    for tag, value in fields(message):
        if tag in inner_tags:
            inner.append(value)
            if len(inner) > most:
                break
        elif tag == 1 << 3 | BYTES:
            origin.append(value)  # Protobuf merges a repeated message; decoding both joined does the same.
        elif tag == 3 << 3 | BYTES:
            schema_url = value
        elif len(unknown) <= MAX_LISTED:
            unknown.append((tag, value))
    return b"".join(origin), schema_url, inner, unknown


def _origin(name: str, message: bytes, schema_url: bytes, unknown: _Fields, tags: _Tags) -> _Origin:
    """Return a resource or scope as a field called `name`; {} if it says nothing, a `Rejected` if it is flawed."""
    if len(message) > MAX_MEMBERS_BYTES:
        return Rejected("invalid_fields")
    said: dict[str, Any] = {}
    attributes: list[tuple[str, Any]] = []
    try:
        for tag, value in fields(message):
            if tag == tags.attributes:
                attributes.append(_pair(value, 0))
            elif tag == tags.dropped:
                said["dropped_attributes_count"] = _uint32(value)
            elif tag in tags.strings:
                said[tags.strings[tag]] = value.decode()
            else:
                unknown.append((tag, value))
        said["schema_url"] = schema_url.decode()
        _keep(said, attributes, unknown)
    except (Malformed, UnicodeDecodeError, Rejected) as error:
        return _refusal(error)
    return {name: said} if said else {}


def _log(message: bytes, members: dict[str, Any]) -> Record | Rejected:
    """Return one log; `members` has its resource and scope, which become fields of the log."""
    if len(message) > MAX_LOG_BYTES:
        return Rejected("text_too_large")
    said: dict[str, Any] = {}
    bodies: list[bytes] = []
    attributes: list[tuple[str, Any]] = []
    unknown: _Fields = []
    try:
        for tag, value in fields(message):
            if tag == _ATTRIBUTE:
                attributes.append(_pair(value, 0))
                if len(attributes) > MAX_PAIRS:
                    return Rejected("invalid_fields")
            elif tag == _BODY:
                bodies.append(value)
            elif tag in _SCALARS:
                name, read_scalar = _SCALARS[tag]
                said[name] = read_scalar(value)
            else:
                unknown.append((tag, value))
        body = _value(b"".join(bodies), 0)
        time_ns, observed_ns = said.pop("time_unix_nano", 0), said.pop("observed_time_unix_nano", 0)
        _keep(said, attributes, unknown)
    except (Malformed, UnicodeDecodeError, Rejected) as error:
        return _refusal(error)
    return record(body, members | said, time_ns=time_ns, observed_ns=observed_ns)


def _keep(said: dict[str, Any], attributes: list[tuple[str, Any]], unknown: _Fields) -> None:
    """Take unset scalars out of `said`, and put the attributes and the unknown fields in."""
    for name in [name for name, value in said.items() if not value]:  # In protobuf an empty value means unset.
        del said[name]
    if attributes:
        said["attributes"] = named(attributes)
    if unknown:
        said["unknown_fields"] = unknown_fields(unknown)


def _refusal(error: Exception) -> Rejected:
    if isinstance(error, Rejected):
        return error
    return Rejected("invalid_encoding" if isinstance(error, UnicodeDecodeError) else "invalid_protobuf")


def _pair(message: bytes, depth: int) -> tuple[str, Any]:
    """Return a `KeyValue` as name and value. A short name with a short string, which most are, takes a fast path."""
    size = len(message)
    if not size:
        return "", None
    if size in _SHORT and message[0] == _KEY and (at := message[1] + 2) + 4 <= size:
        value_at = at + 4
        if (message[at], message[at + 1], message[at + 2], message[at + 3]) == (
            _VALUE,
            size - at - 2,
            _STRING,
            size - value_at,
        ):
            return message[2:at].decode(), message[value_at:].decode()
    name = ""
    values: list[bytes] = []
    for tag, value in fields(message):
        if tag == _KEY:
            name = value.decode()
        elif tag == _VALUE:
            values.append(value)
        else:
            raise Malformed
    return name, _value(b"".join(values), depth)


def _value(message: bytes, depth: int) -> Any:
    """Return the value in an `AnyValue`: None if it is empty, the last if there are several.

    Raises:
        Malformed: the bytes are no protobuf, or of a kind of value that this program does not know and cannot keep.
        UnicodeDecodeError: a string is no UTF-8.
        Rejected: `invalid_fields` if it nests too deep.
    """
    found: Any = None
    if not message:
        return found
    pieces: list[bytes] = []
    last = 0
    for tag, value in fields(message):
        if tag == _STRING:
            found = value.decode()
        elif tag == _INT:
            found = signed(value)
        elif tag == _DOUBLE:
            found = double(unpack("<d", value.to_bytes(8, "little"))[0])
        elif tag == _BOOL:
            found = value != 0
        elif tag in {_ARRAY, _KVLIST}:
            if tag != last:
                pieces.clear()
            pieces.append(value)
        elif tag == _OCTETS:
            found = bytes_value(value)
        else:
            raise Malformed
        last = tag
    return _nested(b"".join(pieces), last, depth + 1) if last in {_ARRAY, _KVLIST} else found


def _nested(message: bytes, kind: int, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Rejected("invalid_fields")
    read = _value if kind == _ARRAY else _pair
    elements = []
    for tag, element in fields(message):
        if tag != _ELEMENT:
            raise Malformed
        elements.append(read(element, depth))
        if len(elements) > MAX_PAIRS:
            raise Rejected("invalid_fields")
    return elements if kind == _ARRAY else named(elements)
