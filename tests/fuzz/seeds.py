"""A fuzzer's seeds: the golden events, requests, records and messages, and the words of each format."""

import base64
import contextlib
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cramjam import snappy

from tests.fuzz import request_bytes

MAX_SEED_BYTES: Final = 4_096
"""libFuzzer's default for the longest input; it cuts longer ones, and they are slow."""

_TESTS: Final = Path(__file__).parents[1]
_GZIP_OR_ZLIB: Final = 47  # zlib's window size with the flag for both headers.
_GOLDEN: Final = _TESTS / "golden"

REQUEST_WORDS: Final = (
    *("content-type: ", "application/json", "application/x-ndjson", "text/plain", "; charset=", "iso-8859-1", "utf-8"),
    *("x-tenant-id: ", "x-scope-orgid: ", "x-log-id: ", "idempotency-key: ", "content-encoding: ", "gzip", "identity"),
    *("?tenant_id: ", "@principal: ", "*repeat: ", "\n\n", '"text":', '"message":', '"tenant_id":', '"log_id":'),
    *('{"logs":[', "[{", "}]", "null", '""', "\\u0000", "\\ud800", "\\uffff", "1e400", "\ufeff"),
)
RECORD_WORDS: Final = (
    *(
        "w key\n",
        "r key\n",
        "s acme\nacme\n\n0 ",
        "0:0 ",
        "\n1 ",
        "\xf3\x89\x9a\xc2",
        "\x0a",
        "\x12",
        "\x1a",
        "\x08\x00",
    ),
    *('"tenant_id":"acme"', '"schema_version":2', '"stream_pending":true', '"received_at":"', "T05:40:00Z"),
)
MESSAGE_WORDS: Final = (
    *('"tenant_id":"acme"', '"log_id":"', '"source":"', "json_upload", "text_upload", '"text":"', '"fields":{'),
    *('"schema_version":2', '"stream_pending":true', '"received_at":"', "T05:40:00Z", "+23:59", "0001-01-01"),
)

DIALECT_WORDS: Final = (
    *("/services/collector", "/services/collector/raw?host=a", "/loki/api/v1/push", "/v1/logs", "/firehose", "/upload"),
    *("/logs/ingest?tags=a", "/1/batch/a", "/bulk/k", "/logs", "/api/v1/logs", "/receiver/v1/http/k", "/a/b", '"ls":['),
    *(
        "application/x-protobuf",
        '"event":',
        '"streams":[',
        '"values":[[',
        '"resourceLogs":[',
        '"records":[',
        '"data":"',
    ),
    *("/_bulk", "/a/_doc", "/api/v2/logs", "/v1/input/k", "/v1/ingest/a", "/gelf", "/log/v1", "/api/events/raw"),
    *("/ingest/clef", "application/json", "application/msgpack", "application/x-ndjson", "text/plain", "\n\n"),
    *(
        '{"index":{}}\n',
        '{"delete":{}}\n',
        '"_id":"',
        '"message":',
        '"Events":[',
        '"logs":[',
        '"common":{',
        '"@timestamp":',
    ),
    *('"level":', '"timestamp":', '"dt":', "\x81\xa1a", "\xc4\x01a", "\xd6\xff", "\xcf", "\\ud800", "1e400"),
)


def requests() -> Iterator[bytes]:
    """Yield every golden request that is short enough: as it is, gzipped, and from a principal."""
    events = [json.loads(path.read_text())["event"] for path in _files("events/ingest", "*.json")]
    hostile = (_GOLDEN / "hostile_requests.jsonl").read_text().splitlines()
    events += [_hostile_event(json.loads(line)) for line in hostile]
    for event in events:
        yield from _short(request_bytes.write(event))
    for event in events[:20]:
        yield from _short(request_bytes.write(event, "acme"))
        if not event.get("isBase64Encoded"):
            yield from _short(b"z" + request_bytes.write(event))
    for content_type, body in ((b"text/plain", b"long "), (b"application/json", b"{}"), (b"application/json", b"{}\n")):
        yield b"\ncontent-type: " + content_type + b"\nx-tenant-id: acme\n*repeat: 50000\n\n" + body


def _hostile_event(case: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": case.get("content_type", "application/json"), "x-tenant-id": "acme"}
    headers |= case.get("headers", {})
    if "hex" in case:
        return {"headers": headers, "body": bytes.fromhex(case["hex"]).decode(errors="surrogateescape")}
    if "event_body" in case:
        return {"headers": headers, "body": case["event_body"], "isBase64Encoded": True}
    return {"headers": headers, "body": case["text"]}


def records() -> Iterator[bytes]:
    """Yield every golden Kinesis record as it is and without its frame, and golden messages inside a sound one."""
    for path in _files("golden/kpl", "*.txt"):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        record = bytes.fromhex("".join(lines[: lines.index("=")]))
        yield from _short(b"r key\n" + record)
        yield from _short(b"w key\n" + record[4:-16])
    messages = list(_messages())
    for message in messages:
        yield from _short(b"r acme\n" + message)
        yield from _short(b"s acme\nacme,globex\n1,2\n0 " + message + b"\n1:1 " + message)
    yield from _short(b"s acme\nacme\n\n" + b"\n".join(b"0 " + message for message in messages))


def messages() -> Iterator[bytes]:
    """Yield every golden message, and the bodies of the golden SQS events."""
    yield from _messages()
    for path in _files("events", "sqs_*.json"):
        for record in json.loads(path.read_text())["Records"]:
            yield from _short(str(record.get("body", "")).encode())


def dialect_bodies() -> Iterator[bytes]:
    """Yield the inflated bodies of the captures of real clients with their paths, each also in a broken form."""
    for path in _files("golden/clients", "*__*.json"):
        capture = json.loads(path.read_text())
        body = base64.b64decode(capture["body_base64"])
        if capture["role"] != "data" or not body or urlsplit(capture["path"]).path == "/ingest":
            continue
        headers = {name.lower(): value for name, value in capture["headers"].items()}
        if "content-encoding" in headers:
            with contextlib.suppress(zlib.error):
                body = zlib.decompress(body, _GZIP_OR_ZLIB)
        if headers.get("content-type") == "application/x-protobuf" and "/loki/" in capture["path"]:
            body = bytes(snappy.decompress_raw(body))
        url = urlsplit(capture["path"])
        head = f"{url.path}{url.query and '?'}{url.query}\n{headers.get('content-type', '')}\n\n".encode()
        yield from _short(head + body)
        yield from _short(head + body[: len(body) // 2] + b"\xff" + body[len(body) // 2 + 1 :])
    for path in _files("golden/unaltered", "*.jsonl"):
        for line in path.read_text().splitlines()[::7]:  # Only some of each dialect, because they are much alike.
            case = json.loads(line)
            body = base64.b64decode(case["body"])
            if case["path"] == "/ingest":
                continue
            if case["name"].startswith("loki_protobuf"):
                body = bytes(snappy.decompress_raw(body))
            yield from _short(f"{case['path']}\n{case['content_type']}\n\n".encode() + body)


def _messages() -> Iterator[bytes]:
    for folder in ("golden/messages", "golden/packed"):
        for path in _files(folder, "*.json"):
            yield path.read_bytes().strip()


def _files(folder: str, pattern: str) -> list[Path]:
    return sorted((_TESTS / folder).glob(pattern))


def _short(seed: bytes) -> Iterable[bytes]:
    return [seed] if len(seed) <= MAX_SEED_BYTES else []
