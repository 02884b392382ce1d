"""Firehose: lines, and CloudWatch Logs' documents."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.unit.ingest.api.dialects.unaltered.case import Case, Logs, decoded
from tests.unit.ingest.api.dialects.unaltered.values import VALUES


def cases() -> Iterator[Case]:
    """Yield Firehose's cases."""

    def request(*data: bytes) -> bytes:
        records = [{"data": base64.b64encode(one).decode()} for one in data]
        return json.dumps({"requestId": "r", "timestamp": 1, "records": records}).encode()

    for odd, (literal, reason) in VALUES.items():
        line = b'{"message":"odd","v":%s}' % literal
        if odd in {"no UTF-8", "surrogate as UTF-8"}:
            due: dict[str, Any] = {"refused": "invalid_encoding"}
        elif reason == "invalid_json":  # A line that is not JSON is a text like any other.
            due = {"text": line.decode(), "event_at": None, "fields": {}}
        elif reason:
            due = {"refused": reason}
        else:
            due = {"text": "odd", "event_at": None, "fields": {"v": decoded(literal)}}
        around: Logs = [{"text": text, "event_at": None, "fields": {}} for text in ("before", "after")]
        body = request(b"before", line, b"after\n\n")
        yield Case(f"firehose: {odd}", "/firehose", "application/json", body, [around[0], due, around[1]])
    messages = ["", "a\0", "\ufffe\uffff", "two\nlines", '{"level":"error"}']
    events = [
        {"id": f"id{i}", "timestamp": -i, "message": m, "extra": {"n": 2**64 - 1}} for i, m in enumerate(messages)
    ]
    document = {"messageType": "DATA_MESSAGE", "owner": "", "logGroup": "g", "unknown": None, "logEvents": events}
    shared = {name: value for name, value in document.items() if name != "logEvents"}
    due_events = [
        {
            "text": event["message"],
            "log_id": event["id"],
            "fields": shared | {"timestamp": event["timestamp"], "extra": event["extra"]},
        }
        for event in events
    ]
    body = request(gzip.compress(json.dumps(document).encode(), mtime=0), b"")
    yield Case("firehose: CloudWatch Logs", "/firehose", "application/json", body, due_events)
    yield Case("firehose: empty", "/firehose", "application/json", request(), [])
