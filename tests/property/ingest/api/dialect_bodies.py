"""How each dialect's clients write records, and what a log must contain of them: the property tests' oracle."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from ingest.api import dialects
from ingest.api.request import Request
from ingest.api.routes import Routes
from ingest.contract import exact_json
from ingest.contract.message import InternalMessage

_ROUTES: Final = Routes(dialects.ALL)


class Writer(NamedTuple):
    """One form of a dialect: `write` makes a body of records, and `added` are the fields that the dialect adds."""

    path: str
    write: Callable[[list[bytes]], bytes]
    content_type: str = "application/json"
    added: Mapping[str, Any] = {}


def _bulk(records: list[bytes]) -> bytes:
    return b"".join(b'{"index":{"_index":"shop"}}\n%s\n' % record for record in records)


def _array(records: list[bytes]) -> bytes:
    return b"[" + b",".join(records) + b"]"


def _lines(records: list[bytes]) -> bytes:
    return b"\n".join(records)


def _msgpack(records: list[bytes]) -> bytes:
    return msgspec.msgpack.encode([json.loads(record) for record in records])


WRITERS: Final = {
    "axiom lines": Writer("/v1/datasets/shop/ingest", _lines, "application/x-ndjson", {"_dataset": "shop"}),
    "axiom array": Writer("/v1/ingest/shop", _array, added={"_dataset": "shop"}),
    "datadog": Writer("/api/v2/logs", _array),
    "datadog v1": Writer("/v1/input/key", _array),
    "elasticsearch": Writer("/_bulk", _bulk, "application/x-ndjson", {"_index": "shop"}),
    "gelf": Writer("/gelf", _lines),
    "logtail": Writer("/", _array),
    "logtail msgpack": Writer("/", _msgpack, "application/msgpack"),
    "newrelic": Writer("/log/v1", _array),
    "newrelic blocks": Writer(
        "/log/v1", lambda records: b'[{"common":{"a":1.50},"logs":%s}]' % _array(records), added={"common": {"a": 1.5}}
    ),
    "seq": Writer("/api/events/raw", lambda records: b'{"Events":%s}' % _array(records)),
    "coralogix": Writer("/logs/v1/singles", _array),
    "coralogix entries": Writer(
        "/api/v1/logs", lambda records: b'{"_app":1.50,"logEntries":%s}' % _array(records), added={"_app": 1.5}
    ),
    "honeycomb": Writer("/1/events/shop", _array, added={"_dataset": "shop"}),
    "logdna": Writer("/logs/ingest", lambda records: b'{"e":"ls","ls":%s}' % _array(records)),
    "logflare": Writer("/logs", lambda records: b'{"batch":%s}' % _array(records)),
    "openobserve": Writer("/api/org/shop/_json", _array, added={"_stream": "shop"}),
    "seq clef": Writer("/ingest/clef", _lines, "application/vnd.serilog.clef"),
}


def request(writer: Writer, body: bytes) -> tuple[Any, Request]:
    """Return the dialect of the writer's route, and its request with this body, of tenant acme."""
    http = {"method": "POST", "path": writer.path}
    match = _ROUTES.find({"requestContext": {"requestId": "r", "http": http}})  # type: ignore[typeddict-item] # as TypedDict
    assert match is not None
    headers = {"content-type": writer.content_type, "x-tenant-id": "acme"}
    return match.dialect, Request(headers, {}, body, match.path, match.parameters, "r")


def is_unaltered(record: Any, message: InternalMessage, added: Mapping[str, Any]) -> bool:
    """Whether the log has the record's data: its members are the fields, except for the one that is the text.

    If no member is the text, the text is the JSON of one member or of all.
    """
    fields = dict(message.fields or {})
    if any(name in record or fields.pop(name, None) != value for name, value in added.items()):
        return False
    gone = record.keys() - fields.keys()
    if fields != {name: value for name, value in record.items() if name not in gone} or len(gone) > 1:
        return False
    if gone:
        return bool(record[gone.pop()] == message.text)
    said = exact_json.decoder().decode(message.text)
    return said == record or said in record.values()
