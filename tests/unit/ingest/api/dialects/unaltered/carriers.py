"""Dialects whose records are JSON: each carries every value, text and time between two sound records."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tests.unit.ingest.api.dialects.unaltered.case import Case, decoded
from tests.unit.ingest.api.dialects.unaltered.values import TEXTS, TIMES, VALUES


class Carrier(NamedTuple):
    """One JSON form of a dialect: how a body holds records, and where a record holds text, time and another value."""

    path: str
    write: Callable[[list[bytes]], bytes]
    text_key: str = "message"
    time_key: str | None = "timestamp"
    added: Mapping[str, Any] = MappingProxyType({})
    content_type: str = "application/json"
    template: bytes = b'{%s,"v":%s}'
    takes_other_texts: bool = True


def _within(before: bytes, after: bytes = b"", between: bytes = b",") -> Callable[[list[bytes]], bytes]:
    return lambda records: before + between.join(records) + after


def _bulk(records: list[bytes]) -> bytes:
    return b"".join(b'{"create":{}}\n%s\n\n' % record for record in records)


_ARRAY: Final = _within(b"[", b"]")
_LINES: Final = _within(b"", b"", b"\n")

CARRIERS: Final = {
    "plain": Carrier("/ingest", _ARRAY, "text"),
    "plain_lines": Carrier("/ingest", _LINES, "text", content_type="application/x-ndjson"),
    "plain_one_line": Carrier("/ingest", _within(b"", b"", b" "), "text", content_type="application/x-ndjson"),
    "axiom": Carrier("/v1/ingest/d", _ARRAY, "message", "_time", {"_dataset": "d"}),
    "datadog": Carrier("/api/v2/logs", _ARRAY),
    "elasticsearch": Carrier("/i/_bulk", _bulk, "message", "@timestamp", {"_index": "i"}, "application/x-ndjson"),
    "gelf": Carrier("/gelf", _within(b"", b"", b""), "short_message", None),
    "hec": Carrier("/services/collector", _within(b"", b"", b""), "event", None, template=b'{%s,"fields":{"v":%s}}'),
    "logtail": Carrier("/", _ARRAY, "message", "dt"),
    "newrelic": Carrier("/log/v1", _within(b'[{"common":{"c":""},"logs":[', b"]}]"), added={"common": {"c": ""}}),
    "seq": Carrier("/api/events/raw", _within(b'{"Events":[', b"]}"), "@m", "@t", takes_other_texts=False),
    "seq_clef": Carrier("/ingest/clef", _LINES, "@m", "@t", takes_other_texts=False),
    "coralogix": Carrier("/logs/v1/singles", _ARRAY, "text"),
    "honeycomb": Carrier("/1/events/d", _ARRAY, "message", added={"_dataset": "d"}),
    "logdna": Carrier("/logs/ingest", _within(b'{"lines":[', b"]}"), "line"),
    "logflare": Carrier("/logs", _within(b'{"batch":[', b"]}")),
    "openobserve": Carrier("/api/o/s/_json", _ARRAY, added={"_stream": "s"}),
}  # fmt: skip


def cases(name: str) -> Iterator[Case]:
    """Yield the cases of one of `CARRIERS`."""
    carrier = CARRIERS[name]
    before, after = _record(carrier, b'"before"', b"1"), _record(carrier, b'"after"', b"2")

    def case(odd: str, record: bytes, due: dict[str, Any]) -> Case:
        around = [_due(carrier, before), due, _due(carrier, after)]
        return Case(
            f"{name}: {odd}", carrier.path, carrier.content_type, carrier.write([before, record, after]), around
        )

    for odd, (literal, refused) in VALUES.items():
        record = _record(carrier, b'"odd"', literal)
        yield case(f"value, {odd}", record, {"refused": refused} if refused else _due(carrier, record))
    for odd, (literal, refused) in TEXTS.items():
        record = _record(carrier, literal, b"0")
        is_text = literal.startswith(b'"')
        if not refused and (is_text or carrier.takes_other_texts):
            due = _due(carrier, record)
            if literal == b'""' and name.startswith("plain"):  # `/ingest` shows the fields of a record without a text.
                due["text"] = {"json": due["fields"]}
            yield case(f"text, {odd}", record, due)
        elif refused:
            yield case(f"text, {odd}", record, {"refused": refused})
    if carrier.time_key is not None:
        for odd, (literal, event_at) in TIMES.items():
            record = _record(carrier, b'"odd"', b"0", literal)
            yield case(f"time, {odd}", record, _due(carrier, record, event_at))
        times = [b'"2026-01-02T00:00:00Z"', b'"2026-01-01T00:00:00Z"', b'"2026-01-01T00:00:00Z"']
        records = [_record(carrier, b'"%d"' % i, b"0", time) for i, time in enumerate(times)]
        in_order = [_due(carrier, r, time.decode().strip('"')) for r, time in zip(records, times, strict=True)]
        body = carrier.write(records)
        yield Case(f"{name}: out of order, twice the same", carrier.path, carrier.content_type, body, in_order)
    twice = carrier.template % (b'"%s":"odd","a":1,"a":2' % carrier.text_key.encode(), b"0")
    yield case("a name twice: the last is taken, as parsers do", twice, _due(carrier, twice))
    unknown = carrier.template % (b'"%s":"odd","unknown_member":{"x":""},"label":""' % carrier.text_key.encode(), b"0")
    yield case("unknown members, empty values", unknown, _due(carrier, unknown))
    yield case("no object", b"7", {"refused": "invalid_record"})


def _record(carrier: Carrier, text: bytes, value: bytes, time: bytes | None = None) -> bytes:
    members = b'"%s":%s' % (carrier.text_key.encode(), text)
    if time is not None and carrier.time_key is not None:
        members += b',"%s":%s' % (carrier.time_key.encode(), time)
    return carrier.template % (members, value)


def _due(carrier: Carrier, record: bytes, event_at: str | None = None) -> dict[str, Any]:
    fields = decoded(record)
    text = fields[carrier.text_key]
    if isinstance(text, str):
        del fields[carrier.text_key]
    else:
        text = {"json": text}
    return {"text": text, "event_at": event_at, "fields": fields | dict(carrier.added)}
