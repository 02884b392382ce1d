"""The dialects whose records are lines of text, a text alone, and LogScale's raw strings."""

import json
from collections.abc import Iterator

from tests.unit.ingest.api.dialects.unaltered.case import Case
from tests.unit.ingest.api.dialects.unaltered.values import AT


def cases() -> Iterator[Case]:
    """Yield the cases of lines."""
    paths = {
        "hec_raw": ("/services/collector/raw", ""),
        "datadog_text": ("/api/v2/logs", "text/plain"),
        "loggly": ("/bulk/key", ""),
        "sumo_logic": ("/receiver/v1/http/key", "text/plain"),
    }
    for name, (path, content_type) in paths.items():
        body = "a\0b\n\n\ufffe\uffff\n \U0001f600 \nno {json\n".encode() + b"BAD\xff\nlast"
        texts = ["a\0b", "\ufffe\uffff", " \U0001f600 ", "no {json", None, "last"]
        due = [{"refused": "invalid_encoding"} if text is None else {"text": text, "fields": {}} for text in texts]
        yield Case(f"{name}: lines", path, content_type, body, due)
    one = "a\0\ufffe\r\n \U0001f600\n"
    yield Case("plain_text: one", "/ingest", "text/plain", one.encode(), [{"text": one, "fields": {}}])
    whole = [{"text": "odd", "event_at": AT, "fields": {"timestamp": AT, "attributes": {"": None}}}]
    rawstring = [{"events": [{"timestamp": AT, "rawstring": "odd", "attributes": {"k": None}}]}]
    whole[0]["fields"] = {"timestamp": AT, "attributes": {"k": None}}
    body = json.dumps(rawstring).encode()
    yield Case("logscale: rawstring", "/api/v1/ingest/humio-structured", "application/json", body, whole)
