"""The dialects that take msgpack; msgpack's own library gives the expected results."""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgpack

from tests.unit.ingest.api.dialects.unaltered.case import Case
from tests.unit.ingest.api.dialects.unaltered.values import VALUES

_NO_JSON: Final = {
    "bytes": b"\0\xff",
    "no number": float("nan"),
    "infinity": float("inf"),
    "time": msgpack.Timestamp(1, 2),
}


def cases() -> Iterator[Case]:
    """Yield the cases in msgpack."""
    paths = {"logtail_msgpack": ("/", "application/msgpack"), "plain_msgpack": ("/ingest", "application/msgpack")}
    for name, (path, content_type) in paths.items():
        around = [{"text": text, "event_at": None, "fields": {"v": 1}} for text in ("before", "after")]
        before, after = ({"message": due["text"], "v": 1} for due in around)
        for odd, (literal, reason) in VALUES.items():
            if reason == "invalid_json" or odd in {"400 digits", "far too deep"}:
                continue  # Msgpack's own library cannot write this value.
            value = json.loads(literal)
            if value == float("inf"):
                continue
            due: dict[str, Any] = {"text": "odd", "event_at": None, "fields": {"v": value}}
            due = {"refused": reason} if reason else due
            body = msgpack.packb([before, {"message": "odd", "v": value}, after])
            yield Case(f"{name}: {odd}", path, content_type, body, [around[0], due, around[1]])
        for odd, value in _NO_JSON.items():
            body = msgpack.packb([before, {"message": "odd", "v": value}, after])
            due = {"refused": "invalid_fields"}
            yield Case(f"{name}: {odd}, which JSON cannot say", path, content_type, body, [around[0], due, around[1]])
        body = msgpack.packb([before, {"message": "BAD!"}, after]).replace(b"BAD!", b"BAD\xff")
        yield Case(f"{name}: no UTF-8", path, content_type, body, [around[0], {"refused": "invalid_record"}, around[1]])
