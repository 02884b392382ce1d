"""Measures the ingest Lambda's memory and time for the largest requests: `python -m bench.micro.limits`.

The requests are: 20,000 records in 10 MiB of each dialect, sent as gzip; bodies that do not compress, as large as an
event may be; and bodies in which 20,000 logs share a large part. Each is one request to production's handler in a
process of its own, against the loopback stub of AWS. The peak is that process's memory (as Linux reports it), and the
CPU is its own (user + system) from event to answer. A Lambda of 512 MB has 512/1,769 of a CPU (Lambda developer guide).
"""

import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from gzip import compress
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
from cramjam import snappy

from bench.micro import stub
from bench.micro.ingest import _ENVIRON as ENVIRON
from bench.micro.ingest import Context
from ingest.api.protobuf import message

LOGS: Final = 20_000
_CPUS: Final = 512 / 1_769
_TEXT: Final = "2026-11-24T05:28:38Z web-7 nginx: 10.0.0.12 GET /account/orders?page=2 200 512 0.012 " * 5
_NS: Final = 1_764_000_000_123_456_789
_MAX_EVENT_BYTES: Final = 6_291_456  # Lambda's quota of a synchronous invocation (its quotas page, November 2026).
_ENVELOPE_BYTES: Final = 2_000
_AS_SENT: Final = "as sent: "
"""The names of bodies that are sent uncompressed begin with this."""
_JSON: Final = "application/json"
_WIDE: Final = {f"k{i}": i for i in range(100_000)}
_LARGE: Final = {"a": "x" * 200_000}

Sent = tuple[str, str, bytes]
"""Path, content type and body."""


def _lines(values: list[Any]) -> bytes:
    return msgspec.json.Encoder().encode_lines(values)


def _otlp(log: bytes, resource_text: str) -> bytes:
    pair = message({1: "service.name", 2: message({1: resource_text})})
    return message({1: message({1: message({1: pair}), 2: message({2: log}) * LOGS})})


def _bodies() -> Iterator[tuple[str, Sent]]:
    """Yield the largest body of each dialect, bodies that do not compress, and bodies with a large shared part."""
    logs = [{"message": _TEXT, "level": "info", "n": i} for i in range(LOGS)]
    array = msgspec.json.encode(logs)
    yield "/ingest, array", ("/ingest", _JSON, array)
    yield "/ingest, NDJSON", ("/ingest", "application/x-ndjson", _lines(logs))
    yield "/ingest, msgpack", ("/ingest", "application/msgpack", msgspec.msgpack.encode(logs))
    yield (
        "Elasticsearch",
        ("/shop/_bulk", _JSON, b'{"create":{}}\n' + _lines(logs).replace(b"\n", b'\n{"create":{}}\n', LOGS - 1)),
    )
    yield "Datadog", ("/api/v2/logs", _JSON, array)
    yield "Axiom", ("/v1/ingest/shop", "application/x-ndjson", _lines(logs))
    yield "Seq", ("/api/events/raw", _JSON, msgspec.json.encode({"Events": logs}))
    yield "GELF", ("/gelf", _JSON, _lines(logs))
    yield "New Relic", ("/log/v1", _JSON, msgspec.json.encode([{"common": {"a": 1}, "logs": logs}]))
    yield "Splunk HEC", ("/services/collector", _JSON, _lines([{"event": log} for log in logs]))
    entry = message({1: message({1: _NS // 10**9, 2: _NS % 10**9}), 2: _TEXT})
    pushed = message({1: message({1: '{app="shop"}'}) + message({2: entry}) * LOGS})
    yield "Loki, protobuf", ("/loki/api/v1/push", "application/x-protobuf", bytes(snappy.compress_raw(pushed)))
    values = [[str(_NS), _TEXT] for _ in range(LOGS)]
    streams = [{"stream": {"app": "shop"}, "values": values}]
    yield "Loki, JSON", ("/loki/api/v1/push", _JSON, msgspec.json.encode({"streams": streams}))
    log = b"\x09" + _NS.to_bytes(8, "little") + message({2: 9, 5: message({1: _TEXT})})
    yield "OTLP, protobuf", ("/v1/logs", "application/x-protobuf", _otlp(log, "shop"))
    events = [{"id": f"{i:056}", "timestamp": 1, "message": _TEXT} for i in range(LOGS)]
    yield "Firehose", ("/firehose", _JSON, _firehose({"logEvents": events}))
    journal = f"__CURSOR=c\nPRIORITY=6\nMESSAGE={_TEXT}\n\n".encode() * LOGS
    yield "journal", ("/upload", "application/vnd.fdo.journal", journal)
    yield "Loggly", ("/bulk/key", "text/plain", f"{_TEXT}\n".encode() * LOGS)
    yield from _noise()
    empty = message({5: message({1: "x"})})
    yield "shared: a resource of 3 KB", ("/v1/logs", "application/x-protobuf", _otlp(empty, "x" * 3_000))
    yield "shared: a resource of 200 KB", ("/v1/logs", "application/x-protobuf", _otlp(empty, "x" * 200_000))
    short = [{"message": "x"}] * LOGS
    yield "shared: a wide resource", ("/v1/logs", _JSON, _otlp_json())
    for name, shared in (("wide", _WIDE), ("200 KB", _LARGE)):
        streams = [{"stream": shared, "values": [["1", "x"]] * LOGS}]
        yield f"shared: labels, {name}", ("/loki/api/v1/push", _JSON, msgspec.json.encode({"streams": streams}))
        block = msgspec.json.encode([{"common": shared, "logs": short}])
        yield f"shared: New Relic's common, {name}", ("/log/v1", _JSON, block)
        events = [{"id": str(i), "timestamp": 1, "message": "x"} for i in range(LOGS)]
        document = _firehose({**shared, "logEvents": events})
        yield f"shared: CloudWatch's document, {name}", ("/firehose", _JSON, document)
        lines = msgspec.json.encode({**shared, "lines": [{"line": "x"}] * LOGS})
        yield f"shared: LogDNA's envelope, {name}", ("/logs/ingest", _JSON, lines)


def _noise() -> Iterator[tuple[str, Sent]]:
    """Yield bodies that hardly compress: random base64 letters, of which gzip leaves three quarters."""
    size = (_MAX_EVENT_BYTES - _ENVELOPE_BYTES) * 93 // 100
    letters = b64encode(Random(1).randbytes(size)).decode()
    for logs in (LOGS, 40):
        each = size // logs
        texts = [letters[i * each : (i + 1) * each - 30] for i in range(logs)]
        values = msgspec.json.encode([{"message": text} for text in texts])
        yield f"noise: /ingest, {logs:,} logs", ("/ingest", _JSON, values)
        yield f"noise: Datadog, {logs:,} logs", ("/api/v2/logs", _JSON, values)
        yield f"{_AS_SENT}/ingest, {logs:,} logs", ("/ingest", _JSON, values)
        part = [message({5: message({1: text[: len(text) * 3 // 4]})}) for text in texts]
        body = message({1: message({2: b"".join(message({2: log}) for log in part)})})
        yield f"{_AS_SENT}OTLP, protobuf, {logs:,} logs", ("/v1/logs", "application/x-protobuf", body)
        lines = b"".join(b'{"create":{}}\n{"message":"%s"}\n' % text[:-20].encode() for text in texts)
        yield f"noise: Elasticsearch, {logs:,} logs", ("/shop/_bulk", "application/x-ndjson", lines)


def _otlp_json() -> bytes:
    attributes = [{"key": name, "value": {"intValue": value}} for name, value in list(_WIDE.items())[:60_000]]
    logs = [{"body": {"stringValue": "x"}}] * LOGS
    resources = [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": logs}]}]
    return msgspec.json.encode({"resourceLogs": resources})


def _firehose(document: dict[str, Any]) -> bytes:
    data = b64encode(compress(msgspec.json.encode({"messageType": "DATA_MESSAGE", **document}), 1)).decode()
    return msgspec.json.encode({"requestId": "r", "timestamp": 1, "records": [{"data": data}]})


def _event(name: str, sent: Sent) -> bytes:
    path, content_type, body = sent
    headers = {"content-type": content_type, "x-tenant-id": "acme"}
    is_text = name.startswith(_AS_SENT) and content_type == _JSON
    # Loki's protobuf format is compressed already.
    if not name.startswith(_AS_SENT) and ("protobuf" not in content_type or "loki" not in path):
        headers["content-encoding"] = "gzip"
        body = compress(body, 1)
    event = {
        "requestContext": {"requestId": "r", "http": {"method": "POST", "path": path}, "timeEpoch": 1},
        "headers": headers,
        "body": body.decode() if is_text else b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }
    encoded = msgspec.json.encode(event)
    if len(encoded) + _ENVELOPE_BYTES > _MAX_EVENT_BYTES:
        raise SystemExit(f"{name}: Lambda takes no event of {len(encoded):,} bytes.")
    return encoded


def _peak_mb() -> float:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def _measure(name: str) -> None:
    """Measure one request in this process and print its line; the event is decoded from JSON, as in Lambda."""
    from ingest import handler  # noqa: PLC0415 - its environment comes first

    raw = sys.stdin.buffer.read()
    before_mb = _peak_mb()
    started_s = time.process_time()
    answer = handler.handler(json.loads(raw), Context())
    cpu_s = time.process_time() - started_s
    used = f"{_peak_mb():8.0f} MB ({before_mb:.0f} before){cpu_s:8.2f} s{cpu_s / _CPUS:10.1f} s"
    print(f"{name:40}{len(raw):>12,}{answer['statusCode']:>6}{used}")


def main() -> None:
    """Print the table; `--one NAME` measures the event on standard input."""
    if sys.argv[1:2] == ["--one"]:
        _measure(sys.argv[2])
        return
    print(f"{'request':40}{'event bytes':>12}{'':>6}{'peak':>11}{'':12}{'CPU':>10}{'at 512 MB':>12}", flush=True)
    with stub.running() as endpoint:
        for name, sent in _bodies():
            environ = os.environ | ENVIRON | {"AWS_ENDPOINT_URL": endpoint}
            command = [sys.executable, "-m", "bench.micro.limits", "--one", name]
            lines = subprocess.run(  # noqa: S603 - our own module
                command, env=environ, input=_event(name, sent), stdout=subprocess.PIPE, check=True
            )
            print(lines.stdout.decode().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
