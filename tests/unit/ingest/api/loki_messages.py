"""Loki's `PushRequest`, written by protobuf's own library from its schema (`pkg/push/push.proto`)."""

import json
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_STRING, _MESSAGE, _INT64, _INT32 = 9, 11, 3, 5
_SCHEMA: Final[dict[str, list[tuple[str, int, int, str, bool]]]] = {
    "Timestamp": [("seconds", 1, _INT64, "", False), ("nanos", 2, _INT32, "", False)],
    "LabelPair": [("name", 1, _STRING, "", False), ("value", 2, _STRING, "", False)],
    "Entry": [
        ("timestamp", 1, _MESSAGE, "Timestamp", False),
        ("line", 2, _STRING, "", False),
        ("metadata", 3, _MESSAGE, "LabelPair", True),
    ],
    "Stream": [("labels", 1, _STRING, "", False), ("entries", 2, _MESSAGE, "Entry", True)],
    "PushRequest": [("streams", 1, _MESSAGE, "Stream", True)],
}


def _request_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="push.proto", package="loki", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of, is_repeated in fields:
            added = message.field.add(name=field, number=number, type=kind, label=3 if is_repeated else 1)
            if of:
                added.type_name = f".loki.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("loki.PushRequest"))


_REQUEST: Final = _request_class()


def push(streams: list[tuple[dict[str, str], list[tuple[int, str, dict[str, str]]]]]) -> bytes:
    """Return the bytes of a push with these streams: labels, and entries with nanoseconds, line and metadata."""
    made = [
        {
            "labels": "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}",
            "entries": [
                {
                    "timestamp": {"seconds": at_ns // 10**9, "nanos": at_ns % 10**9},
                    "line": line,
                    "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
                }
                for at_ns, line, metadata in entries
            ],
        }
        for labels, entries in streams
    ]
    encoded: bytes = _REQUEST(streams=made).SerializeToString()
    return encoded
