"""Hosted services, in a few lines each: their clients send a batch of JSON logs and read little of the answer.

Loggly, LogDNA (Mezmo), LogScale (Humio), Coralogix, Honeycomb, OpenObserve, Logflare and Sumo Logic: each `Service` has
its routes, a function that reads the logs, and its answer to a success. `members.taken_text` finds the text. Members
around the logs become fields of each log. DIALECTS.md has the table.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from ingest.api import event_time
from ingest.api.dialect import Dialect, Record, Records, Route
from ingest.api.documents import without_mark
from ingest.api.envelope import kept_with, may_hold_logs
from ingest.api.events import Response
from ingest.api.flawed import value_of_flawed, values_of_batch
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.api.severity import of_record as severity_of_record
from ingest.contract.errors import WHY, Rejected
from ingest.contract.message import Severity

_Found = Iterable[Record | Rejected]


class Service(NamedTuple):
    """One service. `read` yields a request's logs; `taken` returns the answer's body if some of them were taken."""

    source: str
    routes: list[Route]
    read: Callable[[Request], _Found]
    taken: Callable[[Parsed, Request], Any]


def _values(request: Request) -> list[Any]:
    return values_of_batch(request.body, most=MAX_RECORDS)


def _lines(request: Request) -> _Found:
    """Yield one log for each line: a JSON object by its members, any other line as it is."""
    return (_line(line.removesuffix(b"\r")) for line in request.body.split(b"\n") if line.strip())


def _line(line: bytes) -> Record | Rejected:
    if line.lstrip()[:1] == b"{":
        value, *others = values_of_batch(line, most=MAX_RECORDS)
        if not others and isinstance(value, dict):
            return record_of(value)
    try:
        return Record(line.decode())
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")


def _enveloped(request: Request, *logs_keys: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each log of an envelope, or of a list of envelopes, with the members around it; flawed logs as `Rejected`.

    Raises:
        Rejected: `invalid_json`; `invalid_record` if the body is no envelope of this service.
    """
    value, is_flawed = value_of_flawed(without_mark(request.body))
    for envelope in value if isinstance(value, list) else [value]:
        key = next((key for key in logs_keys if isinstance(envelope, dict) and key in envelope), None)
        if key is None or not isinstance(envelope[key], list):
            raise Rejected("invalid_record")
        shared = {name: member for name, member in envelope.items() if name != key}
        if not envelope[key] and may_hold_logs(shared):
            yield Rejected("invalid_record"), {}
        is_wrong = is_flawed(shared)
        for log in envelope[key]:
            yield Rejected("invalid_json") if is_wrong or is_flawed(log) else log, shared


def _loggly(request: Request) -> _Found:
    """Return Loggly's logs: each line on `/bulk/`, else the whole body. Tags in the path or header are a field."""
    tags = [given for given in (request.parameters.get("tag"), request.headers.get("x-loggly-tag")) if given]
    tag = {"_tag": ",".join(tags)} if tags else {}
    found = _lines(request) if request.path.startswith("/bulk/") else [_line(request.body)]
    return (kept_with(record, tag) for record in found)


_LOGDNA_QUERY: Final = ("hostname", "mac", "ip", "tags")


def _logdna(request: Request) -> _Found:
    """Yield LogDNA's `lines` (its own loggers say `ls`). The query's host and tags apply to logs without their own."""
    given = {name: request.query[name] for name in _LOGDNA_QUERY if request.query.get(name)}
    for log, shared in _enveloped(request, "lines", "ls"):
        if shared.get("e") == "ls":  # Its own loggers name their envelope's kind so.
            del shared["e"]
        record = kept_with(record_of(log), shared)
        yield record if isinstance(record, Rejected) else record._replace(fields=given | (record.fields or {}))


def _logscale(request: Request) -> _Found:
    """Yield LogScale's logs: the text of an event is `rawstring`, or is in `attributes`; `messages` are only texts."""
    for log, shared in _enveloped(request, "events", "messages"):
        if isinstance(log, str):
            yield kept_with(Record(log, fields={}), shared)
            continue
        if not isinstance(log, dict):
            yield record_of(log)
            continue
        attributes = log.get("attributes")
        said = attributes if isinstance(attributes, dict) else {}
        event_at, severity = event_time.event_at(log.get("timestamp")), severity_of_record(said)
        if isinstance(log.get("rawstring"), str):
            record: Record | Rejected = Record(log.pop("rawstring"), None, None, log, event_at, severity)
        else:
            inner = record_of(dict(said), event_at=event_at, severity=severity)
            record = inner if isinstance(inner, Rejected) else inner._replace(fields=log)
        yield kept_with(record, shared)


_CORALOGIX: Final[dict[int, Severity]] = {1: "debug", 2: "trace", 3: "info", 4: "warn", 5: "error", 6: "fatal"}
"""Its own numbers: https://coralogix.com/docs/integrations/coralogix-endpoints/ (`severity`)."""


def _coralogix(request: Request) -> _Found:
    is_enveloped = request.path == "/api/v1/logs"
    sent = _enveloped(request, "logEntries") if is_enveloped else ((v, {}) for v in _values(request))
    for log, shared in sent:
        shared.pop("privateKey", None)  # Old clients' credential, which no log may store.
        number = log.get("severity") if isinstance(log, dict) else None
        record = record_of(log, severity=_CORALOGIX.get(number) if isinstance(number, int) else None)
        yield kept_with(record, shared)


_HONEYCOMB_HEADERS: Final = (("x-honeycomb-event-time", "_time"), ("x-honeycomb-samplerate", "_samplerate"))


def _honeycomb(request: Request) -> _Found:
    """Yield Honeycomb's events: in a batch the log is `data`, a single event is the body. The dataset is a field.

    The members that a batch has beside `data` are headers of a single event; both become fields.
    """
    dataset = {"_dataset": request.parameters["dataset"]}
    if request.path.startswith("/1/events/"):
        said = {name: request.headers[header] for header, name in _HONEYCOMB_HEADERS if header in request.headers}
        at = event_time.event_at(said.get("_time"))
        for value in _values(request):
            yield kept_with(record_of(value, event_at=at), dataset | said)
        return
    for event in _values(request):
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
            yield event if isinstance(event, Rejected) else Rejected("invalid_record")
            continue
        record = record_of(event["data"], event_at=event_time.event_at(event.get("time")))
        if isinstance(record, Record):  # What is left of `data` stays under that name.
            record = record._replace(fields=event)
        yield kept_with(record, dataset)


def _openobserve(request: Request) -> _Found:
    return (kept_with(record_of(value), {"_stream": request.parameters["stream"]}) for value in _values(request))


def _logflare(request: Request) -> _Found:
    """Yield Logflare's `batch`. A level may be in `metadata`; the query names the source, by its id or its name."""
    source = {f"_{name}": request.query[name] for name in ("source", "source_name") if request.query.get(name)}
    for log, shared in _enveloped(request, "batch"):
        record = kept_with(kept_with(record_of(log), shared), source)
        metadata = log.get("metadata") if isinstance(log, dict) else None
        if isinstance(record, Record) and record.severity is None and isinstance(metadata, dict):
            record = record._replace(severity=severity_of_record(metadata))
        yield record


_SUMO_HEADERS: Final = ("x-sumo-name", "x-sumo-host", "x-sumo-category", "x-sumo-fields")


def _sumo_logic(request: Request) -> _Found:
    given = {name: request.headers[name] for name in _SUMO_HEADERS if name in request.headers}
    return (kept_with(record, given) for record in _lines(request))


def _ok(_: Parsed, __: Request) -> Any:
    return {"status": "ok"}


def _statuses(parsed: Parsed, _: Request) -> Any:
    """Return one status for each event, in order, as Honeycomb's clients read them."""
    refused = {
        position: {"status": 400, "error": f"{reason}: {WHY[reason].detail}"} for position, reason in parsed.rejected
    }
    return [refused.get(position, {"status": 202}) for position in range(len(parsed.messages) + len(refused))]


SERVICES: Final = (
    Service(
        "loggly",
        [("POST", f"/{kind}/{{key}}{tag}") for kind in ("inputs", "bulk") for tag in ("", "/tag/{tag}")],
        _loggly,
        lambda _, __: {"response": "ok"},
    ),
    Service("logdna", [("POST", "/logs/ingest")], _logdna, lambda _, request: {"status": "ok", "batchID": request.id}),
    Service(
        "logscale",
        [("POST", f"/api/v1/ingest/humio-{kind}") for kind in ("structured", "unstructured")],
        _logscale,
        _ok,
    ),
    Service("coralogix", [("POST", "/api/v1/logs"), ("POST", "/logs/v1/singles")], _coralogix, _ok),
    Service("honeycomb", [("POST", "/1/batch/{dataset}"), ("POST", "/1/events/{dataset}")], _honeycomb, _statuses),
    Service(
        "openobserve", [("POST", f"/api/{{org}}/{{stream}}/_{kind}") for kind in ("json", "multi")], _openobserve, _ok
    ),
    Service("logflare", [("POST", "/logs"), ("POST", "/api/logs")], _logflare, _ok),
    Service("sumo_logic", [("POST", "/receiver/v1/http/{key}")], _sumo_logic, _ok),
)


def _dialect(service: Service) -> Dialect:
    def read(request: Request) -> Records:
        found: list[Record | Rejected] = []
        for record in service.read(request):
            found.append(record)
            if len(found) > MAX_RECORDS:
                break
        return Records(found, is_batch=True, source=service.source)

    def answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
        if not_enqueued:  # No client sends a part of a request again.
            return _error(503, "The queue did not take every log. Send them again.", retry_after_s=RETRY_AFTER_S)
        if parsed.rejected and not parsed.messages:
            return _error(400, " ".join(_refused(parsed)))
        body = service.taken(parsed, request)
        if parsed.rejected and isinstance(body, dict):
            body |= {"errors": _refused(parsed)}
        return json_response(200, body)

    return Dialect(service.routes, read, answer, _refuse, takes_empty=True, takes_slash=True)


def _refused(parsed: Parsed) -> list[str]:
    return [f"log {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]


def _refuse(rejected: Rejected, _: Request) -> Response:
    detail = f"{rejected.reason}: {rejected.detail}"
    return _error(rejected.status, detail, retry_after_s=rejected.retry_after_s)


def _error(status: int, detail: str, *, retry_after_s: int | None = None) -> Response:
    return json_response(status, {"status": "error", "error": detail}, retry_after_s=retry_after_s)


DIALECTS: Final = tuple(map(_dialect, SERVICES))
