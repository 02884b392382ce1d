"""`ExportLogsServiceRequest` in JSON, read into records. Pure.

Names are camelCase (snake_case is taken, too), 64-bit integers are text or numbers, ids are hex (OTLP 1.x, "JSON
Protobuf Encoding") and kept as sent. Unknown members are kept under `unknown_fields`; if there is no log to keep them,
they count as a refused log. Before version 1.0 scopes were called instrumentation libraries.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.flawed import value_of_flawed
from ingest.api.otlp.log import MAX_DEPTH, record
from ingest.api.wire_values import double, named
from ingest.contract.errors import Rejected
from ingest.contract.message import SEVERITIES

_Origin = dict[str, Any] | Rejected


def _both(names: str) -> dict[str, str]:
    """Return a map from each name, in camelCase and in snake_case, to its snake_case form."""
    snakes = {name: re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name) for name in names.split()}
    return snakes | {snake: snake for snake in snakes.values()}


_REQUEST: Final = _both("resourceLogs")
_RESOURCE_LOGS: Final = _both("resource scopeLogs instrumentationLibraryLogs schemaUrl")
_SCOPE_LOGS: Final = _both("scope logRecords schemaUrl")
_LIBRARY_LOGS: Final = _both("logRecords schemaUrl") | {
    **dict.fromkeys(_both("instrumentationLibrary"), "scope"),
    "logs": "log_records",  # Before version 0.13.
}
_ORIGIN: Final = _both("name version attributes droppedAttributesCount entityRefs")
_LOG: Final = _both(
    "timeUnixNano observedTimeUnixNano severityNumber severityText body attributes droppedAttributesCount flags"
    " traceId spanId eventName"
)
_KINDS: Final = _both("stringValue boolValue intValue doubleValue arrayValue kvlistValue bytesValue")

_INTEGER: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NO_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MAX_64: Final = (1 << 64) - 1
_SEVERITY_NUMBERS: Final = {
    f"SEVERITY_NUMBER_{severity.upper()}{step or ''}": i * 4 + max(step, 1)
    for i, severity in enumerate(SEVERITIES)
    for step in (0, 2, 3, 4)
}


def read(body: bytes, *, most: int) -> list[Record | Rejected]:
    """Return the request's logs, a `Rejected` in place of each that cannot be taken; reading ends after `most`.

    Raises:
        Rejected: `invalid_json` if the body is no JSON or has not OTLP's form around the logs; `too_many_records` if
            there are more than `most` resources, or scopes in one of them.
    """
    request, is_flawed = value_of_flawed(body)
    known, unknown_of_request = _members(request, _REQUEST)
    if unknown_of_request and not known:  # Another dialect's JSON: an answer of success would lose it.
        raise Rejected("invalid_json")
    found: list[Record | Rejected] = []
    for resource_logs in _not_more(_list(known.get("resource_logs")), most):
        envelope, unknown = _members(resource_logs, _RESOURCE_LOGS)
        resource = _origin("resource", envelope, unknown, is_flawed)
        before = len(found)
        for scope_logs, names in _not_more(_scopes(envelope), most):
            envelope, unknown_of_scope = _members(scope_logs, names)
            scope = _origin("scope", envelope, unknown_of_scope, is_flawed)
            logs = _list(envelope.get("log_records"))
            for log in logs:
                found.append(Rejected("invalid_json") if is_flawed(log) else _read_log(log, resource, scope))
                if len(found) > most:
                    return found
            if unknown_of_scope and not logs:
                found.append(Rejected("invalid_record"))
        if unknown and len(found) == before:
            found.append(Rejected("invalid_record"))
    if unknown_of_request:
        found.append(Rejected("invalid_record"))
    return found


def _scopes(envelope: dict[str, Any]) -> list[tuple[Any, dict[str, str]]]:
    """Return the scopes of a resource, each with the names of its members: a library's differ from a scope's."""
    scopes = [(scope, _SCOPE_LOGS) for scope in _list(envelope.get("scope_logs"))]
    return scopes + [(scope, _LIBRARY_LOGS) for scope in _list(envelope.get("instrumentation_library_logs"))]


def _read_log(log: Any, resource: _Origin, scope: _Origin) -> Record | Rejected:
    if isinstance(resource, Rejected):  # A flaw of the resource is a flaw of each of its logs.
        return resource
    if isinstance(scope, Rejected):
        return scope
    try:
        return _log(log, resource | scope)
    except Rejected as rejected:
        return rejected


def _members(message: Any, names: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a message's known members by their snake_case names, and its other members. Known nulls are left out.

    If a member is present under two of its names, the second is among the others.

    Raises:
        Rejected: `invalid_json` if the message is no object.
    """
    if not isinstance(message, dict):
        raise Rejected("invalid_json")
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in message.items():
        if name not in names or (value is not None and names[name] in known):
            unknown[name] = value
        elif value is not None:
            known[names[name]] = value
    return known, unknown


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Rejected("invalid_json")
    return value


def _not_more(messages: list[Any], most: int) -> list[Any]:
    if len(messages) > most:  # Even those without logs cost time.
        raise Rejected("too_many_records")
    return messages


def _origin(name: str, envelope: dict[str, Any], unknown: dict[str, Any], is_flawed: Callable[[Any], bool]) -> _Origin:
    """Return a resource or scope as a field called `name`; {} if it says nothing, a `Rejected` if it is flawed."""
    if is_flawed([envelope.get(name), envelope.get("schema_url"), unknown]):
        return Rejected("invalid_json")
    try:
        said, others = _members(envelope.get(name, {}), _ORIGIN)
        said = {member: value for member, value in said.items() if value}
        if "attributes" in said:
            said["attributes"] = _pairs(said["attributes"], 0)
    except Rejected as rejected:
        return rejected
    if envelope.get("schema_url"):
        said["schema_url"] = envelope["schema_url"]
    if unknown.keys() & others.keys():  # Of two members with one name, one would be lost.
        return Rejected("invalid_fields")
    if unknown or others:
        said["unknown_fields"] = others | unknown
    return {name: said} if said else {}


def _log(log: Any, members: dict[str, Any]) -> Record | Rejected:
    """Return one log; `members` has its resource and scope, and becomes the log's fields."""
    said, unknown = _members(log, _LOG)
    time_ns, observed_ns = _time(said.pop("time_unix_nano", 0)), _time(said.pop("observed_time_unix_nano", 0))
    body = _value(said.pop("body", {}), 0)
    members |= {member: value for member, value in said.items() if value}  # In protobuf an empty value means unset.
    number = members.get("severity_number")
    if isinstance(number, str):
        members["severity_number"] = _SEVERITY_NUMBERS.get(number, number)
    if "attributes" in members:
        members["attributes"] = _pairs(members["attributes"], 0)
    if unknown:
        members["unknown_fields"] = unknown
    return record(body, members, time_ns=time_ns, observed_ns=observed_ns)


def _time(value: Any) -> int:
    at_ns = _integer(value)
    if not 0 <= at_ns <= _MAX_64:
        raise Rejected("invalid_record")
    return at_ns


def _integer(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Rejected("invalid_record")
    return value


def _pairs(value: Any, depth: int) -> dict[str, Any] | list[list[Any]]:
    pairs = []
    for pair in _list(value):
        if not isinstance(pair, dict) or not pair.keys() <= {"key", "value"}:
            raise Rejected("invalid_record")
        name = pair.get("key", "")
        if not isinstance(name, str):
            raise Rejected("invalid_record")
        pairs.append((name, _value(pair.get("value"), depth)))
    return named(pairs)


def _value(value: Any, depth: int) -> Any:
    """Return the value in an `AnyValue`, or None if it is empty.

    Raises:
        Rejected: `invalid_fields` if it nests too deep; `invalid_record` if it is no `AnyValue`.
    """
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or len(value) != 1:
        raise Rejected("invalid_record")
    ((name, said),) = value.items()
    kind = _KINDS.get(name)
    if kind is None:
        raise Rejected("invalid_record")
    return None if said is None else _READS[kind](said, depth)


def _string(said: Any, _: int) -> str:
    if not isinstance(said, str):
        raise Rejected("invalid_record")
    return said


def _bool(said: Any, _: int) -> bool:
    if not isinstance(said, bool):
        raise Rejected("invalid_record")
    return said


def _double(said: Any, _: int) -> Any:
    if isinstance(said, str) and said in _NO_NUMBERS:
        return double(_NO_NUMBERS[said])
    if isinstance(said, bool) or not isinstance(said, int | float | Decimal):
        raise Rejected("invalid_record")
    return said


def _values(said: Any, depth: int) -> list[Any]:
    """Return the elements of an `ArrayValue` or a `KeyValueList` at that depth."""
    if depth == MAX_DEPTH:
        raise Rejected("invalid_fields")
    if not isinstance(said, dict) or not said.keys() <= {"values"}:
        raise Rejected("invalid_record")
    return _list(said.get("values"))


_READS: Final[dict[str, Callable[[Any, int], Any]]] = {
    "string_value": _string,
    "bool_value": _bool,
    "int_value": lambda said, _: _integer(said),
    "double_value": _double,
    "bytes_value": lambda said, depth: {"bytesValue": _string(said, depth)},
    "array_value": lambda said, depth: [_value(element, depth + 1) for element in _values(said, depth)],
    "kvlist_value": lambda said, depth: _pairs(_values(said, depth), depth + 1),
}
