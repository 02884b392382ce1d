"""What reading a request costs in each dialect, beside decoding its body alone: `python -m bench.micro.dialects`.

A request of 100 logs of one kind. `read` is the dialect's, `parse` all that comes after it but the sinks. Decoding is
msgspec's of the same bytes into Python's values (of protobuf: none is compared). CPU a log, the median of several
rounds, in which all take their turns, so that a noisy machine disturbs them alike.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from ingest.api import dialects
from ingest.api.dialect import Dialect
from ingest.api.parse import parse
from ingest.api.request import Request
from ingest.api.routes import Routes

LOGS: Final = 100
ROUNDS: Final = 7
CALLS: Final = 40

_TEXT: Final = "2026-11-24T05:28:38Z web-7 nginx: 10.0.0.12 GET /account/orders?page=2 200 512 0.012 call 555-0199 " * 3
_TIME: Final = "2026-11-24T05:28:38.123Z"
_json: Final = msgspec.json.Decoder()


class Body(NamedTuple):
    """One dialect's request, and how its bytes are decoded by themselves."""

    path: str
    body: bytes
    decode: Callable[[bytes], object] = _json.decode
    content_type: str = "application/json"


def _logs(**members: Any) -> list[dict[str, Any]]:
    return [{**members, "position": position, "host": "web-7"} for position in range(LOGS)]


def _lines(values: list[Any]) -> bytes:
    return msgspec.json.Encoder().encode_lines(values)


def bodies() -> dict[str, Body]:
    """Return a request of each dialect that is measured."""
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
        "New Relic": Body("/log/v1", msgspec.json.encode(blocks)),
    }


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
        print(f"{name:30}{decode:8.2f}us{read:8.2f}us{read / decode:8.2f}{parsed:8.2f}us")


if __name__ == "__main__":
    main()
