"""Loki's push, in snappy protobuf and in JSON."""

import json
from collections.abc import Iterator

from cramjam import snappy

from tests.unit.ingest.api.dialects.unaltered.case import Case, Logs, decoded
from tests.unit.ingest.api.dialects.unaltered.values import AT, NS, TEXTS, VALUES
from tests.unit.ingest.api.loki_messages import push


def cases() -> Iterator[Case]:
    """Yield Loki's cases."""
    labels = {"app": "shop", "empty": ""}
    lines = ["", "a\0b", "\ufffe\uffff", "\U0001f600", "two\nlines", "plain"]
    times = [0, 1, NS, NS, 2**63 - 1, -1]
    ats = [
        *("1970-01-01T00:00:00.000000000Z", "1970-01-01T00:00:00.000000001Z", AT, AT),
        *("2262-04-11T23:47:16.854775807Z", "1969-12-31T23:59:59.999999999Z"),
    ]
    metadata = [{}, {"trace_id": "ab" * 32}, {"empty": ""}, {"n\0": "\ufffe"}, {}, {"a": "b"}]
    due = [
        {"text": line, "event_at": at, "fields": {"labels": labels} | ({"structured_metadata": said} if said else {})}
        for line, at, said in zip(lines, ats, metadata, strict=True)
    ]
    entries = list(zip(times, lines, metadata, strict=True))
    body = bytes(snappy.compress_raw(push([(labels, entries)])))
    yield Case("loki_protobuf: entries", "/loki/api/v1/push", "application/x-protobuf", body, due)
    broken = push([(labels, [(NS, "BAD!", {}), (NS, "sound", {})])]).replace(b"BAD!", b"BAD\xff")
    sound = {"text": "sound", "event_at": AT, "fields": {"labels": labels}}
    body = bytes(snappy.compress_raw(broken))
    refused: Logs = [{"refused": "invalid_encoding"}, sound]
    yield Case("loki_protobuf: no UTF-8", "/loki/api/v1/push", "application/x-protobuf", body, refused)
    yield Case(
        "loki_protobuf: empty", "/loki/api/v1/push", "application/x-protobuf", bytes(snappy.compress_raw(b"")), []
    )
    values = [[str(at), line, said] for at, line, said in entries]
    document = json.dumps({"streams": [{"stream": labels, "values": values}, {"stream": {}, "values": []}]}).encode()
    yield Case("loki_json: entries", "/loki/api/v1/push", "application/json", document, due)
    for odd, (literal, reason) in VALUES.items():
        around = b'{"streams":[{"stream":{"app":"shop","empty":""},"values":[["%d","%s",{"v":%s}],["%d","sound"]]}]}'
        kept = {"text": "odd", "event_at": AT, "fields": {"labels": labels}}
        if not reason:
            kept["fields"] = {"labels": labels, "structured_metadata": {"v": decoded(literal)}}
        # In Loki, a wrong string or number in the document is a malformed entry.
        due = [
            {"refused": "invalid_fields" if reason == "invalid_fields" else "invalid_record"} if reason else kept,
            sound,
        ]
        body = around % (NS, b"odd", literal, NS)
        yield Case(f"loki_json: metadata, {odd}", "/loki/api/v1/push", "application/json", body, due)
    for odd, (literal, reason) in TEXTS.items():
        body = b'{"streams":[{"stream":{"app":"shop","empty":""},"values":[["%d",%s],["%d","sound"]]}]}'
        is_kept = literal.startswith(b'"') and not reason
        kept = {"text": decoded(literal) if is_kept else "", "event_at": AT, "fields": {"labels": labels}}
        due = [kept if is_kept else {"refused": "invalid_record"}, sound]
        yield Case(f"loki_json: line, {odd}", "/loki/api/v1/push", "application/json", body % (NS, literal, NS), due)
