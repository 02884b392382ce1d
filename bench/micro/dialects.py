"""Compares reading a request with only decoding its body, in each dialect: `python -m bench.micro.dialects`.

A request has 100 logs of one kind. `decode` is msgspec's decoding of the same bytes into Python values; protobuf has no
such comparison. `read` is the dialect's reading. `parse` is all of ingest's work but the sinks. The numbers are CPU a
log, the median of several rounds in which all variants take turns, so that a busy machine slows them alike.
"""

import gzip
import statistics
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
from cramjam import snappy

from ingest.api import dialects
from ingest.api.dialect import Dialect
from ingest.api.parse import parse
from ingest.api.protobuf import message as protobuf_message
from ingest.api.request import Request
from ingest.api.routes import Routes

LOGS: Final = 100
ROUNDS: Final = 7
CALLS: Final = 40

_TEXT: Final = "2026-11-24T05:28:38Z web-7 nginx: 10.0.0.12 GET /account/orders?page=2 200 512 0.012 call 555-0199 " * 3
_TIME: Final = "2026-11-24T05:28:38.123Z"
_json: Final = msgspec.json.Decoder()


class Body(NamedTuple):
    """One dialect's request, and the function that only decodes its bytes."""

    path: str
    body: bytes
    decode: Callable[[bytes], object] = _json.decode
    content_type: str = "application/json"


def _logs(**members: Any) -> list[dict[str, Any]]:
    return [{**members, "position": position, "host": "web-7"} for position in range(LOGS)]


def _lines(values: list[Any]) -> bytes:
    return msgspec.json.Encoder().encode_lines(values)


def bodies() -> dict[str, Body]:
    """Return a request for each dialect that is measured."""
    message = _logs(message=_TEXT, level="info", timestamp=_TIME)
    documents = [
        line for log in _logs(message=_TEXT) for line in ({"create": {"_index": "shop"}}, {"@timestamp": _TIME} | log)
    ]
    events = _logs(MessageTemplate=_TEXT, Level="Information", Timestamp=_TIME)
    blocks = [{"common": {"service": "shop"}, "logs": message}]
    decode_lines = _json.decode_lines
    return {
        "/ingest, array": Body("/ingest", msgspec.json.encode(message)),
        "Elasticsearch _bulk": Body("/_bulk", _lines(documents), decode_lines, "application/x-ndjson"),
        "Datadog": Body("/api/v2/logs", msgspec.json.encode(message)),
        "Axiom, NDJSON": Body("/v1/ingest/shop", _lines(message), decode_lines, "application/x-ndjson"),
        "Logtail, msgpack": Body(
            "/", msgspec.msgpack.encode(message), msgspec.msgpack.Decoder().decode, "application/msgpack"
        ),
        "Seq": Body("/api/events/raw", msgspec.json.encode({"Events": events})),
        "GELF": Body("/gelf", _lines(_logs(short_message=_TEXT, level=6, timestamp=1764000000.123)), decode_lines),
        "OTLP, protobuf": Body("/v1/logs", _otlp(), _protobuf, "application/x-protobuf"),
        "OTLP, JSON": Body("/v1/logs", msgspec.json.encode(_otlp_json())),
        "Splunk HEC": Body(
            "/services/collector", _lines([{"time": 1764000000.123, "event": log} for log in message]), decode_lines
        ),
        "Splunk HEC, raw": Body("/services/collector/raw", "\n".join([_TEXT] * LOGS).encode(), bytes.splitlines),
        "Loki, JSON": Body("/loki/api/v1/push", msgspec.json.encode(_loki_json())),
        "Loki, protobuf": Body("/loki/api/v1/push", _loki(), _protobuf, "application/x-protobuf"),
        "Firehose, CloudWatch": Body("/firehose", _firehose(), _firehose_data),
        "journal": Body("/upload", _journal(), bytes.splitlines, "application/vnd.fdo.journal"),
        "New Relic": Body("/log/v1", msgspec.json.encode(blocks)),
    }


_NS: Final = 1_764_000_000_123_456_789


def _otlp_json() -> dict[str, Any]:
    attributes = [{"key": f"attribute.{i}", "value": {"stringValue": "a usual value"}} for i in range(5)]
    log = {"timeUnixNano": str(_NS), "severityNumber": 9, "severityText": "INFO", "body": {"stringValue": _TEXT}}
    log |= {"attributes": attributes}
    resource = {"attributes": attributes}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [log] * LOGS}]}]}


def _otlp() -> bytes:
    attributes = [protobuf_message({1: f"attribute.{i}", 2: protobuf_message({1: "a usual value"})}) for i in range(5)]
    log = b"\x09" + _NS.to_bytes(8, "little") + protobuf_message({2: 9, 3: "INFO", 5: protobuf_message({1: _TEXT})})
    log += b"".join(protobuf_message({6: attribute}) for attribute in attributes)
    resource = b"".join(protobuf_message({1: attribute}) for attribute in attributes)
    return protobuf_message({1: protobuf_message({1: resource, 2: protobuf_message({2: log}) * LOGS})})


def _loki_json() -> dict[str, Any]:
    values = [[str(_NS + i), _TEXT, {"trace_id": "0f"}] for i in range(LOGS)]
    return {"streams": [{"stream": {"app": "shop", "level": "info"}, "values": values}]}


def _loki() -> bytes:
    time = protobuf_message({1: _NS // 10**9, 2: _NS % 10**9})
    entry = protobuf_message({1: time, 2: _TEXT, 3: protobuf_message({1: "trace_id", 2: "0f"})})
    pushed = protobuf_message(
        {1: protobuf_message({1: '{app="shop", level="info"}'}) + protobuf_message({2: entry}) * LOGS}
    )
    return bytes(snappy.compress_raw(pushed))


def _firehose() -> bytes:
    events = [{"id": f"{i:056}", "timestamp": _NS // 10**6, "message": _TEXT} for i in range(LOGS)]
    document = {"messageType": "DATA_MESSAGE", "logGroup": "shop", "logStream": "web-7", "logEvents": events}
    data = b64encode(gzip.compress(msgspec.json.encode(document))).decode()
    return msgspec.json.encode({"requestId": "r", "timestamp": 1, "records": [{"data": data}]})


def _firehose_data(body: bytes) -> object:
    (record,) = _json.decode(body)["records"]
    return _json.decode(gzip.decompress(b64decode(record["data"])))


def _journal() -> bytes:
    entries = [
        f"__CURSOR=c{i}\n__REALTIME_TIMESTAMP=1764000000123456\nPRIORITY=6\n_HOSTNAME=web-7\nMESSAGE={_TEXT}\n\n"
        for i in range(LOGS)
    ]
    return "".join(entries).encode()


def _protobuf(body: bytes) -> object:
    """Return the length only: protobuf's own library gives no plain Python values (DECISIONS compares it with ours)."""
    return len(body)


def _request(body: Body) -> tuple[Dialect, Request]:
    http = {"method": "POST", "path": body.path}
    match = Routes(dialects.ALL).find({"requestContext": {"requestId": "r", "http": http}})  # type: ignore[typeddict-item] # these members
    if match is None:
        raise SystemExit(f"No dialect answers {body.path}. Correct it in bench/micro/dialects.py.")
    headers = {"content-type": body.content_type, "x-tenant-id": "acme"}
    return match.dialect, Request(headers, {}, body.body, match.path, match.parameters, "r")


def _variants(body: Body) -> Iterator[tuple[str, Callable[[], object]]]:
    dialect, request = _request(body)
    log_id_at = "01936b5e-0000-7000-8000-{:0>12}".format

    def parsed() -> int:
        return len(parse(request, dialect, received_at=_TIME, log_id_at=log_id_at).messages)

    if parsed() != LOGS:
        raise SystemExit(f"{body.path} took {parsed()} of {LOGS} logs. Correct the body in bench/micro/dialects.py.")
    yield "decode", lambda: body.decode(body.body)
    yield "read", lambda: dialect.read(request)
    yield "parse", parsed


def _cpu_us(call: Callable[[], object]) -> float:
    started_s = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - started_s) / CALLS / LOGS * 1e6


def main() -> None:
    """Print the table."""
    calls = {(name, variant): call for name, body in bodies().items() for variant, call in _variants(body)}
    measured: dict[tuple[str, str], list[float]] = {key: [] for key in calls}
    for _ in range(ROUNDS):
        for key, call in calls.items():
            measured[key].append(_cpu_us(call))
    us = {key: statistics.median(found) for key, found in measured.items()}
    print(f"{'CPU a log at ' + str(LOGS) + ' a request':30}{'decode':>10}{'read':>10}{'ratio':>8}{'parse':>10}")
    for name in bodies():
        decode, read, parsed = us[name, "decode"], us[name, "read"], us[name, "parse"]
        beside = "      (none)" if "protobuf" in name else f"{decode:8.2f}us"
        ratio = "" if "protobuf" in name else f"{read / decode:.2f}"
        print(f"{name:30}{beside}{read:8.2f}us{ratio:>8}{parsed:8.2f}us")


if __name__ == "__main__":
    main()
