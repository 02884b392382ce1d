"""The published message classes of OTLP's logs, built by protobuf's own library, and the records in a message.

The schema is opentelemetry-proto 1.x: `collector/logs/v1`, `logs/v1`, `resource/v1`, `common/v1`.
"""

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from ingest.api.dialect import Record
from ingest.api.event_time import event_at
from ingest.api.severity import severity
from ingest.api.wire_values import bytes_value, double, named

_TYPES: Final = {
    "string": 9,
    "bool": 8,
    "int64": 3,
    "double": 1,
    "bytes": 12,
    "uint32": 13,
    "fixed32": 7,
    "fixed64": 6,
    "enum": 5,  # An open enum is an int32 on the wire.
}
_SCHEMA: Final = {
    "AnyValue": "string string_value 1|bool bool_value 2|int64 int_value 3|double double_value 4"
    "|ArrayValue array_value 5|KeyValueList kvlist_value 6|bytes bytes_value 7",
    "ArrayValue": "*AnyValue values 1",
    "KeyValueList": "*KeyValue values 1",
    "KeyValue": "string key 1|AnyValue value 2",
    "Scope": "string name 1|string version 2|*KeyValue attributes 3|uint32 dropped_attributes_count 4",
    "Resource": "*KeyValue attributes 1|uint32 dropped_attributes_count 2",
    "LogRecord": "fixed64 time_unix_nano 1|enum severity_number 2|string severity_text 3|AnyValue body 5"
    "|*KeyValue attributes 6|uint32 dropped_attributes_count 7|fixed32 flags 8|bytes trace_id 9|bytes span_id 10"
    "|fixed64 observed_time_unix_nano 11|string event_name 12",
    "ScopeLogs": "Scope scope 1|*LogRecord log_records 2|string schema_url 3",
    "ResourceLogs": "Resource resource 1|*ScopeLogs scope_logs 2|string schema_url 3",
    "Request": "*ResourceLogs resource_logs 1",
    "PartialSuccess": "int64 rejected_log_records 1|string error_message 2",
    "Response": "PartialSuccess partial_success 1",
    "Status": "enum code 1|string message 2",
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="logs.proto", package="otlp", syntax="proto3")
    for name, members in _SCHEMA.items():
        message = file.message_type.add(name=name)
        if name == "AnyValue":
            message.oneof_decl.add(name="value")
        for member in members.split("|"):
            kind, field, number = member.split()
            is_repeated, kind = kind.startswith("*"), kind.lstrip("*")
            added = message.field.add(name=field, number=int(number), label=3 if is_repeated else 1)
            if kind in _TYPES:
                added.type = _TYPES[kind]  # type: ignore[assignment] # numbers, for the table's sake
            else:
                added.type, added.type_name = 11, f".otlp.{kind}"  # type: ignore[assignment]
            if name == "AnyValue":
                added.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"otlp.{name}")) for name in _SCHEMA}


CLASSES: Final = _classes()
Request: Final = CLASSES["Request"]


def records(request: Any) -> list[Record]:
    """Return the records in a published `Request`, read by its own accessors."""
    return [
        _record(log, _origin("resource", from_.resource, from_) | _origin("scope", scope.scope, scope))
        for from_ in request.resource_logs
        for scope in from_.scope_logs
        for log in scope.log_records
    ]


def _origin(name: str, origin: Any, envelope: Any) -> dict[str, Any]:
    said = {
        "name": getattr(origin, "name", ""),
        "version": getattr(origin, "version", ""),
        "dropped_attributes_count": origin.dropped_attributes_count,
        "schema_url": envelope.schema_url,
        "attributes": _pairs(origin.attributes),
    }
    said = {name: value for name, value in said.items() if value}
    return {name: said} if said else {}


def _record(log: Any, members: dict[str, Any]) -> Record:
    said = {
        "severity_number": log.severity_number,
        "severity_text": log.severity_text,
        "dropped_attributes_count": log.dropped_attributes_count,
        "flags": log.flags,
        "trace_id": log.trace_id.hex(),
        "span_id": log.span_id.hex(),
        "event_name": log.event_name,
        "observed_time_unix_nano": log.observed_time_unix_nano,
        "attributes": _pairs(log.attributes),
    }
    members |= {name: value for name, value in said.items() if value}
    kind = log.body.WhichOneof("value")
    body = _value(log.body)
    if kind != "string_value":
        members["body"] = body
    at = log.time_unix_nano or log.observed_time_unix_nano
    return Record(
        text=body if kind == "string_value" else "",  # The JSON text of any other body is compared apart.
        fields=members,
        event_at=event_at(at, unit="ns") if at else None,
        severity=severity(log.severity_number, scale="otlp") or severity(log.severity_text),
    )


def _pairs(pairs: Any) -> Any:
    return named([(pair.key, _value(pair.value)) for pair in pairs]) if pairs else None


def _value(value: Any) -> Any:
    match value.WhichOneof("value"):
        case "double_value":
            return double(value.double_value)
        case "bytes_value":
            return bytes_value(value.bytes_value)
        case "array_value":
            return [_value(element) for element in value.array_value.values]
        case "kvlist_value":
            return named([(pair.key, _value(pair.value)) for pair in value.kvlist_value.values])
        case None:
            return None
        case kind:
            return getattr(value, kind)
